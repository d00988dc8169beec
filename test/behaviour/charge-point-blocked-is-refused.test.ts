import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a charge point that the operator blocked is refused, at once and until it is unblocked', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1')
  await proxy.register('CP-2')
  const issued = await proxy.pki.cpo.chargePoint({ cn: 'SN of CP-2' })
  const chargePoints = {
    'basic-auth-tls': () => proxy.chargePoint('basic-auth-tls'),
    'mutual-tls': () => proxy.withCertificate(issued, { identity: 'CP-2' }),
  }
  for (const listener of ['basic-auth-tls', 'mutual-tls'] as const) {
    await t.test(`[A00.FR.408] on ${listener}`, async () => {
      const make = chargePoints[listener]
      const admitted = make()
      await assertServed(proxy, admitted)
      await admitted.close()
      const { identity } = admitted
      await proxy.store.registry.update(identity, { blocked: true })
      await assertRefused(proxy, {
        reason: 'charge_point_blocked',
        listener,
        attempt: () => refusalOf(make()),
        client: { stage: 'http', httpStatus: 403, body: 'charge_point_blocked\n' },
        record: { identity },
      })
      await proxy.store.registry.update(identity, { blocked: false })
      await assertServed(proxy, make())
    })
  }
})
