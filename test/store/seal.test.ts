import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { seal, unseal } from '../../src/store/seal.ts'

const key = randomBytes(32)

test('[A01.FR.08] a sealed secret opens with its key and identity only', () => {
  const secret = Buffer.from('upstream secret')
  const sealed = seal(key, 'CP1', secret)
  assert.deepEqual(unseal(key, 'CP1', sealed), secret)
  assert.notEqual(seal(key, 'CP1', secret), sealed)
  assert.doesNotMatch(Buffer.from(sealed.slice(3), 'base64').toString('latin1'), /upstream/)
  assert.throws(() => unseal(key, 'CP2', sealed), { name: 'ProxyError', code: 'unseal_failed' })
  assert.throws(() => unseal(randomBytes(32), 'CP1', sealed), { code: 'unseal_failed' })
  assert.throws(() => seal(randomBytes(16), 'CP1', secret), { code: 'sealing_key_invalid' })
})

test('[A01.FR.08] a changed or cut secret does not open', () => {
  const sealed = Buffer.from(seal(key, 'CP1', Buffer.from('secret')).slice(3), 'base64')
  for (let i = 0; i < sealed.length; i += 1) {
    const changed = Buffer.from(sealed)
    changed[i] = (changed[i] ?? 0) ^ 1
    for (const bytes of [changed, sealed.subarray(0, i)]) {
      assert.throws(() => unseal(key, 'CP1', `v1.${bytes.toString('base64')}`), { code: 'unseal_failed' })
    }
  }
  fc.assert(
    fc.property(fc.string(), (text) =>
      assert.throws(() => unseal(key, 'CP1', text), { code: 'unseal_failed' }),
    ),
  )
})
