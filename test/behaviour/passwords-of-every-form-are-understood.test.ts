import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PasswordForm } from '../../src/policy/facts.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed, refusalOf } from '../support/refused.ts'

test('a key is understood in every form that charge points send it in, and the form is kept', async (t) => {
  const proxy = await startProxy(t)
  const key = Buffer.from('c3280d0a3a80ffee0123456789abcdef00112233', 'hex')
  await proxy.register('CP-1', { password: key })
  const text = Buffer.from('a key that a person chose')
  await proxy.register('CP-2', { password: text, isText: true })

  for (const [listener, id] of [
    ['basic-auth', 'A00.FR.205'],
    ['basic-auth-tls', 'A00.FR.304'],
  ] as const) {
    const cases: readonly (readonly [string, Buffer, PasswordForm])[] = [
      ['CP-1', key, 'raw'],
      ['CP-1', key, 'hex-lower'],
      ['CP-1', key, 'hex-upper'],
      ['CP-2', text, 'text'],
    ]
    for (const [identity, bytes, form] of cases) {
      await t.test(`[${id}] ${form} on ${listener}`, async () => {
        await proxy.store.registry.update(identity, { securityProfile: null })
        const chargePoint = proxy.chargePoint(listener, { identity, password: { bytes, form } })
        await assertServed(proxy, chargePoint)
        await chargePoint.close()
        assert.equal((await proxy.store.registry.get(identity))?.passwordForm, form)
      })
    }
    await t.test(
      `[${id}] a text that is not the password, however it is written, on ${listener}`,
      async () => {
        for (const form of ['hex-lower', 'hex-upper'] as const) {
          const password = { bytes: text, form }
          const seen = await refusalOf(proxy.chargePoint(listener, { identity: 'CP-2', password }))
          assert.equal(seen.httpStatus, 401)
        }
      },
    )
  }
})
