import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcodes, readFrames } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { behindHead } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('a peer that is silent and does not answer a ping is taken for gone', async (t) => {
  const proxy = await startProxy(t, { limits: { idle: '1s', pingTimeout: '1s' } })
  const password = await proxy.register()
  const refused = { reason: 'idle_timeout', listener: 'basic-auth', reachesCentralSystem: true } as const

  await t.test('[RFC 6455 5.5.2] the charge point: pinged, then closed on both sides', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    await assertRefused(proxy, {
      ...refused,
      // It reads, but answers nothing.
      attempt: () => closeCodeOf(client),
      client: { code: 1001 },
      record: { identity: 'CP-1', event: null },
      detail: /^charge-point is silent/,
    })
    const frames = readFrames(behindHead(client.heard))
    assert.equal(frames[0]?.opcode, opcodes.ping)
    assert.equal((await closed).code, 1001)
  })
  await t.test('[RFC 6455 5.5.2] the central system', async () => {
    const chargePoint = proxy.chargePoint('basic-auth')
    await chargePoint.connect()
    proxy.central.mute('CP-1')
    await assertRefused(proxy, {
      ...refused,
      attempt: () => chargePoint.closed(),
      client: { code: 1001 },
      detail: /^central-system is silent/,
    })
  })
})
