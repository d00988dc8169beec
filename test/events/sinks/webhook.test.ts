import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseRetryAfter, WebhookSink } from '../../../src/events/sinks/webhook.ts'
import { sharedAuthority } from '../../support/authority.ts'
import { securityEvent } from '../../support/memory-events.ts'
import { secret } from '../../support/secrets.ts'
import { keep } from '../../support/transcript.ts'

const record = (id: number) => ({ id, ...securityEvent() })
const signal = () => new AbortController().signal
const now = () => 1_700_000_000_500
const ours = secret('webhook secret', 'a secret of ours')

interface Taken {
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

async function receiver(context: TestContext, answer: Answer, tls?: { cert: string; key: string }) {
  const taken: Taken[] = []
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    keep('sink', JSON.stringify(request.headers) + body)
    taken.push({ headers: request.headers, body })
    answer(response, request)
  }
  const server = tls ? https.createServer(tls, onRequest) : http.createServer(onRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `${tls ? 'https' : 'http'}://localhost:${port}/hook?token=hidden`
  const open = (more: { secret?: string; timeout?: number; ca?: string } = {}) =>
    new WebhookSink(
      { url, secret: more.secret ?? null, batch: 10, timeout: more.timeout ?? 60_000 },
      { ca: more.ca, now },
    )
  return { taken, open }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end('whatever')

test('a POST of a JSON array, signed over timestamp and body', async (context) => {
  const { taken, open } = await receiver(context, status(204))
  const outcome = await open({ secret: ours }).send([record(1), record(2)], signal())
  assert.deepEqual(outcome, { kind: 'delivered' })
  const { headers, body } = taken[0] ?? { headers: {}, body: '' }
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['ocpp-proxy-timestamp'], '1700000000')
  const expected = createHmac('sha256', ours).update(`1700000000.${body}`).digest('hex')
  assert.equal(headers['ocpp-proxy-signature'], `sha256=${expected}`)
  assert.deepEqual(
    JSON.parse(body).map(({ id }: { id: number }) => id),
    [1, 2],
  )
})

test('without a secret there is no signature', async (context) => {
  const { taken, open } = await receiver(context, status(200))
  await open().send([record(1)], signal())
  assert.equal(taken[0]?.headers['ocpp-proxy-signature'], undefined)
})

for (const [code, loud] of [
  [500, false],
  [503, false],
  [429, false],
  [408, false],
  [400, true],
  [401, true],
  [404, true],
  [302, true],
] as const) {
  test(`HTTP ${code} is no confirmation${loud ? ', and an operator has to look' : ''}`, async (context) => {
    const { taken, open } = await receiver(
      context,
      status(code, { location: '/elsewhere', 'retry-after': '7' }),
    )
    const outcome = await open().send([record(1)], signal())
    assert.deepEqual(outcome, {
      kind: 'failed',
      detail: `the answer was HTTP ${code}`,
      retryAfterMs: 7_000,
      ...(loud ? { needsOperator: true } : {}),
    })
    assert.equal(taken.length, 1, 'redirects are not followed')
  })
}

test('[principle 5] a receiver that is slow, silent or endless has its bound', async (context) => {
  const silent = await receiver(context, () => {})
  const late = await silent.open({ timeout: 100 }).send([record(1)], signal())
  assert.match(late.kind === 'failed' ? late.detail : '', /no answer within 100 ms/)
  const endless = await receiver(context, (response) => {
    response.writeHead(200)
    response.on('error', () => {})
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  assert.deepEqual(await endless.open().send([record(1)], signal()), { kind: 'delivered' })
})

test('a receiver that breaks off, or is not there, is told without its URL', async (context) => {
  const { open } = await receiver(context, (response) => response.destroy())
  const outcome = await open().send([record(1)], signal())
  assert.equal(outcome.kind, 'failed')
  assert.ok(!JSON.stringify(outcome).includes('hidden'))
  const closing = new AbortController()
  const silent = await receiver(context, () => closing.abort())
  assert.equal((await silent.open().send([record(1)], closing.signal)).kind, 'failed')
})

test('https: the receiver is checked against the roots given', async (context) => {
  const authority = await sharedAuthority()
  const { certificate, key } = await authority.server()
  const { taken, open } = await receiver(context, status(200), { cert: certificate, key })
  assert.equal((await open().send([record(1)], signal())).kind, 'failed')
  assert.equal(taken.length, 0)
  assert.deepEqual(await open({ ca: authority.certificate }).send([record(1)], signal()), {
    kind: 'delivered',
  })
})

test('RFC 9110 10.2.3: Retry-After as seconds or as a date, and never beyond an hour', () => {
  assert.equal(parseRetryAfter(undefined, 0), null)
  assert.equal(parseRetryAfter('soon', 0), null)
  assert.equal(parseRetryAfter('0', 0), 0)
  assert.equal(parseRetryAfter('999999999', 0), 3_600_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 10_000), 50_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 10_000), 0)
})
