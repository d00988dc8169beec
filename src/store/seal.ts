import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'

/**
 * Secrets that must be readable again (the passwords for the central system), kept encrypted with
 * the key of store.sealingKeyFile. AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D 8.2.2);
 * the identity is authenticated, so that nobody can move a secret to another charge point.
 */

const version = 'v1.'
const nonceBytes = 12
const tagBytes = 16
export const sealingKeyBytes = 32

/** Seals a secret for one identity. Throws ProxyError `sealing_key_invalid`. */
export function seal(key: Buffer, identity: string, secret: Buffer): string {
  requireKey(key)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(version + identity))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  return version + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

/** Opens what `seal` made. Throws ProxyError `unseal_failed` or `sealing_key_invalid`. */
export function unseal(key: Buffer, identity: string, sealed: string): Buffer {
  requireKey(key)
  const bytes = sealed.startsWith(version) ? Buffer.from(sealed.slice(version.length), 'base64') : null
  if (bytes === null || bytes.length < nonceBytes + tagBytes) {
    throw new ProxyError('unseal_failed', 'operator', 'the sealed secret is damaged')
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(Buffer.from(version + identity))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
  } catch (cause) {
    const message = 'the sealed secret does not open: another sealing key, another identity, or damaged'
    throw new ProxyError('unseal_failed', 'operator', message, { cause })
  }
}

function requireKey(key: Buffer): void {
  if (key.length === sealingKeyBytes) return
  throw new ProxyError(
    'sealing_key_invalid',
    'operator',
    `the sealing key must have ${sealingKeyBytes} bytes`,
  )
}
