import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('what a central system answers instead of 101 is passed on', async (t) => {
  let status = 404
  const central = createServer()
  central.on('upgrade', (_request, socket) => {
    socket.end(
      `HTTP/1.1 ${status} Whatever\r\nRetry-After: 77\r\nX-Secret: yes\r\nContent-Length: 6\r\n\r\ninside`,
    )
  })
  central.listen(0, '127.0.0.1')
  await once(central, 'listening')
  t.after(() => central.close())
  const url = `ws://127.0.0.1:${(central.address() as AddressInfo).port}/ocpp`
  const proxy = await startProxy(t, { central: null, centralSystem: { url } })
  const password = await proxy.register()

  for (const [theirs, ours] of [
    [401, 401],
    [404, 404],
    [409, 409],
    [503, 503],
    // Nothing that a charge point could follow, or take for a success.
    [302, 502],
    [200, 502],
  ] as const) {
    await t.test(`[OCPP-J 3.2] ${theirs}`, async () => {
      status = theirs
      const answers: object[] = []
      await assertRefused(proxy, {
        reason: 'central_system_refused',
        listener: 'basic-auth',
        attempt: async () => {
          const answer = await ask({ port: proxy.port('basic-auth') }, upgradeRequest({ password }))
          answers.push(answer.headers)
          return answer
        },
        client: { status: ours, body: 'central_system_refused\n' },
        record: { identity: 'CP-1', detail: `it answered ${theirs}` },
        reachesCentralSystem: true,
      })
      assert.partialDeepStrictEqual(answers[0], { 'retry-after': '77' })
      assert.ok(!Object.hasOwn(answers[0] ?? {}, 'x-secret'), 'no other header goes out')
    })
  }
})
