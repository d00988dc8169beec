import { commonNameProblem } from './common-name.ts'
import type { KeyFacts } from './facts.ts'
import { describeKey, isStrongEnough, isStrongSignature } from './key-strength.ts'

/**
 * The gate for certificate signing requests (A02.FR.11, A02.FR.12): what a charge point asks to have
 * signed is judged here before any authority sees it, whichever authority that is.
 */

/** What a PKCS #10 says (RFC 2986). */
export interface CsrFacts {
  /** Every CN of the subject, in order; an honest request has one. */
  readonly commonNames: readonly string[]
  /** Every O of the subject. */
  readonly organizationNames: readonly string[]
  /** For people: safe to print. */
  readonly subject: string
  readonly key: KeyFacts
  /** SHA-256 over the DER SubjectPublicKeyInfo, lower-case hexadecimal. */
  readonly keyFingerprint: string
  /** As in CertificateFacts. */
  readonly signatureKind: string
  readonly signatureHash: string
  /**
   * verified: by the key of the request, so the requester has its private key. weak: its hash is below
   * SHA-256, and nobody looked further.
   */
  readonly signature: 'verified' | 'weak' | 'invalid'
  /** It asks for basicConstraints CA:TRUE. */
  readonly wantsCa: boolean
  /** Requested extensions; null: not asked for. Except for authority bits they are not heeded (facts 6.6). */
  readonly keyUsage: readonly string[] | null
  readonly extendedKeyUsage: readonly string[] | null
  readonly alternativeNames: readonly string[]
}

/** Closed table: what can be wrong with a request, the rule that says so, and what an operator can do. */
export const csrProblems = {
  csr_too_large: {
    requirements: ['A02.FR.12'],
    hint: 'The request is larger than the message allows; the charge point should ask for fewer extensions.',
  },
  csr_unreadable: {
    requirements: ['A00.FR.507', 'A02.FR.12'],
    hint: 'The charge point must send one PKCS #10 in PEM and nothing else.',
  },
  csr_signature: {
    requirements: ['A02.FR.12'],
    hint: 'The request is not signed by its own key, so nobody has proven to hold that key.',
  },
  csr_weak_key: {
    requirements: ['A00.FR.501', 'A00.FR.502', 'A00.FR.503'],
    hint: 'The charge point must make an RSA key of 2048 bits or more, or one on P-256 or a larger curve.',
  },
  csr_weak_signature: {
    requirements: ['A00.FR.504', 'A00.FR.506'],
    hint: 'The charge point must sign the request with SHA-256 or better.',
  },
  csr_organization: {
    requirements: ['A00.FR.404', 'A00.FR.509', 'A02.FR.13'],
    hint: 'Set CpoName on the charge point to one of cpo.names, and let it ask again.',
  },
  csr_common_name: {
    requirements: ['A00.FR.405'],
    hint: 'Register the serial number of this charge point, when the one in the request is right.',
  },
  csr_common_name_form: {
    requirements: ['A00.FR.405', 'A00.FR.511'],
    hint: 'The commonName must be the serial number, not a URL, host name or IP address.',
  },
  csr_shared_key: {
    requirements: ['A00.FR.427'],
    hint: 'Another charge point uses this key: one of the two is a copy.',
  },
  csr_authority: {
    requirements: ['A00.FR.512', 'A02.FR.12'],
    hint: 'A charge point asked for a certificate that could sign others: find out why.',
  },
} as const

export type CsrProblemCode = keyof typeof csrProblems

/** One thing that is wrong. `detail` is for operators. */
export interface CsrProblem {
  readonly code: CsrProblemCode
  readonly detail: string
}

/** What the proxy knows about the charge point that asks. */
export interface CsrExpectation {
  readonly identity: string
  readonly cpoNames: readonly string[]
  /** Of the registry; null: none is registered, so no CN is right. */
  readonly serialNumber: string | null
  /** Who the key of the request belongs to so far; null: nobody (A00.FR.427). */
  readonly keyOwner: string | null
}

/** Details are for logs: what a peer chose is cut to this many characters. */
const maxQuoted = 80

/** Everything that is wrong with a request, in the order of the table; empty: it may be signed. */
export function checkCsr(csr: CsrFacts, expected: CsrExpectation): readonly CsrProblem[] {
  return [
    checkProof(csr),
    checkKey(csr),
    checkSignatureHash(csr),
    checkOrganizationName(csr, expected.cpoNames),
    checkSerialNumber(csr, expected.serialNumber),
    checkForm(csr),
    checkOwner(expected),
    checkAuthority(csr),
  ].filter((problem) => problem !== null)
}

/** A02.FR.12: without the proof of possession anybody could have a certificate for the key of another. */
function checkProof(csr: CsrFacts): CsrProblem | null {
  return csr.signature === 'invalid'
    ? { code: 'csr_signature', detail: 'the signature is not by the key of the request' }
    : null
}

/** A00.FR.501 to 503. */
function checkKey(csr: CsrFacts): CsrProblem | null {
  return isStrongEnough(csr.key)
    ? null
    : { code: 'csr_weak_key', detail: `it has ${describeKey(csr.key)}, of less than 112 bits of strength` }
}

/** A00.FR.504, 506. */
function checkSignatureHash(csr: CsrFacts): CsrProblem | null {
  if (csr.signature !== 'weak' && isStrongSignature(csr)) return null
  return {
    code: 'csr_weak_signature',
    detail: `it is signed with ${csr.signatureKind} and ${csr.signatureHash}`,
  }
}

/** A00.FR.404, A02.FR.13: exactly one organizationName, letter for letter one of the CPO's. */
function checkOrganizationName(csr: CsrFacts, cpoNames: readonly string[]): CsrProblem | null {
  const [name, second] = csr.organizationNames
  const problem = (detail: string): CsrProblem => ({ code: 'csr_organization', detail })
  if (name === undefined) return problem('the subject has no organizationName')
  if (second !== undefined)
    return problem(`the subject has ${csr.organizationNames.length} organizationNames`)
  return cpoNames.includes(name) ? null : problem(`organizationName ${quote(name)} is none of cpo.names`)
}

/** A00.FR.405: exact, because CP1 is part of CP10. */
function checkSerialNumber(csr: CsrFacts, serialNumber: string | null): CsrProblem | null {
  const names = csr.commonNames
  const problem = (detail: string): CsrProblem => ({ code: 'csr_common_name', detail })
  if (serialNumber === null) return problem('no serial number is registered for this identity')
  if (names.length === 1 && names[0] === serialNumber) return null
  return problem(
    `commonName ${quote(names.join(', '))} is not the registered serial number ${quote(serialNumber)}`,
  )
}

/** A00.FR.405, 511: exactly one commonName, of a form that a serial number can have. */
function checkForm(csr: CsrFacts): CsrProblem | null {
  const [name, second] = csr.commonNames
  const problem = (detail: string): CsrProblem => ({ code: 'csr_common_name_form', detail })
  if (name === undefined) return problem('the subject has no commonName')
  if (second !== undefined) return problem(`the subject has ${csr.commonNames.length} commonNames`)
  const wrong = commonNameProblem(name)
  return wrong === null ? null : problem(`commonName ${quote(name)} ${wrong}`)
}

/** A00.FR.427: one key, one identity. */
function checkOwner({ keyOwner, identity }: CsrExpectation): CsrProblem | null {
  if (keyOwner === null || keyOwner === identity) return null
  return { code: 'csr_shared_key', detail: `the key belongs to ${quote(keyOwner)}` }
}

/** Only an authority needs these; an honest charge point never asks (A00.FR.512). */
const authorityUsages: ReadonlySet<string> = new Set(['keyCertSign', 'cRLSign'])

function checkAuthority(csr: CsrFacts): CsrProblem | null {
  const problem = (detail: string): CsrProblem => ({ code: 'csr_authority', detail })
  if (csr.wantsCa) return problem('it asks for the certificate of an authority (CA:TRUE)')
  const usage = csr.keyUsage?.find((one) => authorityUsages.has(one))
  return usage === undefined ? null : problem(`it asks for key usage ${usage}`)
}

/** In quotes, and with nothing that moves a cursor or turns the direction of writing. */
function quote(text: string): string {
  const short = text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text
  return JSON.stringify(short).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
