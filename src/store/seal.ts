import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'

/**
 * Secrets that must be readable again, kept encrypted with the key of store.sealingKeyFile. AES-256-GCM with
 * a random 96-bit nonce (NIST SP 800-38D 8.2.2). What it is for and whose it is are authenticated, so that
 * nobody can move a secret to another charge point, or take one kind for another.
 */

/** `upstream-password`: of one charge point, for the central system; its name is the identity. */
export type SealPurpose = 'upstream-password' | 'ticket-secret' | 'replica-message'

const version = 'v2.'
/** Knew names only, no purposes. */
const oldVersion = 'v1.'
/** Names of other purposes in the old version: a charge point that is called so has to get its password anew. */
const oldNames: ReadonlySet<string> = new Set(['ticket-secret', 'replicas'])
const nonceBytes = 12
const tagBytes = 16
export const sealingKeyBytes = 32

/** Seals a secret for one name. Throws ProxyError `sealing_key_invalid`. */
export function seal(
  key: Buffer,
  name: string,
  secret: Buffer,
  purpose: SealPurpose = 'upstream-password',
): string {
  requireKey(key)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(authenticated(purpose, name))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  return version + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

/**
 * Opens what `seal` made, and passwords and ticket secrets that an older version sealed. Throws ProxyError
 * `unseal_failed` or `sealing_key_invalid`.
 */
export function unseal(
  key: Buffer,
  name: string,
  sealed: string,
  purpose: SealPurpose = 'upstream-password',
): Buffer {
  requireKey(key)
  const isOld = sealed.startsWith(oldVersion)
  const isKnown = isOld ? mayBeOld(purpose, name) : sealed.startsWith(version)
  const bytes = isKnown ? Buffer.from(sealed.slice(version.length), 'base64') : null
  if (bytes === null || bytes.length < nonceBytes + tagBytes) {
    throw new ProxyError('unseal_failed', 'operator', 'the sealed secret is damaged')
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(isOld ? Buffer.from(oldVersion + name) : authenticated(purpose, name))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
  } catch (cause) {
    const message = 'the sealed secret does not open: another sealing key, another identity, or damaged'
    throw new ProxyError('unseal_failed', 'operator', message, { cause })
  }
}

/** Does this key open a password of this charge point for the central system? Throws ProxyError `sealing_key_invalid`. */
export function opens(key: Buffer, identity: string, sealed: string): boolean {
  try {
    unseal(key, identity, sealed)
    return true
  } catch (error) {
    if (error instanceof ProxyError && error.code === 'unseal_failed') return false
    throw error
  }
}

/** A purpose has no NUL in it: no name can make it another one. */
function authenticated(purpose: SealPurpose, name: string): Buffer {
  return Buffer.from(`${version}${purpose}\0${name}`)
}

function mayBeOld(purpose: SealPurpose, name: string): boolean {
  switch (purpose) {
    case 'upstream-password':
      return !oldNames.has(name)
    case 'ticket-secret':
      return name === 'ticket-secret'
    case 'replica-message':
      return false
    default:
      return purpose satisfies never
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
