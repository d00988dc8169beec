import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a certificate that is not the one of this charge point is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1', { serialNumber: 'SN-0001' })
  await proxy.register('CP-10', { serialNumber: 'SN-00010' })
  await proxy.register('CP-new', { serialNumber: null })
  const own = await proxy.pki.cpo.chargePoint({ cn: 'SN-0001' })
  const refused = { reason: 'client_cert_common_name', listener: 'mutual-tls' } as const

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await t.test(`[A00.FR.405][TC_A_08] nobody has this serial number, ${maxVersion}`, async () => {
      const stranger = await proxy.pki.cpo.chargePoint({ cn: 'SN-9999' })
      await assertRefused(proxy, {
        ...refused,
        attempt: () => refusalOf(proxy.withCertificate(stranger, { tls: { maxVersion } })),
        client: closedBeforeHttp,
        record: { identity: null },
        detail: /no charge point with serial number "SN-9999"/,
      })
    })
    await t.test(`[A00.FR.405] the valid certificate of another charge point, ${maxVersion}`, async () => {
      const other = await proxy.pki.cpo.chargePoint({ cn: 'SN-00010' })
      await assertRefused(proxy, {
        ...refused,
        attempt: () => refusalOf(proxy.withCertificate(other, { tls: { maxVersion } })),
        client: { stage: 'http', httpStatus: 403, body: 'client_cert_common_name\n' },
        record: { identity: 'CP-1' },
        detail: /"SN-00010" is not the registered serial number "SN-0001"/,
      })
    })
  }
  await t.test('[A00.FR.405] a charge point without a registered serial number', async () => {
    await assertRefused(proxy, {
      ...refused,
      attempt: () => refusalOf(proxy.withCertificate(own, { identity: 'CP-new' })),
      client: { stage: 'http', httpStatus: 403 },
      record: { identity: 'CP-new' },
      detail: /no serial number is registered/,
    })
  })
  await t.test('[A00.FR.405][TC_A_08] and its own one is served afterwards', async () => {
    await assertServed(proxy, proxy.withCertificate(own))
  })
})
