import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { locationOf, startLogProxy, upload } from '../support/log-proxy.ts'
import { Octt, play } from './octt.ts'

for (const method of ['PUT', 'POST'] as const) {
  test(`[TC_079_CSMS] a security log is asked for, uploaded by ${method} and kept`, async (t) => {
    const { proxy, boss, logs, content } = await startLogProxy(t)
    const tool = new Octt(t, proxy, 'CP-1')
    const password = await proxy.register(tool.identity)
    const log = randomBytes(300_000)
    let [url, requestId, statuses] = [new URL('http://nowhere.invalid'), 0, 0]
    const report = async (status: string) => {
      statuses += 1
      const payload = { status, requestId }
      const { result } = await tool.line.call(`status-${statuses}`, 'LogStatusNotification', payload)
      assert.deepEqual(result, {})
    }
    const operation = Promise.withResolvers<unknown>()
    await play(t, tool, [
      [
        '[TC_079_CSMS] it connects',
        async () => {
          await tool.connect('basic-auth-tls', { password })
          await tool.boot()
        },
      ],
      [
        '[TC_079_CSMS][N01.FR.01] GetLog has the type, a request id and a place to upload to',
        async () => {
          const path = '/charge-points/CP-1/logs'
          const from = '2026-11-01T00:00:00.000Z'
          operation.resolve(boss.ask(proxy, 'POST', path, { logType: 'SecurityLog', from, retries: 2 }))
          const asked = await tool.expect('GetLog', 'proxy', { status: 'Accepted', filename: 'security.log' })
          assert.partialDeepStrictEqual(asked, {
            logType: 'SecurityLog',
            retries: 2,
            log: { oldestTimestamp: from },
          })
          requestId = Number(asked.requestId)
          assert.ok(Number.isInteger(requestId) && requestId > 0)
          url = locationOf(asked)
        },
      ],
      ['[TC_079_CSMS][N01.FR.01] Uploading is confirmed', () => report('Uploading')],
      [
        '[TC_079_CSMS] the log is taken at that place, once',
        async () => {
          const place = method === 'PUT' ? new URL('security.log', url) : url
          const headers = {
            'Content-Type': 'text/plain',
            'Content-Disposition': 'attachment; filename="security.log"',
          }
          assert.equal((await upload(place, log, { method, headers }))?.status, 201)
          assert.equal((await upload(place, log, { method, headers }))?.status, 404)
        },
      ],
      ['[TC_079_CSMS][N01.FR.01] Uploaded is confirmed', () => report('Uploaded')],
      [
        '[TC_079_CSMS] the operator hears of it, and reads it byte by byte',
        async () => {
          assert.partialDeepStrictEqual(await operation.promise, { status: 200, body: { ok: true } })
          const [row] = await logs()
          assert.partialDeepStrictEqual(row, {
            requestId,
            answer: 'Accepted',
            status: 'Uploaded',
            fileName: 'security.log',
            upload: { bytes: log.length, contentType: 'text/plain' },
          })
          const { status, body } = await content(row?.id ?? '')
          assert.equal(status, 200)
          assert.ok(body.equals(log))
        },
      ],
    ])
  })
}
