import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('what is no OCPP-J message ends the session', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()
  const refused = { reason: 'message_invalid', listener: 'basic-auth', reachesCentralSystem: true } as const
  const wrong = [
    ['[OCPP-J 4] no JSON', frame('hello'), 1007],
    ['[OCPP-J 4] no array', frame('{"a":1}'), 1007],
    ['[OCPP-J 4] no type', frame('[]'), 1007],
    ['[OCPP-J 4] a CALL without an id', frame('[2,{},"Heartbeat",{}]'), 1007],
    ['[OCPP-J 4] a CALL that breaks off', frame('[2,"1","Heartbeat"'), 1007],
    ['[RFC 6455 5.6] no UTF-8', frame(Buffer.from('[2,"1","Heart\xffbeat",{}]', 'latin1')), 1007],
    ['[RFC 6455 5.6] a binary message', frame('[2,"1","Heartbeat",{}]', { opcode: opcodes.binary }), 1003],
  ] as const
  for (const [name, bytes, code] of wrong) {
    await t.test(name, async () => {
      const client = await rawSession(proxy, { password })
      const closed = proxy.central.nextClose()
      await assertRefused(proxy, {
        ...refused,
        attempt: async () => {
          client.write(bytes)
          return closeCodeOf(client)
        },
        client: { code },
        record: { identity: 'CP-1', event: 'InvalidMessages' },
        detail: /^charge-point: /,
      })
      assert.equal((await closed).code, 1001)
      assert.equal(proxy.central.messages().length, 0, 'nothing of it was forwarded')
    })
  }
  await t.test('[OCPP-J 4] from the central system', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        proxy.central.sendText('CP-1', 'hello')
        return closeCodeOf(client)
      },
      client: { code: 1001 },
      detail: /^central-system: /,
    })
    assert.equal((await closed).code, 1007)
  })
})
