import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('after too many wrong passwords the right one is refused as well', async (t) => {
  const proxy = await startProxy(t, { limits: { failuresPerIdentity: 2 } })
  await proxy.register()
  const port = proxy.port('basic-auth')
  for (let count = 0; count < 2; count += 1) {
    await ask({ port }, upgradeRequest({ password: randomBytes(20) }))
  }
  await t.test('[CWE-307] from the same address, on any listener', async () => {
    for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
      await assertRefused(proxy, {
        reason: 'credentials_locked',
        listener,
        attempt: () => refusalOf(proxy.chargePoint(listener)),
        // As for a wrong password: an attacker does not learn that the lock is what stops him.
        client: { stage: 'http', httpStatus: 401, body: 'authentication failed\n' },
        record: { identity: 'CP-1', address: '127.0.0.1' },
        detail: /^until 20/,
      })
    }
  })
})
