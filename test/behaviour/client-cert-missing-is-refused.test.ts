import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('profile 3 without a client certificate is refused, even with a right password', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await t.test(`[A00.FR.401][A00.FR.407] ${maxVersion}`, async () => {
      await assertRefused(proxy, {
        reason: 'client_cert_missing',
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.chargePoint('mutual-tls', { tls: { maxVersion } })),
        client: closedBeforeHttp,
        record: { identity: null },
        detail: /sent no certificate/,
      })
    })
  }
  await t.test('[A00.FR.402][TC_087] and with its certificate it is served', async () => {
    await assertServed(proxy, proxy.withCertificate(await proxy.pki.cpo.chargePoint()))
  })
})
