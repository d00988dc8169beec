import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import {
  createContractPool,
  type EvCertificateRequest,
} from '../../../src/pki/plug-and-charge/contract-pool.ts'
import { startFileServer } from '../../support/file-server.ts'

const request: EvCertificateRequest = {
  iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
  action: 'Install',
  exiRequest: 'gJgCAA==',
}

async function poolOf(t: TestContext, answer: (response: ServerResponse, number: number) => void, more = {}) {
  let number = 0
  const server = await startFileServer(t, (_request, response) => {
    number += 1
    answer(response, number)
  })
  const options = { tls: { ca: null, client: null }, headers: {}, budgetMs: 60_000, concurrency: 2, ...more }
  const pool = createContractPool({ url: new URL(`${server.url}/contracts`), ...options })
  t.after(() => pool.close())
  return { pool, server }
}

const json = (response: ServerResponse, value: unknown): void => void response.end(JSON.stringify(value))

test('[M01.FR.01] the fields go there as JSON, the answer comes back', async (t) => {
  const accepted = { status: 'Accepted', exiResponse: 'gJgCAAAA' }
  const { pool, server } = await poolOf(t, (response) => json(response, { ...accepted, more: 1 }), {
    headers: { authorization: 'Bearer token-of-the-test' },
  })
  assert.deepEqual(await pool.ask(request), { ok: true, ...accepted })
  const [seen] = server.seen
  assert.ok(seen !== undefined)
  assert.deepEqual(JSON.parse(seen.body.toString()), request)
  assert.equal(seen.headers.authorization, 'Bearer token-of-the-test')
  assert.equal(seen.headers['content-type'], 'application/json')
})

test('a refusal of the pool may carry what the vehicle is to hear', async (t) => {
  const { pool } = await poolOf(t, (response, number) =>
    json(response, number === 1 ? { status: 'Failed', exiResponse: 'AAAA' } : { status: 'Failed' }),
  )
  assert.deepEqual(await pool.ask(request), { ok: true, status: 'Failed', exiResponse: 'AAAA' })
  assert.deepEqual(await pool.ask(request), { ok: true, status: 'Failed', exiResponse: '' })
})

test('an answer that is none has failed, and is asked for once', async (t) => {
  const bodies: readonly unknown[] = [
    'text',
    [],
    null,
    {},
    { status: 'accepted', exiResponse: 'AAAA' },
    { status: 'Accepted' },
    { status: 'Accepted', exiResponse: '' },
    { status: 'Accepted', exiResponse: 7 },
    { status: 'Accepted', exiResponse: 'no base64!' },
    { status: 'Accepted', exiResponse: 'A'.repeat(5604) },
    { status: 'Accepted', exiResponse: 'A'.repeat(100_000) },
  ]
  const { pool, server } = await poolOf(t, (response, number) => json(response, bodies[number - 1]))
  for (const body of bodies)
    assert.equal((await pool.ask(request)).ok, false, JSON.stringify(body)?.slice(0, 60))
  assert.equal(server.seen.length, bodies.length)
})

test('one more attempt where the first failed at once, and no third', async (t) => {
  const { pool, server } = await poolOf(t, (response, number) => {
    if (number === 1) response.socket?.destroy()
    else if (number === 2) json(response, { status: 'Accepted', exiResponse: 'AAAA' })
    else response.writeHead(503).end()
  })
  assert.equal((await pool.ask(request)).ok, true)
  assert.equal(server.seen.length, 2)
  assert.deepEqual(await pool.ask(request), { ok: false, detail: 'the pool answered 503' })
  assert.equal(server.seen.length, 4)
})

test('a status that will not change is not asked for again', async (t) => {
  const { pool, server } = await poolOf(t, (response) => void response.writeHead(400).end('{}'))
  assert.deepEqual(await pool.ask(request), { ok: false, detail: 'the pool answered 400' })
  assert.equal(server.seen.length, 1)
})

test('silence ends with the budget; who comes above the bound fails at once', async (t) => {
  const waiting = Promise.withResolvers<ServerResponse>()
  const { pool } = await poolOf(t, (response) => waiting.resolve(response), { concurrency: 1 })
  const slow = pool.ask(request)
  const response = await waiting.promise
  assert.deepEqual(await pool.ask(request), { ok: false, detail: '1 requests are under way already' })
  json(response, { status: 'Accepted', exiResponse: 'AAAA' })
  assert.equal((await slow).ok, true)
  const { pool: silent } = await poolOf(t, () => {}, { budgetMs: 300, concurrency: 1 })
  for (const _ of [1, 2])
    assert.deepEqual(await silent.ask(request), { ok: false, detail: 'no answer within 300 ms' })
})
