import type { CredentialHash } from './store.ts'

/** Largest N of scrypt that a stored hash may ask for: its memory is 1 KiB times N. */
const maxScryptCost = 131_072
const hashBytes = 32

/**
 * Reads a stored or imported hash. Null when it is none that can be checked here: a foreign cost
 * could ask for any amount of memory. Total: never throws.
 */
export function parseCredentialHash(value: unknown): CredentialHash | null {
  if (typeof value !== 'object' || value === null) return null
  const { scheme, cost, salt, hash } = value as Record<string, unknown>
  if (!isBase64(salt, 8, 64) || !isBase64(hash, hashBytes, hashBytes)) return null
  if (scheme === 'hmac-sha256') return { scheme, salt, hash }
  if (scheme !== 'scrypt' || typeof cost !== 'number' || !isCost(cost)) return null
  return { scheme, cost, salt, hash }
}

/** RFC 7914 section 2: a power of two. Less than 1024 would be no protection. */
function isCost(cost: number): boolean {
  return Number.isInteger(cost) && cost >= 1024 && cost <= maxScryptCost && (cost & (cost - 1)) === 0
}

function isBase64(value: unknown, min: number, max: number): value is string {
  if (typeof value !== 'string') return false
  const bytes = Buffer.from(value, 'base64')
  return bytes.length >= min && bytes.length <= max && bytes.toString('base64') === value
}
