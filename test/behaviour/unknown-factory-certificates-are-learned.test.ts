import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('a factory certificate that nobody registered is learned, where an operator wants that', async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s', unknownChargePoints: 'learn' },
  })
  const certificate = await proxy.pki.factory.chargePoint({ cn: 'SN-NEW', o: 'Factory' })
  const chargePoint = new FactoryChargePoint(proxy, {
    identity: 'CP-NEW',
    serialNumber: 'SN-NEW',
    certificate,
  })
  chargePoint.begin()
  await chargePoint.accepted()
  await t.test('[A00.FR.803] [A00.FR.805] with its serial number, and onboarded', async () => {
    assert.partialDeepStrictEqual(await proxy.store.registry.get('CP-NEW'), {
      learned: true,
      serialNumber: 'SN-NEW',
      securityProfile: 3,
      onboarding: null,
    })
  })
  await chargePoint.close()
  await t.test('[A00.FR.429] [CWE-306] the serial number belongs to one identity from then on', async () => {
    const other = await proxy.pki.factory.chargePoint({ cn: 'SN-NEW', o: 'Factory' })
    await assertRefused(proxy, {
      reason: 'client_cert_organization',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(other, { identity: 'CP-OTHER' })),
      client: { httpStatus: null },
      record: { identity: null },
      detail: /"CP-NEW" is not registered for onboarding/,
    })
  })
})
