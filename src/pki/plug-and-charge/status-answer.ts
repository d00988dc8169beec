import { hash, type X509Certificate } from 'node:crypto'
import { messageOf } from '../../policy/error.ts'
import { certificateFields } from '../certificate-fields.ts'
import { type CertificateHashData, digests } from '../hash-data.ts'
import { findResponder } from '../revocation/ocsp-responder.ts'
import { type BasicResponse, readOcspResponse } from '../revocation/ocsp-response.ts'
import { signatureProblem } from '../signed-data.ts'
import { isCertIdOf } from './ocsp-request-data.ts'

/** A responder and the authority that certified it. */
export interface Delegation {
  readonly responder: X509Certificate
  readonly issuer: X509Certificate
}

/** An OCSP response that answers the question, or why it does not. Times in milliseconds since the epoch. */
export type JudgedStatus =
  | {
      readonly ok: true
      readonly status: 'good' | 'revoked' | 'unknown'
      readonly nextUpdate: number | null
      /** Who has signed, and for whom, where the revocation of the signer is still to be looked up. */
      readonly delegation: Delegation | null
    }
  | { readonly ok: false; readonly detail: string }

export interface StatusRules {
  readonly now: number
  readonly skewMs: number
  /** Authorities whose certificates may be asked about; empty: any, and signatures are left to the vehicle. */
  readonly issuers: readonly X509Certificate[]
}

/** M06.FR.10: refreshed once a week at least. */
export const weekMs = 7 * 24 * 60 * 60_000

/**
 * Is this an answer to that question, whole and of now (RFC 6960 3.2)? Whoever signed it is judged where
 * the issuer is known: hash data alone do not have its key. Never throws.
 */
export function judgeStatus(der: Buffer, asked: CertificateHashData, rules: StatusRules): JudgedStatus {
  try {
    const response = readOcspResponse(der)
    if (response.status !== null) return { ok: false, detail: `the responder says ${response.status}` }
    const { basic } = response
    const signer = signerOf(basic, asked, rules)
    if (!signer.ok) return signer
    const problem = extensionProblem(basic)
    return problem === null
      ? judgeTimes(basic, asked, rules, signer.delegation)
      : { ok: false, detail: problem }
  } catch (error) {
    return { ok: false, detail: messageOf(error) }
  }
}

/** RFC 6960 4.4: what nobody here understands may change what the answer means. */
function extensionProblem({ criticalExtension }: BasicResponse): string | null {
  return criticalExtension === null ? null : `the answer has the critical extension ${criticalExtension}`
}

function judgeTimes(
  basic: BasicResponse,
  asked: CertificateHashData,
  rules: StatusRules,
  delegation: Delegation | null,
): JudgedStatus {
  const matching = basic.responses.filter(({ certId }) => isCertIdOf(certId, asked))
  const [single] = matching
  // M06: one certificate a request. What the charge point hands on must not be read in two ways.
  if (single === undefined || matching.length > 1)
    return { ok: false, detail: 'the answer is not about this certificate alone' }
  const { thisUpdate, nextUpdate, status } = single
  if (Math.max(thisUpdate, basic.producedAt) > rules.now + rules.skewMs)
    return { ok: false, detail: 'the answer is of the future' }
  // Without an end it is of its moment (RFC 6960 4.2.2.1): an old one may be a replay.
  const end = nextUpdate ?? thisUpdate + weekMs
  if (end <= rules.now - rules.skewMs) return { ok: false, detail: 'the answer has expired' }
  return { ok: true, status: status.kind, nextUpdate, delegation }
}

type Signer =
  | { readonly ok: true; readonly delegation: Delegation | null }
  | { readonly ok: false; readonly detail: string }

function signerOf(
  basic: BasicResponse,
  asked: CertificateHashData,
  { issuers, now, skewMs }: StatusRules,
): Signer {
  if (issuers.length === 0) return { ok: true, delegation: null }
  const issuer = issuerOf(asked, issuers)
  if (issuer === null)
    return { ok: false, detail: 'the authority is not one of plugAndCharge.certificateStatus.issuers' }
  const responder = findResponder(basic, issuer, { now, skewMs })
  if (!responder.ok) return responder
  const problem = signatureProblem(basic.signed, responder.certificate.publicKey)
  if (problem !== null) return { ok: false, detail: `the signature of the answer: ${problem}` }
  const { certificate, needsCheck } = responder
  return { ok: true, delegation: needsCheck ? { responder: certificate, issuer } : null }
}

/** The authority that the hash data name; null: it is none of these. */
export function issuerOf(
  { hashAlgorithm, issuerNameHash, issuerKeyHash }: CertificateHashData,
  issuers: readonly X509Certificate[],
): X509Certificate | null {
  const digest = digests[hashAlgorithm]
  const isIt = (issuer: X509Certificate): boolean => {
    const { subject, keyBits } = certificateFields(issuer)
    return (
      hash(digest, subject, 'hex') === issuerNameHash.toLowerCase() &&
      hash(digest, keyBits, 'hex') === issuerKeyHash.toLowerCase()
    )
  }
  return issuers.find(isIt) ?? null
}
