import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { type FirstBytes, type FirstBytesOptions, readFirstBytes } from '../../src/gate/first-bytes.ts'
import { socketPair } from '../relay/sockets.ts'
import { helloOfNode } from './hello/captures.ts'
import { buildHeader } from './proxy-header.ts'

const hello = await helloOfNode({ servername: 'ocpp.example.com' })
const header = buildHeader({})
const both: FirstBytesOptions = { expectProxyHeader: true, expectHello: true }

/** Reads the first bytes of a connection on which `speak` speaks; `next` is what the socket holds then. */
async function read(
  options: FirstBytesOptions,
  speak: (far: Socket) => void,
  rest = 0,
): Promise<{ result: FirstBytes; next: Buffer }> {
  const { near, far } = await socketPair()
  near.on('error', () => {})
  far.on('error', () => {})
  try {
    const reading = readFirstBytes(near, options)
    speak(far)
    const result = await reading
    let next = Buffer.alloc(0)
    if (result.ok) {
      near.on('data', (chunk: Buffer) => {
        next = Buffer.concat([next, chunk])
      })
      near.resume()
      while (next.length < rest) await once(near, 'data')
    }
    return { result, next }
  } finally {
    near.destroy()
    far.destroy()
  }
}

test('[PROXY v2][RFC 8446 4.1.2] header and hello, split at every byte: the same, and nothing is lost', async () => {
  const bytes = Buffer.concat([header, hello])
  const places = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
  for (let from = 0; from < places.length; from += 64) {
    await Promise.all(
      places.slice(from, from + 64).map(async (at) => {
        const { result, next } = await read(
          both,
          (far) => far.write(bytes.subarray(0, at), () => setImmediate(() => far.write(bytes.subarray(at)))),
          hello.length,
        )
        assert.ok(result.ok, `cut at ${at}`)
        assert.deepEqual(result.source, { address: '192.0.2.7', port: 40_000 })
        assert.equal(result.hello?.serverName, 'ocpp.example.com')
        assert.deepEqual(next, hello)
      }),
    )
  }
})

test('what follows the hello, and what follows a header alone, is handed on', async () => {
  const more = Buffer.from('and more')
  const secure = await read(
    { expectProxyHeader: false, expectHello: true },
    (far) => far.write(Buffer.concat([hello, more])),
    hello.length + more.length,
  )
  assert.deepEqual(secure.next, Buffer.concat([hello, more]))
  const plain = await read(
    { expectProxyHeader: true, expectHello: false },
    (far) => far.write(Buffer.concat([header, more])),
    more.length,
  )
  assert.deepEqual(plain.next, more)
  assert.deepEqual((await read({ expectProxyHeader: false, expectHello: false }, () => {})).result, {
    ok: true,
    source: null,
    hello: null,
  })
})

test('each way in which the first bytes are wrong has its reason', async () => {
  const cases: [FirstBytesOptions, (far: Socket) => void, string][] = [
    [both, (far) => far.write(hello), 'proxy_protocol'],
    [both, (far) => far.end(header.subarray(0, 10)), 'proxy_protocol'],
    [both, (far) => far.end(), 'empty_connection'],
    [both, (far) => far.end(header), 'empty_connection'],
    [both, (far) => far.write(Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\n')])), 'not_tls'],
    [{ ...both, expectProxyHeader: false }, (far) => far.write(header), 'not_tls'],
    [{ ...both, expectProxyHeader: false }, (far) => far.end(hello.subarray(0, 50)), 'handshake_aborted'],
    [
      { ...both, expectProxyHeader: false },
      (far) => far.write(Buffer.from('16030100050100000100', 'hex')),
      'handshake_malformed',
    ],
  ]
  for (const [options, speak, reason] of cases) {
    const { result } = await read(options, speak)
    assert.equal(result.ok ? 'ok' : result.reason, reason)
  }
})

test('a reset before anything is whole is an end too', async () => {
  const { near, far } = await socketPair()
  near.on('error', () => {})
  const reading = readFirstBytes(near, both)
  far.resetAndDestroy()
  const result = await reading
  assert.equal(result.ok ? 'ok' : result.reason, 'empty_connection')
  for (const event of ['data', 'end'] as const)
    assert.ok(near.listenerCount(event) <= 1, 'no listener is left')
})
