import type { CertificateFacts, KeyFacts } from './facts.ts'

/** A00.FR.501: at least 112 bits, that is RSA and DSA from 2048 (FR.502) and EC from 224 (FR.503). */
export const minimumStrengthBits = 112

/** NIST SP 800-57 part 1, 5.6.1: strength in bits by length of the modulus, strongest first. */
const modulusStrengths = [
  [15360, 256],
  [7680, 192],
  [3072, 128],
  [2048, 112],
  [1024, 80],
] as const

/** The same table by size of the field of a curve. */
const curveStrengths = [
  [512, 256],
  [384, 192],
  [256, 128],
  [224, 112],
  [160, 80],
] as const

/**
 * Curves that are trusted by name: the size of a field alone says nothing about a curve that its
 * owner made up. OpenSSL's names stand beside those of the standards.
 */
const knownCurves: ReadonlySet<string> = new Set([
  ...['P-224', 'P-256', 'P-384', 'P-521', 'secp224r1', 'secp256r1', 'secp384r1', 'secp521r1', 'prime256v1'],
  ...['secp256k1', 'brainpoolP224r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'],
])

/** The security strength of a key in bits; 0 when it is unknown, or weaker than the table goes. */
export function keyStrengthBits(key: KeyFacts): number {
  switch (key.type) {
    case 'rsa':
    case 'rsa-pss':
    case 'dsa':
      return look(modulusStrengths, key.bits)
    case 'ec':
      return knownCurves.has(key.curve) ? look(curveStrengths, key.bits) : 0
    case 'ed25519':
      return 128
    case 'ed448':
      return 224
    case 'unknown':
      return 0
  }
}

/** A00.FR.501 to 503. A key of unknown kind is not strong enough. */
export function isStrongEnough(key: KeyFacts): boolean {
  return keyStrengthBits(key) >= minimumStrengthBits
}

/** How an operator would name the key: "RSA 2048", "EC P-256". */
export function describeKey(key: KeyFacts): string {
  switch (key.type) {
    case 'rsa':
    case 'rsa-pss':
    case 'dsa':
      return `${key.type.toUpperCase()} ${key.bits}`
    case 'ec':
      return `EC ${key.curve}`
    case 'ed25519':
    case 'ed448':
      return key.type === 'ed25519' ? 'Ed25519' : 'Ed448'
    case 'unknown':
      return 'a key of unknown kind'
  }
}

const strongHashes: ReadonlySet<string> = new Set(['sha256', 'sha384', 'sha512'])

/** A00.FR.504 and 506: signed with SHA-256 or better. EdDSA brings its own hash. */
export function isStrongSignature(
  certificate: Pick<CertificateFacts, 'signatureHash' | 'signatureKind'>,
): boolean {
  if (certificate.signatureKind === 'ed25519' || certificate.signatureKind === 'ed448') return true
  return certificate.signatureKind !== 'unknown' && strongHashes.has(certificate.signatureHash)
}

function look(table: readonly (readonly [size: number, strength: number])[], size: number): number {
  return table.find(([least]) => size >= least)?.[1] ?? 0
}
