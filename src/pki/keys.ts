import { generateKeyPair, type KeyObject } from 'node:crypto'

/** A kind of key pair. `bits` is the length of the modulus; curves carry the name NIST or OpenSSL gave them. */
export type KeySpec =
  | { readonly type: 'rsa' | 'rsa-pss'; readonly bits: number }
  | { readonly type: 'ec'; readonly curve: string }
  | { readonly type: 'ed25519' }

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** A new key pair, made off the event loop. Rejects with Node's own error when the curve is unknown. */
export function generateKey(spec: KeySpec): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject): void =>
      error === null ? resolve({ publicKey, privateKey }) : reject(error)
    switch (spec.type) {
      case 'rsa':
        return generateKeyPair('rsa', { modulusLength: spec.bits }, done)
      case 'rsa-pss':
        return generateKeyPair('rsa-pss', { modulusLength: spec.bits }, done)
      case 'ec':
        return generateKeyPair('ec', { namedCurve: spec.curve }, done)
      case 'ed25519':
        return generateKeyPair('ed25519', undefined, done)
    }
  })
}

/** The key as PEM, PKCS #8, unencrypted: write it to a file of mode 0600 only. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
