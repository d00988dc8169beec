import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcodes, type ReadFrame, readFrames } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { behindHead } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('a peer that is silent and does not answer a ping is taken for gone', async (t) => {
  const proxy = await startProxy(t, { limits: { idle: '1s', pingTimeout: '5s' } })
  const password = await proxy.register()
  const refused = { reason: 'idle_timeout', listener: 'basic-auth', reachesCentralSystem: true } as const

  await t.test('[RFC 6455 5.5.2] the charge point: pinged, then closed on both sides', async () => {
    const closed = proxy.central.nextClose()
    let frames: readonly ReadFrame[] = []
    await assertRefused(proxy, {
      ...refused,
      // It reads, but answers nothing.
      attempt: async () => {
        const client = await rawSession(proxy, { password })
        const seen = await closeCodeOf(client)
        frames = readFrames(behindHead(client.heard))
        return seen
      },
      client: { code: 1001 },
      record: { identity: 'CP-1', event: null },
      detail: /^charge-point is silent/,
    })
    assert.equal(frames[0]?.opcode, opcodes.ping)
    assert.equal((await closed).code, 1001)
  })
  await t.test('[RFC 6455 5.5.2] the central system', async () => {
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        const chargePoint = proxy.chargePoint('basic-auth')
        await chargePoint.connect()
        proxy.central.mute('CP-1')
        return chargePoint.closed()
      },
      client: { code: 1001 },
      detail: /^central-system is silent/,
    })
  })
})
