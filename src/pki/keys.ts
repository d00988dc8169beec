import { generateKeyPair, type KeyObject } from 'node:crypto'
import type { KeyTypeName } from '../policy/key-types.ts'

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

/** The key as PEM, PKCS #8, in clear unless there is a passphrase: write it to a file of mode 0600 only. */
export function privateKeyPem(key: KeyObject, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString()
}

const specs: Readonly<Record<KeyTypeName, KeySpec>> = {
  'rsa-2048': { type: 'rsa', bits: 2048 },
  'rsa-3072': { type: 'rsa', bits: 3072 },
  'rsa-4096': { type: 'rsa', bits: 4096 },
  'p-256': { type: 'ec', curve: 'P-256' },
  'p-384': { type: 'ec', curve: 'P-384' },
}

/** What a name of the configuration or the command line stands for. */
export function keySpecOf(name: KeyTypeName): KeySpec {
  return specs[name]
}
