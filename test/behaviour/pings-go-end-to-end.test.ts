import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { openRawCentral } from '../support/raw-central.ts'
import { upgraded, upgradeRequest } from '../support/raw-client.ts'
import { framesOf } from '../support/sessions.ts'

test('[RFC 6455 5.5.2] pings and pongs are those of the peers, byte for byte', async (t) => {
  const central = await openRawCentral(t)
  const proxy = await startProxy(t, { central: null, centralSystem: { url: central.url } })
  const password = await proxy.register()
  const dialled = central.next()
  const request = upgradeRequest({ password })
  const connecting = upgraded({ port: proxy.port('basic-auth') }, request)
  const link = await dialled
  link.socket.write(await link.acceptance())
  const client = await connecting

  await t.test('of the charge point, and no pong but that of the central system', async () => {
    const ping = frame('from the charge point', { opcode: opcodes.ping })
    client.write(ping)
    await link.until(() => link.frames.length >= ping.length)
    assert.deepEqual(link.frames, ping)
    link.socket.write(frame('from the charge point', { opcode: opcodes.pong, mask: null }))
    const [pong] = await framesOf(client, 1)
    assert.deepEqual(pong, { opcode: opcodes.pong, payload: Buffer.from('from the charge point') })
  })
  await t.test('of the central system, between the fragments of a message', async () => {
    const [start, end] = ['[2,"1","GetConf', 'iguration",{}]']
    link.socket.write(
      Buffer.concat([
        frame(start, { final: false, mask: null }),
        frame('from the central system', { opcode: opcodes.ping, mask: null }),
        frame(end, { opcode: opcodes.continuation, mask: null }),
      ]),
    )
    const frames = (await framesOf(client, 4)).slice(1)
    assert.ok(frames.some(({ opcode, payload }) => opcode === 9 && payload.includes('from the central')))
    const message = frames.filter(({ opcode }) => opcode < 8).map(({ payload }) => payload.toString())
    assert.equal(message.join(''), start + end)
    const pong = frame('from the central system', { opcode: opcodes.pong })
    const before = link.frames.length
    client.write(pong)
    await link.until(() => link.frames.length >= before + pong.length)
    assert.deepEqual(link.frames.subarray(before), pong)
  })
  client.destroy()
})
