import type { X509Certificate } from 'node:crypto'
import { messageOf } from '../../policy/error.ts'
import type { Revocation } from '../../policy/revocation.ts'
import { signatureProblem } from '../signed-data.ts'
import { matchesCertId, type RevocationSubject } from './cert-id.ts'
import { findResponder, type ResponderRules } from './ocsp-responder.ts'
import { type BasicResponse, readOcspResponse, type SingleResponse } from './ocsp-response.ts'

/** Why an OCSP answer proves nothing. */
export type OcspProblemCode =
  | 'too_large'
  | 'unreadable'
  /** The responder said that it will not or cannot answer: tryLater, unauthorized, … */
  | 'responder_status'
  | 'responder_not_authorized'
  | 'signature_invalid'
  | 'critical_extension'
  | 'cert_id_mismatch'
  | 'nonce_mismatch'
  | 'not_yet_valid'
  | 'expired'

/** When an answer was true. Milliseconds since the epoch. */
export interface OcspTimes {
  readonly thisUpdate: number
  /** null: the responder gave no end. */
  readonly nextUpdate: number | null
}

export interface OcspSigner {
  /** The delegate that has signed, where its own revocation is still to be looked up; null: nothing is. */
  readonly delegate: X509Certificate | null
}

export type OcspResult =
  | ({ readonly status: 'good' | 'unknown' } & OcspTimes & OcspSigner)
  | ({ readonly status: 'revoked' } & Revocation & OcspTimes & OcspSigner)
  | { readonly status: 'problem'; readonly code: OcspProblemCode; readonly detail: string }

export interface OcspRules extends ResponderRules {
  /** How old an answer without nextUpdate may be, in milliseconds. */
  readonly maxAgeMs: number
  /** The nonce that was sent, null when none was, or when the answer comes from a store. */
  readonly nonce: Buffer | null
  /** Refuse an answer without our nonce. Most responders answer from a store and have none (RFC 6960 4.4.1). */
  readonly requireNonce: boolean
}

/** An answer with its responder's chain has some 4 KiB. */
export const maxOcspResponseBytes = 64 * 1024

/**
 * Reads and verifies the answer of an OCSP responder about one certificate (RFC 6960 3.2, 4.2.2).
 * Everything is hostile until the signature says otherwise, and until `delegate` was looked up. Never throws.
 */
export function judgeOcspResponse(der: Buffer, subject: RevocationSubject, rules: OcspRules): OcspResult {
  if (der.length > maxOcspResponseBytes)
    return problem('too_large', `the answer has more than ${maxOcspResponseBytes} bytes`)
  try {
    const response = readOcspResponse(der)
    if (response.status !== null) return problem('responder_status', response.status)
    const { basic } = response
    const responder = findResponder(basic, subject.issuer, rules)
    if (!responder.ok) return problem('responder_not_authorized', responder.detail)
    const { certificate, needsCheck } = responder
    return (
      signedProblem(basic, certificate, rules) ??
      resultOf(basic, subject, rules, needsCheck ? certificate : null)
    )
  } catch (error) {
    return problem('unreadable', messageOf(error))
  }
}

function signedProblem(
  basic: BasicResponse,
  responder: X509Certificate,
  rules: OcspRules,
): OcspResult | null {
  const signature = signatureProblem(basic.signed, responder.publicKey)
  if (signature !== null) return problem('signature_invalid', `the signature of the answer: ${signature}`)
  if (basic.criticalExtension !== null)
    return problem('critical_extension', `the answer has the extension ${basic.criticalExtension}`)
  return nonceProblem(basic, rules)
}

/** The value may or may not be wrapped in an OCTET STRING of its own: old responders echo it as they like. */
function nonceProblem({ nonce }: BasicResponse, rules: OcspRules): OcspResult | null {
  if (rules.nonce === null) return null
  if (nonce === null) return rules.requireNonce ? problem('nonce_mismatch', 'the answer has no nonce') : null
  const wrapped = Buffer.concat([Buffer.from([0x04, rules.nonce.length]), rules.nonce])
  if (nonce.equals(wrapped) || nonce.equals(rules.nonce)) return null
  return problem('nonce_mismatch', 'the answer has the nonce of another request')
}

/** A responder that contradicts itself is taken at its worst word. */
const severity = { good: 0, unknown: 1, revoked: 2 } as const

function resultOf(
  basic: BasicResponse,
  subject: RevocationSubject,
  rules: OcspRules,
  delegate: X509Certificate | null,
): OcspResult {
  const matching = basic.responses.filter(({ certId }) => matchesCertId(certId, subject))
  const [worst] = matching.toSorted((one, other) => severity[other.status.kind] - severity[one.status.kind])
  if (worst === undefined) return problem('cert_id_mismatch', 'the answer is about other certificates')
  const late = timeProblem(worst, basic.producedAt, rules)
  if (late !== null) return late
  const { status, thisUpdate, nextUpdate } = worst
  const told = { thisUpdate, nextUpdate, delegate }
  if (status.kind === 'revoked') return { status: 'revoked', ...status.revocation, ...told }
  return { status: status.kind, ...told }
}

/** RFC 6960 3.2 (5), (6) and 4.2.2.1, with room for clocks that differ. */
function timeProblem(
  { thisUpdate, nextUpdate }: SingleResponse,
  producedAt: number,
  { now, skewMs, maxAgeMs }: OcspRules,
): OcspResult | null {
  if (Math.max(thisUpdate, producedAt) > now + skewMs)
    return problem('not_yet_valid', `the answer is of ${timeText(Math.max(thisUpdate, producedAt))}`)
  const end = nextUpdate ?? thisUpdate + maxAgeMs
  if (now - skewMs >= end || end < thisUpdate)
    return problem('expired', `the answer was good until ${timeText(end)}`)
  return null
}

/** Times of answers come from four digits of a year, which Date can write. */
function timeText(time: number): string {
  return new Date(time).toISOString()
}

function problem(code: OcspProblemCode, detail: string): OcspResult {
  return { status: 'problem', code, detail }
}
