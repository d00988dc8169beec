import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/elsewhere.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { closeCodeOf, rawSession } from '../support/sessions.ts'

test('SIGTERM drains: nobody new, open CALLs are answered, sessions end with 1001, exit 0', async (t) => {
  const answer = Promise.withResolvers<void>()
  const proxy = await startProxy(t, {
    central: {
      answer: async () => {
        await answer.promise
        return { kind: 'result', payload: { currentTime: '2026-01-01T00:00:00Z' } }
      },
    },
    drain: { timeout: '10s' },
  })
  const password = await proxy.register('CP-1')
  await proxy.register('CP-2')
  const port = proxy.port('basic-auth')
  const busy = proxy.chargePoint('basic-auth', { identity: 'CP-2' })
  await busy.connect()
  const asked = proxy.central.nextMessage()
  const heartbeat = busy.heartbeat()
  await asked
  const waiting = await RawClient.connect({ port })
  waiting.write(upgradeRequest({ password }).slice(0, 40))
  // It is at the gate once what was sent before it is; a whole session shows that.
  const idle = await rawSession(proxy, { password })

  await t.test('who is at the gate is told to come back', async () => {
    await assertRefused(proxy, {
      reason: 'draining',
      listener: 'basic-auth',
      attempt: async () => {
        proxy.process.signal('SIGTERM')
        return readAnswer((await waiting.over()).bytes)
      },
      client: { status: 503, headers: { 'retry-after': '10' } as never, body: 'draining\n' },
      reachesCentralSystem: true,
    })
  })
  await t.test('readiness says so, and the port is closed', async () => {
    const { status, body } = await proxy.readiness()
    assert.equal(status, 503)
    assert.deepEqual(body.problems, ['the proxy is shutting down'])
    await assert.rejects(RawClient.connect({ port }), { code: 'ECONNREFUSED' })
  })
  await t.test('an open CALL gets its answer before 1001', async () => {
    answer.resolve()
    assert.equal((await heartbeat).kind, 'result')
    assert.equal((await closeCodeOf(idle)).code, 1001)
    assert.equal((await busy.closed()).code, 1001)
    assert.equal(await proxy.process.exit, 0)
    await until(async () => proxy.central.closes().length >= 2)
    assert.deepEqual(
      proxy.central.closes().map(({ code }) => code),
      [1001, 1001],
    )
  })
})
