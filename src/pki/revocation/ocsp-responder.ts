import { hash, X509Certificate } from 'node:crypto'
import { isStrongEnough } from '../../policy/key-strength.ts'
import { certificateFacts } from '../certificate.ts'
import { type CertificateFields, certificateFields } from '../certificate-fields.ts'
import { readSignedData, signatureProblem } from '../signed-data.ts'
import type { BasicResponse, ResponderId } from './ocsp-response.ts'

/** id-kp-OCSPSigning and id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2). */
const ocspSigning = '1.3.6.1.5.5.7.3.9'
const noCheck = '1.3.6.1.5.5.7.48.1.5'

export interface ResponderRules {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly skewMs: number
}

export type Responder =
  | {
      readonly ok: true
      readonly certificate: X509Certificate
      /**
       * A delegate whose certificate does not say `ocsp-nocheck`: whether it was revoked is for the caller to
       * look up (RFC 6960 4.2.2.2.1). Asking its own responder would go in a circle.
       */
      readonly needsCheck: boolean
    }
  | { readonly ok: false; readonly detail: string }

/** Why a delegate that needs a check is not believed, in words; null: it is. Rejects when that cannot be looked up. */
export type ResponderProblem = (responder: X509Certificate, issuer: X509Certificate) => Promise<string | null>

/**
 * Whose key must have signed the answer: that of the issuer itself, or of a responder that the issuer
 * certified for this and nothing in between (RFC 6960 4.2.2.2). Neither the signature of the answer nor
 * the revocation of a delegate is judged here. Throws ProxyError `certificate_unreadable` about what came along.
 */
export function findResponder(
  response: BasicResponse,
  issuer: X509Certificate,
  rules: ResponderRules,
): Responder {
  if (names(response.responderId, certificateFields(issuer)))
    return { ok: true, certificate: issuer, needsCheck: false }
  // Several may have the name: an authority that renews its responder keeps it.
  let detail = 'the answer brings no certificate of its signer'
  for (const der of response.certificates) {
    const certificate = new X509Certificate(der)
    if (!names(response.responderId, certificateFields(certificate))) continue
    const problem = delegationProblem(certificate, issuer, rules)
    if (problem === null)
      return { ok: true, certificate, needsCheck: !certificateFields(certificate).extensions.has(noCheck) }
    detail = problem
  }
  return { ok: false, detail }
}

function names(id: ResponderId, fields: CertificateFields): boolean {
  switch (id.kind) {
    case 'name':
      return fields.subject.equals(id.name)
    case 'key':
      return hash('sha1', fields.keyBits, 'buffer').equals(id.hash)
  }
}

function delegationProblem(
  certificate: X509Certificate,
  issuer: X509Certificate,
  rules: ResponderRules,
): string | null {
  const facts = certificateFacts(certificate)
  const fields = certificateFields(certificate)
  if (!fields.issuer.equals(certificateFields(issuer).subject))
    return 'the responder was certified by another authority'
  if (signatureProblem(readSignedData(certificate.raw, 'the responder'), issuer.publicKey) !== null)
    return 'the certificate of the responder is not signed by the authority, or weakly'
  // "Any purpose" is not enough: the authority must have meant it.
  if (!(facts.extendedKeyUsage ?? []).includes(ocspSigning))
    return 'the certificate of the responder is not for signing OCSP answers'
  if (facts.keyUsage !== null && !facts.keyUsage.some((usage) => signingUsages.has(usage)))
    return 'the key usage of the responder does not allow signatures'
  if (facts.unknownCriticalExtension !== null)
    return `the responder has an extension that is not understood: ${facts.unknownCriticalExtension}`
  if (rules.now + rules.skewMs < facts.notBefore || rules.now - rules.skewMs >= facts.notAfter)
    return 'the certificate of the responder is not valid now'
  if (!isStrongEnough(facts.key)) return 'the key of the responder is too weak'
  return null
}

const signingUsages: ReadonlySet<string> = new Set(['digitalSignature', 'nonRepudiation'])
