import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

const day = 86_400_000

const expiredOf = ({ pki }: TestProxy) =>
  pki.cpo.chargePoint({ notBefore: Date.now() - 400 * day, notAfter: Date.now() - day })

for (const edition of [3, 4] as const) {
  test(`edition ${edition}, and a certificate that has expired`, async (t) => {
    const proxy = await startProxy(t, {
      edition,
      certificateAuthority: localAuthority,
      onboarding: { bootInterval: '1s', retry: { initial: '1h', max: '1h' } },
    })
    await proxy.register('CP-1', { securityProfile: 3 })
    const certificate = await expiredOf(proxy)
    if (edition === 3) {
      await t.test('[A00.FR.407] is refused', async () => {
        await assertRefused(proxy, {
          reason: 'client_cert_expired',
          listener: 'mutual-tls',
          attempt: () => refusalOf(proxy.withCertificate(certificate)),
          client: closedBeforeHttp,
          record: { identity: null },
        })
      })
      return
    }
    await t.test('[A00.FR.430] [A00.FR.431] [A00.FR.807] gets a new one, and is served then', async () => {
      const chargePoint = new FactoryChargePoint(proxy, {
        identity: 'CP-1',
        serialNumber: 'SN-0001',
        certificate,
      })
      chargePoint.begin()
      await chargePoint.accepted()
      assert.partialDeepStrictEqual(await proxy.store.registry.get('CP-1'), {
        onboarding: null,
        securityProfile: 3,
      })
      const connections = proxy.centralEvents.filter(({ kind }) => kind === 'connected')
      assert.equal(connections.length, 1)
      await chargePoint.close()
    })
    await t.test('[A00.FR.430] [A02.FR.08] and its old one is no way in again', async () => {
      await assertRefused(proxy, {
        reason: 'client_cert_expired',
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(certificate)),
        client: closedBeforeHttp,
        record: { identity: null },
        detail: /has come with a newer certificate/,
      })
    })
    await t.test(
      '[A00.FR.806] one that takes none waits outside, and loses nothing of what it has to say',
      async () => {
        await proxy.register('CP-2', { securityProfile: 3, serialNumber: 'SN-2' })
        const expired = await proxy.pki.cpo.chargePoint({
          cn: 'SN-2',
          notBefore: Date.now() - 400 * day,
          notAfter: Date.now() - day,
        })
        const chargePoint = new FactoryChargePoint(proxy, {
          identity: 'CP-2',
          serialNumber: 'SN-2',
          certificate: expired,
          takes: 'reject',
        })
        await chargePoint.present.connect()
        await chargePoint.present.boot()
        await chargePoint.present.closed()
        assert.partialDeepStrictEqual((await proxy.store.registry.get('CP-2'))?.onboarding, {
          via: 'expired-certificate',
          state: 'failed',
        })
        await assertRefused(proxy, {
          reason: 'client_cert_expired',
          listener: 'mutual-tls',
          attempt: () => refusalOf(proxy.withCertificate(expired, { identity: 'CP-2' })),
          client: closedBeforeHttp,
          record: { identity: null },
          detail: /the last renewal failed, and the next try is from/,
        })
      },
    )
  })
}
