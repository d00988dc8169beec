import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { Octt, play } from './octt.ts'

test('[TC_078_CSMS] InvalidCentralSystemCertificate is confirmed and kept', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const { certificate } = await makeAuthority({ name: 'A root that nobody wants' })
  const tool = new Octt(t, proxy, 'CP-1')
  const password = await proxy.register(tool.identity)
  const path = '/charge-points/CP-1/root-certificates'
  const event = {
    type: 'InvalidCentralSystemCertificate',
    timestamp: new Date().toISOString(),
    techInfo: 'the tool does not like it',
  }
  await play(t, tool, [
    [
      '[TC_078_CSMS] it connects',
      async () => {
        await tool.connect('basic-auth-tls', { password })
        await tool.boot()
      },
    ],
    [
      '[TC_078_CSMS][M05.FR.07] InstallCertificate is answered Rejected, and the operator is told',
      async () => {
        const certificateType = 'CentralSystemRootCertificate'
        const answer = boss.ask(proxy, 'POST', path, { certificateType, certificate, preflight: false })
        await tool.expect('InstallCertificate', 'proxy', { status: 'Rejected' })
        assert.partialDeepStrictEqual(await answer, { status: 409, body: { code: 'refused' } })
      },
    ],
    [
      '[TC_078_CSMS][A04.FR.01] the event gets its confirmation, is kept, and stays with the proxy',
      async () => {
        const { result } = await tool.line.call('event-1', 'SecurityEventNotification', event)
        assert.deepEqual(result, {})
        const kept = await proxy.store.events.list({ type: event.type, limit: 9 })
        assert.partialDeepStrictEqual(kept, [{ identity: 'CP-1', origin: 'charge-point', ...event }])
        assert.equal(kept.length, 1)
      },
    ],
  ])
})
