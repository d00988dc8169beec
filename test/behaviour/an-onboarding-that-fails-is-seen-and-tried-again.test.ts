import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { until } from '../support/elsewhere.ts'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

const settings = {
  certificateAuthority: localAuthority,
  onboarding: { bootInterval: '1s', retry: { initial: '1s', max: '2s' } },
}

test('a charge point that refuses its certificate stays in onboarding, with the reason', async (t) => {
  const proxy = await startProxy(t, settings)
  const serialNumber = 'SN-0001'
  await proxy.register('CP-1', { onboarding: expectedOnboarding('certificate', null, 1) })
  const certificate = await proxy.pki.factory.chargePoint({ o: 'Factory' })
  const stubborn = new FactoryChargePoint(proxy, {
    identity: 'CP-1',
    serialNumber,
    certificate,
    takes: 'reject',
  })
  stubborn.begin()
  const failed = (count: number) =>
    proxy.log.wait('a failure', ({ msg, failures }) => msg === 'onboarding failed' && failures === count)
  const line = await failed(1)

  await t.test('[A00.FR.805] log, record, event and metric say why', async () => {
    assert.match(String(line.detail), /gets a certificate of the operator \(A02\): it answered Rejected/)
    const present = async () => (await proxy.store.registry.get('CP-1'))?.onboarding
    let onboarding = await present()
    // Between two tries: the next one begins a second later.
    await until(async () => {
      onboarding = await present()
      return onboarding?.state === 'failed'
    })
    assert.partialDeepStrictEqual(onboarding, { state: 'failed', via: 'certificate' })
    assert.match(onboarding?.detail ?? '', /it answered Rejected/)
    assert.ok((onboarding?.failures ?? 0) >= 1 && onboarding?.notBefore !== null)
    const metrics = await proxy.metrics()
    assert.ok(metrics.sum('ocpp_proxy_onboardings_total', { result: 'failed' }) >= 1)
    assert.equal(metrics.sum('ocpp_proxy_onboardings_total', { result: 'done' }), 0)
  })

  await t.test('[A00.FR.805] it is tried again with a later boot, on the same connection', async () => {
    const again = await failed(2)
    assert.match(String(again.detail), /it answered Rejected/)
    await proxy.log.wait('the event', ({ type }) => type === 'OnboardingFailed')
    const [event] = await proxy.store.events.list({ identity: 'CP-1', type: 'OnboardingFailed', limit: 1 })
    assert.match(event?.techInfo ?? '', /^onboarding failed \(\d\): .*next try from/)
  })

  await t.test('[A00.FR.806] the central system knows nothing of it', () => {
    assert.deepEqual(proxy.centralEvents, [])
  })
  await stubborn.close()

  await t.test('[A00.FR.805] and once it takes one, it is served', async () => {
    const willing = new FactoryChargePoint(proxy, { identity: 'CP-1', serialNumber, certificate })
    willing.begin()
    await willing.accepted()
    assert.equal((await proxy.store.registry.get('CP-1'))?.onboarding, null)
    await willing.close()
  })
})

test('[A00.FR.404] a charge point that keeps another name than the operator shows it in its request', async (t) => {
  const proxy = await startProxy(t, settings)
  await proxy.register('CP-1', { onboarding: expectedOnboarding('certificate', null, 1) })
  const certificate = await proxy.pki.factory.chargePoint({ o: 'Factory' })
  const chargePoint = new FactoryChargePoint(proxy, {
    identity: 'CP-1',
    serialNumber: 'SN-0001',
    certificate,
    keepsName: true,
  })
  chargePoint.begin()
  const { detail } = await proxy.log.wait('a failure', ({ msg }) => msg === 'onboarding failed')
  assert.match(String(detail), /csr_organization.*\(CpoName: it answered NotSupported\)/)
  await chargePoint.close()
})

test('a charge point that refuses a new password is let in with its old one, and held in Pending', async (t) => {
  const proxy = await startProxy(t, {
    // Factory certificates are no matter of this test, and need an authority.
    listeners: {
      'mutual-tls': {
        tls: {
          certificates: [{ certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' }],
          names: ['localhost'],
          clientCertificates: { trust: ['cpo-root.pem'] },
        },
      },
    },
    onboarding: settings.onboarding,
  })
  await proxy.register('CP-1', { onboarding: expectedOnboarding('password', null, Date.now()) })
  const boots: unknown[] = []
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    backoff: { initialMs: 10, maxMs: 100 },
    behaviour: { authorizationKey: 'refuse' },
    onEvent: ({ kind, ...event }) => {
      if (kind !== 'received' || !('message' in event) || event.message.kind !== 'result') return
      if (event.message.action === 'BootNotification') boots.push(event.message.payload.status)
    },
  })
  const running = chargePoint.run({ transact: false })
  const failed = (count: number) =>
    proxy.log.wait('a failure', ({ msg, failures }) => msg === 'onboarding failed' && failures === count)

  await t.test('[A01.FR.05] [A01.FR.04] it is tried again, and it stays in Pending meanwhile', async () => {
    assert.match(String((await failed(1)).detail), /gets a new password \(A01\): it answered Rejected/)
    await failed(2)
    assert.ok(boots.length >= 2 && boots.every((status) => status === 'Pending'), String(boots))
    assert.deepEqual(proxy.centralEvents, [])
  })
  await t.test('[A01.FR.04] the old password opens a connection still', async () => {
    const from = proxy.log.all.length
    chargePoint.terminate()
    const back = await proxy.log.wait('its return', ({ msg }) => msg === 'charge point connected', from)
    await proxy.log.wait(
      'a failure there',
      ({ msg }) => msg === 'onboarding failed',
      proxy.log.all.indexOf(back),
    )
    assert.ok(chargePoint.isOpen)
  })
  await t.test('[A01.FR.05] once it takes one, it is served', async () => {
    const served = proxy.central.nextMessage({ action: 'BootNotification' })
    chargePoint.behave({ authorizationKey: 'accept' })
    await proxy.log.wait('the end', ({ msg }) => msg === 'onboarding done')
    await served
  })
  await chargePoint.close()
  await running
})
