import { hash as digest, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
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
/** Of SHA-256, and what HMAC fills its blocks with (RFC 2104 section 2). */
const blockBytes = 64
const innerPad = 0x36
const outerPad = 0x5c
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

/**
 * HMAC-SHA-256 (RFC 2104) of two one-shot digests. Node's createHmac first makes a key object, which
 * costs five times as much as the hashing, at every login of every charge point.
 */
function fastHash(salt: Buffer, key: Buffer): Buffer {
  const block = salt.length > blockBytes ? digest('sha256', salt, 'buffer') : salt
  const inner = Buffer.alloc(blockBytes + key.length, innerPad)
  const outer = Buffer.alloc(blockBytes + hashBytes, outerPad)
  for (let index = 0; index < block.length; index += 1) {
    inner[index] = innerPad ^ (block[index] as number)
    outer[index] = outerPad ^ (block[index] as number)
  }
  key.copy(inner, blockBytes)
  digest('sha256', inner, 'buffer').copy(outer, blockBytes)
  return digest('sha256', outer, 'buffer')
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
