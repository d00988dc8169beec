import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

const call = '[2,"1","Heartbeat",{}]'

test('a frame that breaks RFC 6455 ends the session', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()
  const wrong = {
    '[RFC 6455 5.1] a frame without a mask': frame(call, { mask: null }),
    '[RFC 6455 5.2] a reserved bit': frame(call, { reserved: 4 }),
    '[RFC 6455 5.2] an unknown opcode': frame(call, { opcode: 3 }),
    '[RFC 6455 5.4] a continuation of nothing': frame(call, { opcode: opcodes.continuation }),
    '[RFC 6455 5.5] a ping in fragments': frame('x', { opcode: opcodes.ping, final: false }),
    '[RFC 6455 5.5] a ping that is too long': frame('x'.repeat(126), { opcode: opcodes.ping }),
    '[RFC 6455 5.5.1] a close code that must not be sent': frame(Buffer.of(3, 237), {
      opcode: opcodes.close,
    }),
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const client = await rawSession(proxy, { password })
      const closed = proxy.central.nextClose({ identity: 'CP-1' })
      await assertRefused(proxy, {
        reason: 'frame_invalid',
        listener: 'basic-auth',
        attempt: async () => {
          // An honest message before it still arrives.
          client.write(Buffer.concat([frame(call), bytes]))
          return closeCodeOf(client)
        },
        client: { code: 1002 },
        record: { identity: 'CP-1', event: 'InvalidMessages', address: '127.0.0.1' },
        detail: /^charge-point: /,
        reachesCentralSystem: true,
      })
      assert.equal((await closed).code, 1001)
    })
  }
  const texts = proxy.central.messages().map(({ text }) => text)
  assert.deepEqual(
    texts,
    Object.keys(wrong).map(() => call),
  )
})
