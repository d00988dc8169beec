import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { type ListenerName, profiles } from '../support/proxy-config.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a charge point is refused on every profile but its own', async (t) => {
  const proxy = await startProxy(t)
  const names = ['basic-auth', 'basic-auth-tls', 'mutual-tls'] as const
  for (const own of names) {
    const identity = `CP of ${own}`
    await proxy.register(identity, { securityProfile: profiles[own] })
    const issued = await proxy.pki.cpo.chargePoint({ cn: `SN of ${identity}` })
    const at = (listener: ListenerName) =>
      listener === 'mutual-tls'
        ? proxy.withCertificate(issued, { identity })
        : proxy.chargePoint(listener, { identity })
    for (const listener of names.filter((name) => name !== own)) {
      await t.test(`[A00.FR.001][A00.FR.002] kept on ${own}, comes on ${listener}`, async () => {
        await assertRefused(proxy, {
          reason: 'profile_mismatch',
          listener,
          attempt: () => refusalOf(at(listener)),
          client: { stage: 'http', httpStatus: 403, body: 'profile_mismatch\n' },
          record: { identity },
          detail: new RegExp(`^kept on profile ${profiles[own]}, came on`),
        })
      })
    }
    await t.test(`[A00.FR.001] kept on ${own}, and served there`, async () => {
      await assertServed(proxy, at(own))
    })
  }
})
