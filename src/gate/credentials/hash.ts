import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { ProxyError } from '../../policy/error.ts'
import type { CredentialHash } from '../../store/store.ts'

/**
 * How a key is stored (A01.FR.08). A random key of 16 to 20 bytes cannot be guessed, so one HMAC is
 * enough and a fleet that reconnects costs nothing; what a person may have chosen gets scrypt.
 */

/** N of scrypt; with r 8 one hash takes 16 MiB and some 40 ms in the thread pool. */
export const scryptCost = 16384
const blockSize = 8
const parallelism = 1
const saltBytes = 16
const hashBytes = 32
const minRandomBytes = 16
const maxRandomBytes = 20

/** Hashes a key with a new salt. `isText`: as `canonicalKey` tells. */
export async function hashKey(key: Buffer, isText: boolean): Promise<CredentialHash> {
  const salt = randomBytes(saltBytes)
  if (!isText && key.length >= minRandomBytes && key.length <= maxRandomBytes) {
    return {
      scheme: 'hmac-sha256',
      salt: salt.toString('base64'),
      hash: fastHash(salt, key).toString('base64'),
    }
  }
  const hash = await slowHash(key, salt, scryptCost)
  return { scheme: 'scrypt', cost: scryptCost, salt: salt.toString('base64'), hash: hash.toString('base64') }
}

/** Compares one candidate with a stored hash in constant time. */
export async function matches(credential: CredentialHash, key: Buffer): Promise<boolean> {
  const salt = Buffer.from(credential.salt, 'base64')
  const expected = Buffer.from(credential.hash, 'base64')
  const actual =
    credential.scheme === 'scrypt' ? await slowHash(key, salt, credential.cost) : fastHash(salt, key)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** The work of a scrypt comparison without its answer: for charge points that do not exist. */
export async function decoy(key: Buffer): Promise<void> {
  await slowHash(key, decoySalt, scryptCost)
}

const decoySalt = Buffer.alloc(saltBytes)

function fastHash(salt: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', salt).update(key).digest()
}

function slowHash(key: Buffer, salt: Buffer, cost: number): Promise<Buffer> {
  const options: ScryptOptions = { N: cost, r: blockSize, p: parallelism, maxmem: 256 * cost * blockSize }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(key, salt, hashBytes, options, (cause, hash) => {
    if (cause === null) resolve(hash)
    else reject(new ProxyError('hash_failed', 'proxy', 'a password could not be hashed', { cause }))
  })
  return promise
}
