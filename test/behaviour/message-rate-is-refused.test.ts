import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('a charge point that sends more messages than allowed loses its session', async (t) => {
  const perMinute = 20
  const proxy = await startProxy(t, { limits: { messagesPerMinute: perMinute } })
  const password = await proxy.register()
  const refused = { reason: 'message_rate', listener: 'basic-auth', reachesCentralSystem: true } as const
  const messages = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, n) => frame(`[2,"${n}","Heartbeat",{}]`)))

  await t.test('[CWE-770] a burst: what was allowed is delivered, then both sides are closed', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        client.write(messages(perMinute * 2))
        return closeCodeOf(client)
      },
      client: { code: 1008 },
      record: { identity: 'CP-1', event: 'InvalidMessages' },
      detail: /^charge-point: more messages/,
    })
    assert.equal((await closed).code, 1001)
    const { length } = proxy.central.messages()
    // A second or two may have passed, and every three seconds one more is allowed.
    assert.ok(length >= perMinute && length < perMinute * 2, `${length} messages`)
  })
  await t.test('[CWE-770] pings count too', async () => {
    const client = await rawSession(proxy, { password })
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        client.write(Buffer.concat(Array(perMinute * 2).fill(frame('', { opcode: 9 }))))
        return closeCodeOf(client)
      },
      client: { code: 1008 },
    })
  })
  await t.test('[CWE-770] a new session goes on with what is left of the budget', async () => {
    const before = proxy.central.messages().length
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        const client = await rawSession(proxy, { password })
        client.write(messages(perMinute))
        return closeCodeOf(client)
      },
      client: { code: 1008 },
    })
    assert.ok(proxy.central.messages().length - before < perMinute)
  })
  await t.test('others are not concerned, and the central system may say as much as it likes', async () => {
    const other = await proxy.register('CP-2')
    const client = await rawSession(proxy, { identity: 'CP-2', password: other })
    const message = proxy.central.nextMessage({ identity: 'CP-2' })
    client.write(frame('[2,"new","Heartbeat",{}]'))
    assert.equal((await message).text, '[2,"new","Heartbeat",{}]')
    for (let n = 0; n < perMinute * 3; n += 1) proxy.central.sendText('CP-2', `[2,"${n}","ClearCache",{}]`)
    const last = `[2,"${perMinute * 3 - 1}","ClearCache",{}]`
    await client.until((heard) => heard.includes(last))
    client.destroy()
  })
})
