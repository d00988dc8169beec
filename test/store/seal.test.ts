import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
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
      assert.throws(() => unseal(key, 'CP1', `v2.${bytes.toString('base64')}`), { code: 'unseal_failed' })
    }
  }
  fc.assert(
    fc.property(fc.string(), (text) =>
      assert.throws(() => unseal(key, 'CP1', text), { code: 'unseal_failed' }),
    ),
  )
})

/** As version 1 sealed: the name alone was authenticated. */
function sealedBefore(name: string, secret: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(`v1.${name}`))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
}

test('[A01.FR.08] a secret of one purpose is none of another, whatever a charge point is called', () => {
  const secret = Buffer.from('secret')
  for (const name of ['CP1', 'ticket-secret', 'replicas']) {
    const sealed = seal(key, name, secret, 'ticket-secret')
    assert.deepEqual(unseal(key, name, sealed, 'ticket-secret'), secret)
    assert.throws(() => unseal(key, name, sealed), { code: 'unseal_failed' })
    assert.throws(() => unseal(key, name, seal(key, name, secret), 'replica-message'), {
      code: 'unseal_failed',
    })
  }
})

test('what an older version sealed opens still, where it cannot be of another purpose', () => {
  assert.equal(unseal(key, 'CP1', sealedBefore('CP1', 'password')).toString(), 'password')
  assert.throws(() => unseal(key, 'CP2', sealedBefore('CP1', 'password')), { code: 'unseal_failed' })
  const tickets = sealedBefore('ticket-secret', 'tickets')
  assert.equal(unseal(key, 'ticket-secret', tickets, 'ticket-secret').toString(), 'tickets')
  assert.throws(() => unseal(key, 'ticket-secret', tickets), { code: 'unseal_failed' })
  const message = sealedBefore('replicas', '{}')
  assert.throws(() => unseal(key, 'replicas', message, 'replica-message'), { code: 'unseal_failed' })
  assert.throws(() => unseal(key, 'replicas', message), { code: 'unseal_failed' })
})
