import { constants, publicDecrypt, type X509Certificate } from 'node:crypto'
import { certificateFacts, parseCertificate, splitPem } from '../../pki/certificate.ts'
import { readSmall } from './image.ts'

/** What is mostly wrong when a signature does not fit; else what it has to be. Never throws for what was read before. */
export function whyNotSigned(
  file: string,
  certificates: string,
  { signature, sha256 }: { readonly signature: string; readonly sha256: string },
): string {
  const leaf = parseCertificate(splitPem(certificates)[0] ?? '')
  // As `openssl dgst -hex` and `xxd -p` write it.
  if (/^([^\n]*=\s*)?[0-9a-f\s:]+$/i.test(readSmall(file, '--signature').toString('latin1')))
    return `${file} looks like hexadecimal: give base64 or binary`
  if (certificateFacts(leaf).isCa)
    return 'the first certificate is that of an authority: the signing one must come first'
  if (isPkcs1(leaf, Buffer.from(signature, 'base64'), sha256))
    return 'it is RSA with PKCS #1 v1.5, and must be RSA-PSS: openssl dgst -sigopt rsa_padding_mode:pss'
  return 'RSA-PSS or ECDSA with SHA-256'
}

/** The DigestInfo of RFC 8017 9.2 ends in the hash. */
function isPkcs1({ publicKey }: X509Certificate, signature: Buffer, sha256: string): boolean {
  if (publicKey.asymmetricKeyType !== 'rsa') return false
  try {
    const info = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature)
    return info.toString('hex').endsWith(sha256)
  } catch {
    return false
  }
}
