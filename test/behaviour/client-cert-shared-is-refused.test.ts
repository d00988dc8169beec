import { test } from 'node:test'
import { keyPairOf } from '../support/authority.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('one key never serves two charge points', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1', { serialNumber: 'SN-0001' })
  await proxy.register('CP-2', { serialNumber: 'SN-0002' })
  const first = await proxy.pki.cpo.chargePoint({ cn: 'SN-0001' })
  const second = await proxy.pki.cpo.chargePoint({ cn: 'SN-0002', key: keyPairOf(first) })
  await assertServed(proxy, proxy.withCertificate(first))

  await t.test('[A00.FR.427] a certificate of its own, but the key of the other one', async () => {
    await assertRefused(proxy, {
      reason: 'client_cert_shared',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(second, { identity: 'CP-2' })),
      client: { stage: 'http', httpStatus: 403, body: 'client_cert_shared\n' },
      record: { identity: 'CP-2' },
      detail: /the key belongs to "CP-1"/,
    })
  })
  await t.test('[A00.FR.427] and with a key of its own it is served', async () => {
    const own = await proxy.pki.cpo.chargePoint({ cn: 'SN-0002' })
    await assertServed(proxy, proxy.withCertificate(own, { identity: 'CP-2' }))
  })
})
