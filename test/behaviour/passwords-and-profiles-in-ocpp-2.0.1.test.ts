import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import type { RPCClient } from 'ocpp-rpc'
import { both, foreignStation, type StationLink, startCsms201 } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { secret } from '../support/secrets.ts'

type Entry = { attributeValue: string; component: { name: string }; variable: { name: string } }
const variable = (component: string, name: string, attributeValue: string) => ({
  setVariableData: [{ attributeValue, component: { name: component }, variable: { name } }],
})
const password = (value: string) => variable('SecurityCtrlr', 'BasicAuthPassword', secret('password', value))
const networkProfile = (configurationSlot: number, securityProfile: number) => ({
  configurationSlot,
  connectionData: {
    ocppVersion: 'OCPP20',
    ocppTransport: 'JSON',
    ocppCsmsUrl: 'wss://proxy.example.com/ocpp',
    messageTimeout: 30,
    securityProfile,
    ocppInterface: 'Wired0',
  },
})

/** Answers as it is told to; what it was asked is kept. */
function obey(client: RPCClient, status: { variables: string; profile: string }) {
  const asked = Object.assign([] as { action: string; params: unknown }[], { heard: new EventEmitter() })
  client.handle('SetVariables', async ({ params }) => {
    asked.push({ action: 'SetVariables', params })
    asked.heard.emit('SetVariables')
    const { setVariableData } = params as { setVariableData: Entry[] }
    return {
      setVariableResult: setVariableData.map(({ component, variable }) => ({
        attributeStatus: status.variables,
        component,
        variable,
      })),
    }
  })
  client.handle('SetNetworkProfile', async ({ params }) => {
    asked.push({ action: 'SetNetworkProfile', params })
    return { status: status.profile }
  })
  return asked
}

async function statusOf(answer: Promise<Record<string, unknown>>): Promise<unknown> {
  const { status, setVariableResult } = await answer
  return (
    status ?? (setVariableResult as { attributeStatus: string }[]).map((one) => one.attributeStatus).join()
  )
}

test('passwords and security profiles in OCPP 2.0.1', async (t) => {
  const csms = await startCsms201(t)
  const admin = operator(t)
  const proxy = await startProxy(t, {
    admin: admin.section,
    listeners: { 'basic-auth': both, 'basic-auth-tls': both, 'mutual-tls': both },
    centralSystem201: { url: csms.url },
    messages: { overInsecureProfiles: { profile1: { passwords: 'refuse', profile: 'refuse' } } },
    passwords: { acceptedGrace: '0s' },
  })
  let current = await proxy.register()
  const status = { variables: 'Accepted', profile: 'Accepted' }
  const connect = async (own: Buffer, listener: 'basic-auth' | 'basic-auth-tls' = 'basic-auth-tls') => {
    const client = foreignStation(t, proxy, listener, { password: own })
    const asked = obey(client, status)
    const link = csms.next()
    await client.connect()
    return { client, asked, station: (await link) as StationLink }
  }
  const isAdmitted = async (own: Buffer) => {
    const to = { port: proxy.port('basic-auth-tls'), tls: {} }
    const request = upgradeRequest({ protocols: 'ocpp2.0.1', password: own })
    await assertRefused(proxy, {
      reason: 'credentials_invalid',
      listener: 'basic-auth-tls',
      attempt: () => ask(to, request),
      client: { status: 401 },
    })
  }

  await t.test(
    '[TC_A_10_CSMS][A01.FR.04] a password that is rejected: the old one keeps working',
    async () => {
      status.variables = 'Rejected'
      const { client, station } = await connect(current)
      const next = 'a-password-it-rejects'
      assert.equal(await statusOf(station.call('SetVariables', password(next))), 'Rejected')
      await client.call('Heartbeat', {})
      await client.close()
      await isAdmitted(Buffer.from(next))
      await (await connect(current)).client.close()
    },
  )

  await t.test('[TC_A_09][A01.FR.03] one that is accepted ends the old one', async () => {
    status.variables = 'Accepted'
    const { client, station } = await connect(current)
    const next = Buffer.from('0123456789abcdefABCDEF-plain-text-40-ch.')
    assert.equal(await statusOf(station.call('SetVariables', password(next.toString()))), 'Accepted')
    await client.close()
    await (await connect(next)).client.close()
    await isAdmitted(current)
    current = next
  })

  await t.test(
    '[A01] what cannot be a password is answered here, for every variable of the CALL',
    async () => {
      const { client, station, asked } = await connect(current)
      for (const wrong of ['too-short', 'x'.repeat(41)]) {
        const both = {
          setVariableData: [...password(wrong).setVariableData, ...variable('C', 'V', '1').setVariableData],
        }
        assert.equal(await statusOf(station.call('SetVariables', both)), 'Rejected,Rejected')
      }
      assert.equal(asked.length, 0)
      assert.equal(await statusOf(station.call('SetVariables', variable('C', 'V', '1'))), 'Accepted')
      assert.equal(asked.length, 1, 'what is about something else passes')
      await client.close()
    },
  )

  await t.test('[A01] an operator rotates it, and the login proves it', async () => {
    const { client, asked } = await connect(current)
    const rotation = admin.ask(proxy, 'POST', '/charge-points/CP-1/password', {})
    await once(asked.heard, 'SetVariables')
    const [call] = asked
    assert.ok(call !== undefined)
    const [entry] = (call.params as { setVariableData: Entry[] }).setVariableData
    assert.equal(entry?.component.name, 'SecurityCtrlr')
    assert.match(entry?.attributeValue ?? '', /^[0-9A-F]{40}$/)
    current = Buffer.from(secret('password', entry?.attributeValue ?? ''))
    await client.close()
    const back = await connect(current)
    assert.partialDeepStrictEqual((await rotation).body, { ok: true })
    await back.client.close()
  })

  await t.test(
    '[A00.FR.005][A05.FR.09] a lower profile is refused here, a higher one is let in',
    async () => {
      const { client, station, asked } = await connect(current)
      assert.equal(await statusOf(station.call('SetNetworkProfile', networkProfile(1, 1))), 'Rejected')
      assert.equal(
        await statusOf(station.call('SetVariables', variable('SecurityCtrlr', 'SecurityProfile', '1'))),
        'Rejected',
      )
      assert.equal(asked.length, 0)
      assert.equal(await statusOf(station.call('SetNetworkProfile', networkProfile(2, 2))), 'Accepted')
      assert.equal((await proxy.store.registry.get('CP-1'))?.upgradeTo, null)
      assert.equal(await statusOf(station.call('SetNetworkProfile', networkProfile(3, 3))), 'Accepted')
      assert.equal((await proxy.store.registry.get('CP-1'))?.upgradeTo, 3)
      const order = variable('OCPPCommCtrlr', 'NetworkConfigurationPriority', '3,2')
      assert.equal(await statusOf(station.call('SetVariables', order)), 'Accepted')
      assert.equal(asked.length, 3)
      for (const action of ['SetNetworkProfile', 'SetVariables']) {
        await proxy.log.wait(`a refused ${action}`, (line) => line.action === action && 'why' in line)
      }
      await client.close()
    },
  )

  await t.test(
    '[A05.FR.09][TC_A_19] the first success there shuts the lower one, in slots too',
    async (t) => {
      const certificate = await proxy.pki.cpo.chargePoint()
      const client = foreignStation(t, proxy, 'mutual-tls', { certificate })
      const asked = obey(client, status)
      const link = csms.next()
      await client.connect()
      await client.call('Heartbeat', {})
      const station = await link
      assert.equal((await proxy.store.registry.get('CP-1'))?.securityProfile, 3)
      const order = variable('OCPPCommCtrlr', 'NetworkConfigurationPriority', '3, 2')
      assert.equal(await statusOf(station.call('SetVariables', order)), 'Rejected')
      assert.equal(asked.length, 0)
      const fine = variable('OCPPCommCtrlr', 'NetworkConfigurationPriority', '3')
      assert.equal(await statusOf(station.call('SetVariables', fine)), 'Accepted')
      await client.close()
      await assertRefused(proxy, {
        reason: 'profile_mismatch',
        listener: 'basic-auth-tls',
        attempt: () =>
          ask(
            { port: proxy.port('basic-auth-tls'), tls: {} },
            upgradeRequest({ protocols: 'ocpp2.0.1', password: current }),
          ),
        client: { status: 403 },
      })
    },
  )

  await t.test('[A00.FR.206] over profile 1 nothing about passwords or profiles passes', async () => {
    await proxy.store.registry.update('CP-1', { securityProfile: null, upgradeTo: null })
    const { client, station, asked } = await connect(current, 'basic-auth')
    await assert.rejects(
      station.call('SetVariables', password('another-password-of-it')),
      /SecurityError|refused/,
    )
    await assert.rejects(station.call('SetNetworkProfile', networkProfile(1, 1)), /SecurityError|refused/)
    assert.equal(asked.length, 0)
    await client.close()
  })
})
