import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, framesOf, rawSession } from '../support/sessions.ts'

test('one identity has one connection', async (t) => {
  const proxy = await startProxy(t, { central: { duplicateIdentity: 'refuse' } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')

  await t.test('[CWE-613][OCPP-J 3.1] the old one lives: one from elsewhere is refused', async () => {
    const old = await rawSession(proxy, { password })
    await assertRefused(proxy, {
      reason: 'duplicate_identity',
      listener: 'basic-auth',
      attempt: async () => {
        const answer = ask({ port, localAddress: '127.0.0.2' }, upgradeRequest({ password }))
        const [ping] = await framesOf(old, 1)
        assert.equal(ping?.opcode, opcodes.ping)
        old.write(frame(ping?.payload ?? '', { opcode: opcodes.pong }))
        return answer
      },
      client: { status: 409, headers: { 'retry-after': '10' } as never, body: 'duplicate_identity\n' },
      record: { identity: 'CP-1', address: '127.0.0.2' },
    })
    const message = proxy.central.nextMessage()
    old.write(frame('[2,"1","Heartbeat",{}]'))
    await message
    old.destroy()
    await proxy.central.nextClose()
  })

  await t.test('[CWE-613] one from the same address replaces it, after its end upstream', async () => {
    const old = await rawSession(proxy, { password })
    const closed = closeCodeOf(old).then(({ code }) => code)
    const next = await rawSession(proxy, { password })
    assert.equal(await closed, 1001)
    assert.deepEqual(proxy.central.identities(), ['CP-1'])
    next.destroy()
    await proxy.central.nextClose()
  })

  await t.test('[CWE-613] a half-open one is replaced, from wherever the new one comes', async () => {
    const dead = await rawSession(proxy, { password })
    // It reads the ping, and never answers it.
    const next = await rawSession(proxy, { password, localAddress: '127.0.0.2' })
    assert.equal((await closeCodeOf(dead)).code, 1001)
    next.destroy()
    await proxy.central.nextClose()
  })

  await t.test('[CWE-613] who cannot prove to be it does not disturb it', async () => {
    const old = await rawSession(proxy, { password })
    const answer = await ask({ port }, upgradeRequest({ password: Buffer.alloc(20) }))
    assert.equal(answer.status, 401)
    const message = proxy.central.nextMessage()
    old.write(frame('[2,"2","Heartbeat",{}]'))
    await message
    old.destroy()
  })
})
