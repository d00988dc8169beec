import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

test('a charge point that comes with a factory password ends on profile 3', async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s', endOnProfile: 3 },
  })
  await proxy.register('CP-1', { onboarding: expectedOnboarding('password', null, 1) })
  const chargePoint = new FactoryChargePoint(proxy, {
    identity: 'CP-1',
    serialNumber: 'SN-0001',
    certificate: null,
    listener: 'basic-auth-tls',
  })
  chargePoint.begin()
  await chargePoint.accepted()
  await t.test(
    '[A00.FR.801] [A00.FR.805] [A01.FR.03] [A02.FR.01] [A05.FR.07] with a password and a certificate of the operator',
    async () => {
      assert.equal(chargePoint.present.securityProfile, 3)
      assert.ok(chargePoint.installed !== null)
      assert.partialDeepStrictEqual(await proxy.store.registry.get('CP-1'), {
        onboarding: null,
        credentialChange: null,
        securityProfile: 3,
        upgradeTo: null,
      })
      await proxy.log.wait(
        'the last step',
        ({ msg, operation }) => msg === 'operation ended' && operation === 'upgrade-profile',
      )
      const steps = proxy.log.all
        .filter(({ msg }) => msg === 'operation ended')
        .map(({ operation, ok }) => [operation, ok])
      assert.deepEqual(steps, [
        ['rotate-password', true],
        ['renew-certificate', true],
        ['upgrade-profile', true],
      ])
    },
  )
  await t.test('[A00.FR.806] the central system saw one connection, from profile 3', () => {
    assert.equal(proxy.centralEvents.filter(({ kind }) => kind === 'connected').length, 1)
    const [first] = proxy.central.messages('CP-1')
    assert.ok(first?.message?.kind === 'call' && first.message.action === 'BootNotification')
  })
  await chargePoint.close()
})
