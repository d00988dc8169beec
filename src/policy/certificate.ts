import { commonNameProblem } from './common-name.ts'
import type { CertificateFacts, ChainFacts } from './facts.ts'
import { describeKey, isStrongEnough, isStrongSignature } from './key-strength.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

/**
 * The rules for client certificates, one function a rule. They judge facts and nothing else; the
 * gate decides in which order they run and whether a refusal is enforced.
 */

const clientAuth = '1.3.6.1.5.5.7.3.2'
const anyExtendedKeyUsage = '2.5.29.37.0'
/** Details are for logs: what a peer chose is cut to this many characters. */
const maxQuoted = 80

/** A00.FR.403, 407: there is a path to a trusted root, a factory root included (RFC 5280 section 6). */
export function checkPath(chain: ChainFacts): Verdict {
  if (chain.anchor !== null) return admitted
  return refused('client_cert_untrusted', chain.pathProblem ?? 'there is no path to a trusted root')
}

/**
 * A00.FR.403: every certificate of the path is within its dates at `now` (milliseconds since the
 * epoch). The trusted root is judged as well, and a certificate ends as its notAfter begins: both as
 * OpenSSL has it, because the two verdicts must agree (RFC 5280 4.1.2.5 would grant one second more).
 */
export function checkValidity(chain: ChainFacts, now: number): Verdict {
  for (const certificate of pathOf(chain)) {
    if (now >= certificate.notAfter) {
      return refused(
        'client_cert_expired',
        `${subjectOf(certificate)} expired at ${timeText(certificate.notAfter)}`,
      )
    }
    if (now < certificate.notBefore) {
      const detail = `${subjectOf(certificate)} is not valid before ${timeText(certificate.notBefore)}`
      return refused('client_cert_not_yet_valid', detail)
    }
  }
  return admitted
}

/** A00.FR.501 to 503: every key of the path has at least 112 bits of strength. */
export function checkKeys(chain: ChainFacts): Verdict {
  const weak = pathOf(chain).find((certificate) => !isStrongEnough(certificate.key))
  if (weak === undefined) return admitted
  return refused('client_cert_weak_key', `${subjectOf(weak)} has ${describeKey(weak.key)}`)
}

/**
 * A00.FR.504, 506: every certificate of the path is signed with SHA-256 or better. The signature of
 * the trusted root proves nothing (it is trusted because the operator said so) and is not judged.
 */
export function checkSignatures(chain: ChainFacts): Verdict {
  const signed =
    chain.anchor === null ? pathOf(chain) : pathOf(chain).slice(0, Math.max(1, chain.issuers.length))
  const weak = signed.find((certificate) => !isStrongSignature(certificate))
  if (weak === undefined) return admitted
  const detail = `${subjectOf(weak)} is signed with ${weak.signatureKind} and ${weak.signatureHash}`
  return refused('client_cert_weak_signature', detail)
}

/** A00.FR.508: the certificate has a serial number; zero and negative ones are read as none. */
export function checkSerialNumber(certificate: CertificateFacts): Verdict {
  if (certificate.serialNumber !== '') return admitted
  return refused('client_cert_no_serial', `${subjectOf(certificate)} has no positive serial number`)
}

/**
 * A00.FR.512: key usage and extended key usage, where present, allow TLS client authentication. The
 * certificate of an authority is not one of a charge point, whatever it allows.
 */
export function checkKeyUsage(certificate: CertificateFacts): Verdict {
  const { keyUsage, extendedKeyUsage } = certificate
  if (certificate.isCa) return refused('client_cert_key_usage', 'it is the certificate of an authority')
  if (keyUsage !== null && !keyUsage.includes('digitalSignature')) {
    return refused(
      'client_cert_key_usage',
      `key usage is ${quote(keyUsage.join(', '))}, without digitalSignature`,
    )
  }
  const purposes = extendedKeyUsage ?? [clientAuth]
  if (!purposes.includes(clientAuth) && !purposes.includes(anyExtendedKeyUsage)) {
    return refused(
      'client_cert_key_usage',
      `extended key usage is ${quote(purposes.join(', '))}, without clientAuth`,
    )
  }
  return admitted
}

/**
 * A00.FR.404: exactly one organizationName, and it is one of the names of the CPO, letter for
 * letter: "contains" would let "Example CPO Two" in. It is no rule for a certificate below a
 * factory root (A00.FR.406), so ask only when the anchor is 'cpo'.
 */
export function checkOrganization(certificate: CertificateFacts, cpoNames: readonly string[]): Verdict {
  const { organizationNames } = certificate
  const [name, second] = organizationNames
  if (name === undefined) return refused('client_cert_organization', 'the subject has no organizationName')
  if (second !== undefined) {
    return refused(
      'client_cert_organization',
      `the subject has ${organizationNames.length} organizationNames`,
    )
  }
  if (cpoNames.includes(name)) return admitted
  return refused('client_cert_organization', `organizationName ${quote(name)} is none of cpo.names`)
}

/** A00.FR.405, 511: exactly one commonName, which can be a serial number and is no URL, host name or IP address. */
export function checkCommonNameForm(certificate: CertificateFacts): Verdict {
  const { commonNames } = certificate
  const [name, second] = commonNames
  if (name === undefined) return refused('client_cert_common_name_form', 'the subject has no commonName')
  if (second !== undefined) {
    return refused('client_cert_common_name_form', `the subject has ${commonNames.length} commonNames`)
  }
  const problem = commonNameProblem(name)
  return problem === null
    ? admitted
    : refused('client_cert_common_name_form', `commonName ${quote(name)} ${problem}`)
}

/**
 * A00.FR.405: the commonName is the serial number registered for the identity that connects. Case
 * counts, and "contains" is not enough: CP1 is part of CP10. null: none is registered, so nothing fits.
 */
export function checkCommonName(certificate: CertificateFacts, serialNumber: string | null): Verdict {
  const names = certificate.commonNames
  if (serialNumber === null) {
    return refused('client_cert_common_name', 'no serial number is registered for this identity')
  }
  if (names.length === 1 && names[0] === serialNumber) return admitted
  const detail = `commonName ${quote(names.join(', '))} is not the registered serial number ${quote(serialNumber)}`
  return refused('client_cert_common_name', detail)
}

/** A00.FR.427: the key of the certificate serves one identity. null: nobody has it yet. */
export function checkKeyOwner(owner: string | null, identity: string): Verdict {
  if (owner === null || owner === identity) return admitted
  return refused('client_cert_shared', `the key belongs to ${quote(owner)}`)
}

function pathOf(chain: ChainFacts): readonly CertificateFacts[] {
  return [chain.leaf, ...chain.issuers]
}

function subjectOf(certificate: CertificateFacts): string {
  return certificate.subject === '' ? 'a certificate without a subject' : quote(certificate.subject)
}

/** In quotes, and with nothing that moves a cursor or turns the direction of writing. */
function quote(text: string): string {
  const short = text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text
  return JSON.stringify(short).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** Dates beyond what Date can write do not occur: a certificate ends in the year 9999 at the latest. */
function timeText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}

export { checkOpenssl, opensslReasons } from './certificate-openssl.ts'
