import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { startProxy } from '../support/proxy.ts'
import { refusalOf } from '../support/refused.ts'

const withoutFactory = {
  certificates: [{ certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' }],
  names: ['localhost'],
  clientCertificates: { trust: ['cpo-root.pem'] },
}
const profiles = { 'basic-auth': 1, 'basic-auth-tls': 2 } as const

for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
  test(`[A00.FR.805] [A00.FR.806] [A01.FR.03] a factory password on ${listener} is replaced before the central system sees anything`, async (t) => {
    const proxy = await startProxy(t, {
      // Factory certificates are no matter of this test, and need an authority.
      listeners: { 'mutual-tls': { tls: withoutFactory } },
      onboarding: { bootInterval: '1s' },
    })
    const factory = await proxy.register('CP-1', {
      onboarding: expectedOnboarding('password', null, Date.now()),
    })
    // Its first status is answered once it was accepted.
    const { promise: accepted, resolve } = Promise.withResolvers<void>()
    const chargePoint = proxy.chargePoint(listener, {
      backoff: { initialMs: 10, maxMs: 100 },
      onEvent: (event) => {
        if (event.kind !== 'received' || event.message.kind !== 'result') return
        if (event.message.action === 'StatusNotification') resolve()
      },
    })
    const running = chargePoint.run({ transact: false })
    const done = await proxy.log.wait('the end of the onboarding', ({ msg }) => msg === 'onboarding done')
    assert.match(String(done.detail), new RegExp(`^it is on profile ${profiles[listener]} with credentials`))
    await accepted

    await t.test('[A00.FR.806] the central system saw one connection, and Boot was its first message', () => {
      assert.equal(proxy.centralEvents.filter(({ kind }) => kind === 'connected').length, 1)
      const [first] = proxy.central.messages('CP-1')
      assert.ok(first?.message?.kind === 'call' && first.message.action === 'BootNotification')
    })

    await t.test('[A00.FR.805] record, metrics, events and API tell the same', async () => {
      const record = await proxy.store.registry.get('CP-1')
      assert.partialDeepStrictEqual(record, {
        onboarding: null,
        credentialChange: null,
        securityProfile: profiles[listener],
      })
      const metrics = await proxy.metrics()
      assert.equal(metrics.sum('ocpp_proxy_onboardings_total', { result: 'done' }), 1)
      assert.equal(metrics.sum('ocpp_proxy_onboarding_sessions'), 0)
      // Stored, then logged.
      await proxy.log.wait('the event', ({ type }) => type === 'OnboardingDone')
      const events = await proxy.store.events.list({ identity: 'CP-1', type: 'OnboardingDone', limit: 9 })
      assert.equal(events.length, 1)
    })

    await chargePoint.close()
    await running
    await t.test('[A01.FR.03] the factory password is no good any more', async () => {
      const again = proxy.chargePoint(listener, { password: { bytes: factory, form: 'raw' } })
      assert.equal((await refusalOf(again)).httpStatus, 401)
    })
    await t.test('and with its own it is served at once', async () => {
      await chargePoint.connect()
      assert.partialDeepStrictEqual(await chargePoint.heartbeat(), { kind: 'result' })
    })
  })
}
