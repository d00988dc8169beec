import { nullValue } from '../der-write.ts'
import { issueCertificate } from '../issue.ts'
import { generateKey, type KeySpec } from '../keys.ts'
import { backdateMs, type Credentials } from '../profiles.ts'
import type { RsaPadding } from '../sign-der.ts'

const ocspSigning = '1.3.6.1.5.5.7.3.9'
const ocspNoCheck = '1.3.6.1.5.5.7.48.1.5'

export interface OcspSignerRequest {
  readonly issuer: Credentials
  readonly organization: string
  readonly keys: KeySpec
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Keep it short: nobody asks whether this certificate is revoked (RFC 6960 4.2.2.2.1). */
  readonly lifetimeMs: number
  readonly rsaPadding?: RsaPadding
}

/**
 * A delegated signer of OCSP answers (RFC 6960 4.2.2.2), so that the key of the authority is used to
 * issue and for nothing else. Throws what `issueCertificate` throws.
 */
export async function issueOcspSigner(request: OcspSignerRequest): Promise<Credentials> {
  const { issuer, now, rsaPadding } = request
  const keys = await generateKey(request.keys)
  const [begin, end] = [issuer.certificate.validFromDate, issuer.certificate.validToDate]
  const certificate = await issueCertificate({
    subject: [
      ['O', request.organization],
      ['CN', 'OCSP responder'],
    ],
    publicKey: keys.publicKey,
    issuer: { certificate: issuer.certificate, key: issuer.privateKey },
    notBefore: Math.max(now - backdateMs, begin.getTime()),
    notAfter: Math.min(now + request.lifetimeMs, end.getTime()),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [ocspSigning],
    extensions: [{ oid: ocspNoCheck, critical: false, value: nullValue }],
    ...(rsaPadding === undefined ? {} : { rsaPadding }),
  })
  return { certificate, privateKey: keys.privateKey }
}
