import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, startCsms201 } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('an operator takes a charging station of OCPP 2.0.1 from profile 2 to 3', async (t) => {
  const boss = operator(t)
  const csms = await startCsms201(t)
  const settings = {
    admin: boss.section,
    listeners: { 'basic-auth-tls': both, 'mutual-tls': both },
    certificateAuthority: localAuthority,
    centralSystem201: { url: csms.url, certificates: 'serve' },
  } as const
  const proxy = await startProxy(t, settings)
  const password = await proxy.register('CP-1', { securityProfile: 2 })
  const station = proxy.chargePoint('basic-auth-tls', {
    subprotocols: ['ocpp2.0.1'],
    cpoName: 'Example CPO',
    model: { serialNumber: 'SN-0001' },
    tls: { ca: [proxy.pki.serverRoot, proxy.pki.cpo.certificate] },
    backoff: { initialMs: 1, maxMs: 10 },
  })
  await station.connect()
  await station.boot()
  const upgrade = async () =>
    (
      await boss.ask(proxy, 'POST', '/charge-points/CP-1/security-profile', {
        to: 3,
        resetAfterRebootRequired: true,
        timeoutSeconds: 30,
      })
    ).body

  await t.test('[A05.FR.05] nobody has said how it gets there: nothing is sent', async () => {
    const told = await upgrade()
    assert.partialDeepStrictEqual(told, { code: 'prerequisite' })
    assert.match(String(told.detail), /networkProfiles/)
  })
  const way = { securityProfile: 3, url: proxy.url('mutual-tls'), slot: 2 }
  assert.equal(await proxy.reload({ ...settings, profileUpgrade: { networkProfiles: [way] } }), 'reloaded')
  await t.test('[A05.FR.04] it has no certificate, and gets one', async () => {
    assert.match(String((await upgrade()).detail), /no certificate of this charge point is known/)
    const { body } = await boss.ask(proxy, 'POST', '/charge-points/CP-1/certificate', {})
    assert.equal(body.ok, true, JSON.stringify(body))
  })
  await t.test(
    '[A05.FR.06][A05.FR.07][A05.FR.09] a slot, the order, Reset, and it is there for good',
    async () => {
      assert.partialDeepStrictEqual(await upgrade(), { ok: true, detail: 'it is on profile 3' })
      assert.equal(station.securityProfile, 3)
      assert.equal((await station.heartbeat()).kind, 'result')
      assert.equal(station.configuration.get('SecurityProfile'), '3')
      await assertRefused(proxy, {
        reason: 'profile_mismatch',
        listener: 'basic-auth-tls',
        attempt: () =>
          ask(
            { port: proxy.port('basic-auth-tls'), tls: {} },
            upgradeRequest({ protocols: 'ocpp2.0.1', password }),
          ),
        client: { status: 403 },
      })
    },
  )
  await t.test('the central system saw none of it', () => {
    const seen = csms.calls.map(({ action }) => action)
    assert.deepEqual([...new Set(seen)].sort(), ['BootNotification', 'Heartbeat'])
  })
})
