import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a charge point goes from profile to profile, and never back', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  const issued = await proxy.pki.cpo.chargePoint()
  const profileUrls = {
    1: proxy.url('basic-auth'),
    2: proxy.url('basic-auth-tls'),
    3: proxy.url('mutual-tls'),
  }
  const tls = { certificate: issued.chain, key: issued.key }
  const chargePoint = proxy.chargePoint('basic-auth', {
    profileUrls,
    tls,
    backoff: { initialMs: 1, maxMs: 10 },
  })
  await assertServed(proxy, chargePoint)

  for (const [from, to, listener] of [
    [1, 2, 'basic-auth'],
    [2, 3, 'basic-auth-tls'],
  ] as const) {
    await t.test(
      `[A05.FR.08] ${from} to ${to}: the old one is served until the new one is seen`,
      async () => {
        await chargePoint.close()
        await proxy.store.registry.update('CP-1', { upgradeTo: to })
        await assertServed(proxy, chargePoint)
        assert.equal((await proxy.store.registry.get('CP-1'))?.securityProfile, from)
      },
    )
    await t.test(`[TC_083] ${from} to ${to}: ChangeConfiguration, Reset, and back on ${to}`, async () => {
      const payload = { key: 'SecurityProfile', value: String(to) }
      const back = proxy.central.nextConnection()
      const changed = await proxy.central.send('CP-1', 'ChangeConfiguration', payload)
      assert.partialDeepStrictEqual(changed, { kind: 'result', payload: { status: 'Accepted' } })
      await back
      const booted = proxy.central.nextMessage({ action: 'BootNotification' })
      await proxy.central.send('CP-1', 'Reset', { type: 'Hard' })
      await booted
      assert.equal(chargePoint.securityProfile, to)
      const kept = await proxy.store.registry.get('CP-1')
      assert.partialDeepStrictEqual(kept, { securityProfile: to, upgradeTo: null })
    })
    await t.test(`[TC_083][A05.FR.09] the old profile ${from} is refused afterwards`, async () => {
      await assertRefused(proxy, {
        reason: 'profile_mismatch',
        listener,
        attempt: () => refusalOf(proxy.chargePoint(listener)),
        client: { stage: 'http', httpStatus: 403 },
        record: { identity: 'CP-1' },
      })
    })
  }
  await t.test('[TC_083] and the new one goes on', async () => {
    assert.equal((await chargePoint.heartbeat()).kind, 'result')
  })
})
