import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('a charge point that is not registered is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1')
  const password = { bytes: Buffer.alloc(20, 7), form: 'raw' } as const
  const stranger = { identity: 'CP-9', password } as const
  for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
    await t.test(`[OCPP-J 3.2][CWE-306] with some password on ${listener}`, async () => {
      await assertRefused(proxy, {
        reason: 'charge_point_unknown',
        listener,
        attempt: () => refusalOf(proxy.chargePoint(listener, stranger)),
        client: { stage: 'http', httpStatus: 401, body: 'authentication failed\n' },
        record: { identity: 'CP-9' },
        detail: /"CP-9" is not registered/,
      })
    })
  }
  await t.test(
    '[OCPP-J 3.2] with the certificate of another one: 404, there is nothing to hide',
    async () => {
      const issued = await proxy.pki.cpo.chargePoint()
      await assertRefused(proxy, {
        reason: 'charge_point_unknown',
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(issued, stranger)),
        client: { stage: 'http', httpStatus: 404 },
        record: { identity: 'CP-9' },
      })
    },
  )
})
