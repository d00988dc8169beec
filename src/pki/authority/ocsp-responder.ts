import { hash, type X509Certificate } from 'node:crypto'
import { certificateFields } from '../certificate-fields.ts'
import { encodeElement } from '../der.ts'
import {
  bitString,
  enumerated,
  explicit,
  extension,
  generalizedTime,
  objectIdentifier,
  octetString,
  sequence,
} from '../der-write.ts'
import type { Credentials } from '../profiles.ts'
import { type DerSigner, type RsaPadding, signerOf } from '../sign-der.ts'
import { type IssuedIndex, type IssuedStatus, revocationReasons } from './issued-index.ts'
import { authorityKeyOf } from './local.ts'
import { nonceOid, type OcspQuestion, type OcspRequest, readOcspRequest } from './ocsp-request.ts'

const basicResponse = '1.3.6.1.5.5.7.48.1.1'

/** OCSPResponseStatus (RFC 6960 4.2.1) of answers that nobody signs. */
const failure = { malformedRequest: 1, internalError: 2, unauthorized: 6 } as const

export interface OcspResponderOptions {
  readonly issuer: X509Certificate
  /** The issuer itself, or one that it has made by `issueOcspSigner`. */
  readonly signer: Credentials
  readonly index: Pick<IssuedIndex, 'find'>
  /** How long an answer may be kept: the time until nextUpdate. */
  readonly validityMs: number
  readonly rsaPadding?: RsaPadding
  readonly now: () => number
}

/** Answers in DER, for whoever serves HTTP (`application/ocsp-response`). */
export interface OcspResponder {
  /**
   * Answers a request in DER (RFC 6960) about certificates of this issuer, and refuses those about
   * others. What was never issued is `unknown`. Never rejects: trouble is an answer too.
   */
  answer(request: Buffer): Promise<Buffer>
}

/** Throws ProxyError `issuing_failed` for a signer that cannot sign. */
export function createOcspResponder(options: OcspResponderOptions): OcspResponder {
  const signer = signerOf(options.signer.privateKey, options.rsaPadding)
  const authority = authorityKeyOf(options.issuer)
  return {
    async answer(der) {
      const request = readOrNull(der)
      if (request === null) return unsigned(failure.malformedRequest)
      const ours = request.questions.filter((question) => isAbout(question, options.issuer))
      // RFC 5019 2.2.3: a responder that is no authority on any of them says so, unsigned.
      if (ours.length === 0) return unsigned(failure.unauthorized)
      try {
        const find = (one: OcspQuestion): Promise<IssuedStatus | null> =>
          ours.includes(one) ? options.index.find(authority, one.serialNumber) : Promise.resolve(null)
        const statuses = await Promise.all(request.questions.map(find))
        return signed(options, signer, request, statuses)
      } catch {
        return unsigned(failure.internalError)
      }
    },
  }
}

function readOrNull(der: Buffer): OcspRequest | null {
  try {
    return readOcspRequest(der)
  } catch {
    return null
  }
}

/** Both hashes name our issuer (RFC 6960 4.1.1). */
function isAbout(
  { hash: name, issuerNameHash, issuerKeyHash }: OcspQuestion,
  issuer: X509Certificate,
): boolean {
  if (name === null) return false
  const { subject, keyBits } = certificateFields(issuer)
  return (
    issuerNameHash.equals(hash(name, subject, 'buffer')) &&
    issuerKeyHash.equals(hash(name, keyBits, 'buffer'))
  )
}

function unsigned(status: number): Buffer {
  return sequence(enumerated(status))
}

/** ResponseData and BasicOCSPResponse (RFC 6960 4.2.1). `statuses` in the order of the questions. */
function signed(
  { issuer, signer: { certificate }, validityMs, now }: OcspResponderOptions,
  signer: DerSigner,
  { questions, nonce }: OcspRequest,
  statuses: readonly (IssuedStatus | null)[],
): Buffer {
  const present = now()
  const times = [generalizedTime(present), explicit(0, generalizedTime(present + validityMs))]
  const answers = questions.map(({ certId }, at) =>
    sequence(certId, statusOf(statuses[at] ?? null), ...times),
  )
  // By name: the other way would be a SHA-1 hash of the key (A00.FR.506).
  const responder = explicit(1, certificateFields(certificate).subject)
  const extensions = nonce === null ? [] : [explicit(1, sequence(extension(nonceOid, false, nonce)))]
  const data = sequence(responder, generalizedTime(present), sequence(...answers), ...extensions)
  // Who asks has the issuer's certificate, a delegated one comes along.
  const isDelegated = !certificate.raw.equals(issuer.raw)
  const certificates = isDelegated ? [explicit(0, sequence(certificate.raw))] : []
  const basic = sequence(data, signer.algorithm, bitString(signer.sign(data)), ...certificates)
  return sequence(enumerated(0), explicit(0, sequence(objectIdentifier(basicResponse), octetString(basic))))
}

/** CertStatus: good [0], revoked [1] with time and reason, unknown [2]. */
function statusOf(status: IssuedStatus | null): Buffer {
  if (status === null) return encodeElement(0x82, Buffer.alloc(0))
  if (status.revocation === null) return encodeElement(0x80, Buffer.alloc(0))
  const { at, reason } = status.revocation
  const code = revocationReasons[reason]
  const why = code === 0 ? [] : [explicit(0, enumerated(code))]
  return encodeElement(0xa1, Buffer.concat([generalizedTime(at), ...why]))
}
