import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isActionName201 } from '../../src/ocpp/actions-201.ts'
import { createMessageSchemas201 } from '../../src/ocpp/message-schemas.ts'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { commandLine } from '../support/command-line.ts'
import { both } from '../support/csms-201.ts'
import { until } from '../support/elsewhere.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

const day = 86_400_000

test('certificates of a charging station of OCPP 2.0.1, served by the proxy', async (t) => {
  const boss = operator(t)
  const central = createCentralSystem({ subprotocols: ['ocpp2.0.1'] })
  const { url } = await central.listen()
  t.after(() => central.close())
  const proxy = await startProxy(t, {
    admin: boss.section,
    certificateAuthority: { ...localAuthority, requestsPerHour: 100 },
    listeners: { 'mutual-tls': both },
    centralSystem201: { url, certificates: 'serve' },
  })
  await proxy.register()
  const old = await proxy.pki.cpo.chargePoint({ days: 20 })
  const events: SimulatorEvent[] = []
  const station = proxy.withCertificate(old, {
    subprotocols: ['ocpp2.0.1'],
    cpoName: 'Example CPO',
    model: { serialNumber: 'SN-0001' },
    tls: { ca: [proxy.pki.serverRoot, proxy.pki.cpo.certificate] },
    renewBeforeMs: 30 * day,
    certificateBehaviour: { namesType: false },
    onEvent: (event) => events.push(event),
  })
  const phase = (wanted: string) =>
    until(async () => {
      if (station.isOpen) await station.heartbeat()
      return (await proxy.store.renewals.get('CP-1'))?.phase === wanted
    })
  const renew = (body = {}) => boss.ask(proxy, 'POST', '/charge-points/CP-1/certificate', body)
  await station.connect()
  await station.boot()

  await t.test(
    '[A02.FR.02][A03.FR.01][A03.FR.02][A03.FR.03][A03.FR.06][A03.FR.11] it renews a month before the end',
    async () => {
      await phase('accepted')
      assert.deepEqual(await proxy.store.denied.list({ limit: 9 }), [], 'both are valid')
      await station.close()
      await station.connect()
      await phase('seen')
      const [entry] = await proxy.store.denied.list({ limit: 9 })
      assert.equal(entry?.by, 'superseded')
      await assert.rejects(proxy.withCertificate(old, { subprotocols: ['ocpp2.0.1'] }).connect())
    },
  )
  await t.test(
    '[A02.FR.01][A02.FR.11][A02.FR.13] an operator renews it, OrganizationName first',
    async () => {
      station.configuration.put('CpoName', 'Of the factory')
      station.behaveAboutCertificates({ namesType: true, reconnects: true })
      const { body } = await renew({ setCpoName: true, reconnect: true, timeoutSeconds: 30 })
      assert.deepEqual(body, {
        identity: 'CP-1',
        ok: true,
        detail: 'it has connected with the new certificate',
      })
      assert.equal(station.configuration.get('CpoName'), 'Example CPO')
      assert.partialDeepStrictEqual(await proxy.store.renewals.get('CP-1'), {
        certificateType: 'ChargingStationCertificate',
        maxChainSize: 10_000,
      })
    },
  )
  await t.test('[A02.FR.07][A02.FR.12][A03.FR.12] what goes wrong leaves it with what it has', async () => {
    await phase('seen')
    const { certificateFingerprint } = (await proxy.store.renewals.get('CP-1')) ?? {}
    for (const [change, error] of [
      [{ request: 'foreign-cn' }, 'request_rejected'],
      [{ request: 'wrong-organization' }, 'request_rejected'],
      [{ request: 'good', trigger: 'NotImplemented' }, 'not_supported'],
      [{ trigger: 'Accepted', signed: 'reject' }, 'refused'],
    ] as const) {
      station.behaveAboutCertificates(change)
      const { status, body } = await renew()
      assert.deepEqual([status, body.error], [409, error], JSON.stringify(change))
    }
    const denied = await proxy.store.denied.list({ limit: 9 })
    assert.ok(!denied.some(({ target }) => JSON.stringify(target).includes(String(certificateFingerprint))))
    await until(async () => {
      const stored = await proxy.store.events.list({ limit: 99 })
      return stored.some(
        ({ type, origin }) => type === 'InvalidChargingStationCertificate' && origin === 'charge-point',
      )
    })
  })
  await t.test('[A02.FR.01] a campaign renews it', async () => {
    station.behaveAboutCertificates({ signed: 'obey' })
    const begun = await commandLine(
      proxy,
      boss,
    )(
      'campaign create renew-certificates --expiring 3000 --reconnect --any-time --canary 0 --attempts 1 --json',
    )
    assert.equal(begun.code, 0, begun.err)
    const { id } = JSON.parse(begun.out)
    await proxy.log.wait('the end', ({ campaign, state }) => campaign === id && state === 'finished')
    const { body } = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
    assert.partialDeepStrictEqual(body.items, [{ identity: 'CP-1', state: 'done' }])
  })
  await t.test('[A02.FR.11] every message keeps its schema, and the central system sees none of them', () => {
    const schemas = createMessageSchemas201()
    for (const event of events) {
      if (event.kind !== 'sent' && event.kind !== 'received') continue
      const { message } = event
      if (message.kind === 'error') continue
      assert.ok(isActionName201(message.action), message.action)
      const violation = schemas.check(
        message.action,
        message.kind === 'call' ? 'call' : 'result',
        message.payload,
      )
      assert.equal(violation, null, message.action)
    }
    const actions = new Set(central.messages('CP-1').map(({ text }) => JSON.parse(text)[2]))
    assert.ok(!actions.has('SignCertificate'))
    assert.ok(actions.has('SecurityEventNotification'), 'it knows that one, so it passes')
  })
})
