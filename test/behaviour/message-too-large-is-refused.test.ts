import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('a message that is larger than allowed ends the session', async (t) => {
  const proxy = await startProxy(t, { limits: { messageBytes: 2048 } })
  const password = await proxy.register()
  const [head, tail] = ['[2,"1","DataTransfer",{"vendorId":"V","data":"', '"}]']
  const messageOf = (bytes: number) => head + 'x'.repeat(bytes - head.length - tail.length) + tail
  const large = messageOf(2049)
  const fragments = Buffer.concat([
    frame(large.slice(0, 2000), { final: false }),
    frame(large.slice(2000), { opcode: 0 }),
  ])
  const refused = { reason: 'message_too_large', listener: 'basic-auth', reachesCentralSystem: true } as const

  for (const [what, bytes] of [
    ['in one frame', frame(large)],
    ['announced, and never sent', frame(large).subarray(0, 14)],
    ['in fragments', fragments],
  ] as const) {
    await t.test(`[RFC 6455 7.4.1][CWE-770] ${what}`, async () => {
      const client = await rawSession(proxy, { password })
      const closed = proxy.central.nextClose()
      await assertRefused(proxy, {
        ...refused,
        attempt: async () => {
          client.write(bytes)
          return closeCodeOf(client)
        },
        client: { code: 1009 },
        detail: /^charge-point: \d+ bytes, 2048 allowed/,
      })
      assert.equal((await closed).code, 1001)
      assert.equal(proxy.central.messages().length, 0, 'nothing of it was forwarded')
    })
  }
  await t.test('[CWE-770] from the central system', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        proxy.central.sendText('CP-1', large)
        return closeCodeOf(client)
      },
      client: { code: 1001 },
      detail: /^central-system: /,
    })
    assert.equal((await closed).code, 1009)
  })
  await t.test('and the largest that is allowed arrives', async () => {
    const client = await rawSession(proxy, { password })
    const message = proxy.central.nextMessage()
    client.write(frame(messageOf(2048)))
    assert.equal((await message).text, messageOf(2048))
    client.destroy()
  })
})
