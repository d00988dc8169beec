import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a user name that is not the identity is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1')
  await proxy.register('CP-2')
  for (const [listener, ids, usernames] of [
    ['basic-auth', '[A00.FR.204]', ['CP-1Invalid', 'cp-1', 'CP-', '', 'CP-2']],
    ['basic-auth-tls', '[A00.FR.303]', ['CP-1Invalid', 'CP-2']],
  ] as const) {
    for (const username of usernames) {
      await t.test(`${ids}[TC_A_02] ${JSON.stringify(username)} on ${listener}`, async () => {
        await assertRefused(proxy, {
          reason: 'credentials_username',
          listener,
          attempt: () => refusalOf(proxy.chargePoint(listener, { username })),
          client: { stage: 'http', httpStatus: 401, body: 'authentication failed\n' },
          record: { identity: 'CP-1' },
        })
      })
    }
  }
  await t.test('[A00.FR.204] and with its own name it is served', async () => {
    await assertServed(proxy, proxy.chargePoint('basic-auth'))
  })
})
