import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a request that does not come whole in time is refused', async (t) => {
  const proxy = await startProxy(t, { limits: { requestTimeout: '200ms' } })
  const password = await proxy.register()
  const request = upgradeRequest({ password })
  for (const [what, part] of [
    ['no byte', ''],
    ['half a request', request.slice(0, request.length / 2)],
    ['all but the last byte', request.slice(0, -1)],
  ] as const) {
    for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
      await t.test(`[CWE-400] ${what} on ${listener}`, async () => {
        const tls = listener === 'basic-auth' ? {} : { tls: {} }
        await assertRefused(proxy, {
          reason: 'request_timeout',
          listener,
          attempt: () => ask({ port: proxy.port(listener), ...tls }, part),
          client: { status: 408, body: 'request_timeout\n' },
          record: { identity: null },
          detail: /within 200 ms/,
        })
      })
    }
  }
})
