import type { X509Certificate } from 'node:crypto'
import { certificateFields } from '../certificate-fields.ts'
import { encodeElement } from '../der.ts'
import {
  bitString,
  certificateTime,
  enumerated,
  explicit,
  extension,
  hexInteger,
  integer,
  sequence,
} from '../der-write.ts'
import { subjectKeyIdentifier } from '../extensions.ts'
import { keyIdentifier } from '../issue.ts'
import { extensionOid } from '../oids.ts'
import type { Credentials } from '../profiles.ts'
import { type RsaPadding, signerOf } from '../sign-der.ts'
import { type RevokedEntry, revocationReasons } from './issued-index.ts'

const crlNumberOid = '2.5.29.20'
const reasonCodeOid = '2.5.29.21'

export interface CrlRequest {
  readonly issuer: Credentials
  readonly revoked: readonly RevokedEntry[]
  /** Grows with every list (RFC 5280 5.2.3). */
  readonly number: bigint
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly rsaPadding?: RsaPadding
}

/**
 * A version 2 CRL in DER (RFC 5280 section 5), whole and direct: no delta, no other issuers. The
 * signature is made at once, on the event loop. Throws ProxyError `issuing_failed` for keys that
 * cannot sign.
 */
export function writeCrl(request: CrlRequest): Buffer {
  const { issuer, revoked } = request
  const signer = signerOf(issuer.privateKey, request.rsaPadding)
  // An empty list must be left out (RFC 5280 5.1.2.6).
  const entries = revoked.length === 0 ? [] : [sequence(...revoked.map(entryOf))]
  const list = sequence(
    integer(1),
    signer.algorithm,
    certificateFields(issuer.certificate).subject,
    certificateTime(request.thisUpdate),
    certificateTime(request.nextUpdate),
    ...entries,
    explicit(
      0,
      sequence(
        extension(extensionOid.authorityKeyIdentifier, false, keyIdentifierOf(issuer.certificate)),
        extension(crlNumberOid, false, integer(request.number)),
      ),
    ),
  )
  return sequence(list, signer.algorithm, bitString(signer.sign(list)))
}

/** The same in PEM. */
export function crlPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`
}

function entryOf({ serialNumber, at, reason }: RevokedEntry): Buffer {
  const code = revocationReasons[reason]
  // "unspecified" is said by leaving the reason out (RFC 5280 5.3.1).
  const extensions = code === 0 ? [] : [sequence(extension(reasonCodeOid, false, enumerated(code)))]
  return sequence(hexInteger(serialNumber), certificateTime(at), ...extensions)
}

function keyIdentifierOf(issuer: X509Certificate): Buffer {
  const id = subjectKeyIdentifier(issuer.raw) ?? keyIdentifier(issuer.publicKey)
  return sequence(encodeElement(0x80, Buffer.from(id, 'hex')))
}
