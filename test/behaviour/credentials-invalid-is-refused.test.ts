import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a wrong password is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
    const requirement = listener === 'basic-auth' ? 'A00.FR.205' : 'A00.FR.304'
    await t.test(`[${requirement}][TC_A_03] on ${listener}`, async () => {
      const password = { bytes: randomBytes(20), form: 'raw' } as const
      await assertRefused(proxy, {
        reason: 'credentials_invalid',
        listener,
        attempt: () => refusalOf(proxy.chargePoint(listener, { password })),
        client: { stage: 'http', httpStatus: 401 },
        record: { identity: 'CP-1', address: '127.0.0.1' },
        detail: /^the password is wrong$/,
      })
    })
  }
  await t.test('[TC_A_03] and the right one is served afterwards', async () => {
    await assertServed(proxy, proxy.chargePoint('basic-auth'))
  })
})
