import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashKey, matches } from '../../../src/gate/credentials/hash.ts'
import { parseCredentialHash } from '../../../src/store/credential-hash.ts'

test('[A01.FR.08] random keys of 16 to 20 bytes get the fast hash, everything else scrypt', async () => {
  for (const length of [16, 20])
    assert.equal((await hashKey(randomBytes(length), false)).scheme, 'hmac-sha256')
  assert.equal((await hashKey(randomBytes(16), true)).scheme, 'scrypt')
  for (const length of [15, 21]) assert.equal((await hashKey(randomBytes(length), false)).scheme, 'scrypt')
})

test('[A01.FR.08] hashes are salted, hold no key, and match that key only', async () => {
  for (const isText of [false, true]) {
    const key = Buffer.from('0123456789abcdef0123')
    const first = await hashKey(key, isText)
    const second = await hashKey(key, isText)
    assert.notEqual(first.hash, second.hash)
    assert.doesNotMatch(JSON.stringify(first), /0123456789abcdef0123|MDEyMzQ1Njc4OWFiY2RlZjAxMjM/)
    assert.equal(await matches(first, key), true)
    assert.equal(await matches(first, Buffer.from('0123456789abcdef0124')), false)
    assert.equal(await matches(first, Buffer.alloc(0)), false)
    assert.deepEqual(parseCredentialHash(JSON.parse(JSON.stringify(first))), first)
  }
})

test('[CWE-20] foreign hashes are read only when they can be checked within bounds', async () => {
  const good = await hashKey(randomBytes(20), true)
  const bad = [
    null,
    'x',
    [],
    {},
    { ...good, scheme: 'md5' },
    { ...good, cost: 2 ** 30 },
    { ...good, cost: 16385 },
    { ...good, cost: 2 },
    { ...good, cost: '16384' },
    { ...good, salt: '' },
    { ...good, hash: good.hash.slice(4) },
    { ...good, hash: 'ä' },
  ]
  for (const value of bad) assert.equal(parseCredentialHash(value), null, JSON.stringify(value))
  assert.deepEqual(parseCredentialHash({ ...good, extra: 1 }), good)
})

test('[A01.FR.08] the fast hash is HMAC-SHA-256, whatever salt and key: stores of before stay valid', async () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
  await fc.assert(
    fc.asyncProperty(bytes(130), bytes(130), async (salt, key) => {
      const hash = createHmac('sha256', salt).update(key).digest('base64')
      const credential = { scheme: 'hmac-sha256', salt: Buffer.from(salt).toString('base64'), hash } as const
      assert.equal(await matches(credential, Buffer.from(key)), true)
    }),
  )
})
