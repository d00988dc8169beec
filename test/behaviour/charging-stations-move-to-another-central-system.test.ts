import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { both, startCsms201 } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { serveBy } from '../support/server-certificate.ts'

const component = { name: 'OCPPCommCtrlr' }
const priority = { component, variable: { name: 'NetworkConfigurationPriority' } }

/** A slot for another central system, at the front of the order. */
function migrateTo(url: string) {
  return [
    [
      'SetNetworkProfile',
      {
        configurationSlot: 2,
        connectionData: {
          ocppVersion: 'OCPP20',
          ocppTransport: 'JSON',
          ocppCsmsUrl: url,
          messageTimeout: 30,
          securityProfile: 2,
          ocppInterface: 'Wired0',
        },
      },
    ],
    ['SetVariables', { setVariableData: [{ attributeValue: '2,1', ...priority }] }],
    ['Reset', { type: 'OnIdle' }],
  ] as const
}

test('a charging station of OCPP 2.0.1 with a new root moves to another central system, and comes back', async (t) => {
  const boss = operator(t)
  const csms = await startCsms201(t)
  const settings = {
    admin: boss.section,
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url: csms.url },
  }
  const old = await makeAuthority({ name: 'Old server root' })
  const next = await old.intermediate({ name: 'Next server root' })
  const here = await startProxy(t, settings)
  await serveBy(here, old)
  await here.register()
  // Another central system's proxy, whose certificate leads to neither root.
  const there: TestProxy = await startProxy(t, settings)
  await there.register()
  const notes: string[] = []
  const station = here.chargePoint('basic-auth-tls', {
    subprotocols: ['ocpp2.0.1'],
    tls: { ca: old.certificate },
    roots: { additionalCheck: true },
    fallback: { attempts: 3 },
    backoff: { initialMs: 1, maxMs: 5 },
    onEvent: (event) => {
      if (event.kind === 'note' || event.kind === 'refused') notes.push(event.detail)
    },
  })
  const link = csms.next()
  await station.connect()
  await station.boot()
  const csmsLink = await link

  await t.test('[M05.FR.10][M05.FR.12] the new root is installed, and the old one is kept', async () => {
    const body = {
      certificateType: 'CentralSystemRootCertificate',
      certificate: next.certificate,
      oldRoot: old.certificate,
    }
    const { body: told } = await boss.ask(here, 'POST', '/charge-points/CP-1/root-certificates', body)
    assert.equal(told.ok, true, JSON.stringify(told))
    assert.equal(station.roots.list('CentralSystemRootCertificate').length, 2)
  })

  await t.test(
    '[M05.FR.15] its certificate is invalid by the new root: as often as NetworkProfileConnectionAttempts says, and with that root',
    async () => {
      const back = csms.next()
      for (const [action, payload] of migrateTo(there.url('basic-auth-tls'))) {
        const answer = await csmsLink.call(action, payload)
        assert.match(JSON.stringify(answer), /Accepted/, action)
      }
      await back
      await station.heartbeat()
      const tries = await there.metrics()
      assert.equal(tries.sum('ocpp_proxy_connections_total'), 0)
      const refused = notes.filter((note) => /certificate/i.test(note) && !/M05/.test(note))
      assert.equal(refused.length, 3, notes.join('\n'))
      assert.ok(!notes.some((note) => /M05\.FR\.14/.test(note)), 'the old root was not tried there')
    },
  )

  await t.test('[M05.FR.16] back on its old network profile it verifies by the old root', async () => {
    assert.ok(notes.some((note) => /M05\.FR\.16/.test(note)))
    assert.equal((await station.heartbeat()).kind, 'result')
    assert.equal(station.roots.list('CentralSystemRootCertificate').length, 2, 'the fallback is there still')
    await station.events.flush()
    const events = await here.store.events.list({ type: 'InvalidCsmsCertificate', limit: 9 })
    assert.equal(events.length, 3)
  })
})
