import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('TLS below 1.2 is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  const issued = await proxy.pki.cpo.chargePoint()
  const identity = { certificate: issued.chain, key: issued.key }
  const listeners = [
    ['basic-auth-tls', '[A00.FR.312][A00.FR.314]'],
    ['mutual-tls', '[A00.FR.416][A00.FR.418]'],
  ] as const

  for (const [listener, ids] of listeners) {
    for (const maxVersion of ['TLSv1', 'TLSv1.1'] as const) {
      await t.test(`${ids}[TC_A_06] ${maxVersion} on ${listener}`, async () => {
        await assertRefused(proxy, {
          reason: 'tls_version',
          listener,
          attempt: () => refusalOf(proxy.chargePoint(listener, { tls: { ...identity, maxVersion } })),
          client: { stage: 'tls', tlsAlert: 'protocol_version' },
          record: { identity: null, event: 'InvalidTLSVersion' },
          detail: new RegExp(`^the highest version offered is ${maxVersion}, the lowest allowed TLSv1.2`),
        })
      })
    }
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await t.test(`${ids}[TC_A_06][TC_086] and ${maxVersion} on ${listener} is served`, async () => {
        const chargePoint = proxy.chargePoint(listener, { tls: { ...identity, maxVersion } })
        await assertServed(proxy, chargePoint)
        await chargePoint.close()
        await proxy.store.registry.update('CP-1', { securityProfile: null })
      })
    }
  }
})
