import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { type ChargePoint, createChargePoint } from '../../src/simulator/charge-point.ts'
import { readCloseCode } from '../../src/simulator/early-close.ts'
import { ConnectRefusal } from '../../src/simulator/refusal.ts'
import { receivedAlert } from '../../src/simulator/tls-alert.ts'
import { simulators } from './simulators.ts'

async function refusal(chargePoint: ChargePoint): Promise<ConnectRefusal> {
  const error: unknown = await chargePoint.connect().then(
    () => null,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConnectRefusal, String(error))
  return error
}

/** A TCP server that answers the first bytes in its own way. */
async function rawServer(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
}

const chargePointOf = (url: string, handshakeTimeoutMs = 60_000): ChargePoint =>
  createChargePoint({ url, identity: 'CP-1', securityProfile: 0, handshakeTimeoutMs })

test('tcp: nobody listens', async () => {
  const central = createCentralSystem()
  const { url } = await central.listen()
  await central.close()
  const seen = await refusal(chargePointOf(url))
  assert.deepEqual([seen.stage, seen.errorCode, seen.httpStatus], ['tcp', 'ECONNREFUSED', null])
})

test('tcp: closed before a word of HTTP', async (t) => {
  for (const end of ['end', 'resetAndDestroy'] as const) {
    const url = await rawServer(t, (socket) => void socket[end]())
    const seen = await refusal(chargePointOf(url))
    assert.deepEqual([seen.stage, seen.detail], ['tcp', 'closed before HTTP'])
  }
})

test('http: status, headers and body are reported', async (t) => {
  const { chargePoint } = await simulators(t, {}, { acceptIdentities: () => 404 })
  const seen = await refusal(chargePoint)
  assert.deepEqual(
    [seen.stage, seen.httpStatus, seen.body],
    ['http', 404, 'this charge point is not known here'],
  )
  assert.equal(seen.httpHeaders?.['content-type'], 'text/plain; charset=utf-8')
  assert.equal(seen.seen().detail, 'HTTP 404 Not Found')
})

test('[A00.FR.202] [A00.FR.204] http: 401 with WWW-Authenticate for missing and wrong credentials', async (t) => {
  const bytes = Buffer.from('correct horse bat')
  const credentials = { username: 'CP-1', password: bytes }
  const password = { bytes, form: 'text' } as const
  for (const wrong of [
    {},
    { securityProfile: 1, password: { bytes: Buffer.from('wrong horse bat..'), form: 'text' } },
    { securityProfile: 1, password, username: 'CP-2' },
    { securityProfile: 1, password: { bytes, form: 'hex-lower' } },
  ] as const) {
    const { chargePoint } = await simulators(t, wrong, { credentials })
    const seen = await refusal(chargePoint)
    assert.equal(seen.httpStatus, 401)
    assert.equal(seen.httpHeaders?.['www-authenticate'], 'Basic realm="ocpp"')
  }
  const { chargePoint } = await simulators(t, { securityProfile: 1, password }, { credentials })
  await chargePoint.connect()
})

test('http: a body is read up to its bound, and one that breaks off is kept as far as it came', async (t) => {
  const long = await rawServer(t, (socket) => {
    socket.write(`HTTP/1.1 503 Busy\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(20_000)}`)
  })
  assert.equal((await refusal(chargePointOf(long))).body?.length, 16_384)
  const broken = await rawServer(t, (socket) => {
    socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nabc')
  })
  const seen = await refusal(chargePointOf(broken))
  assert.deepEqual([seen.httpStatus, seen.body], [503, 'abc'])
})

test('http: an answer that is not HTTP', async (t) => {
  const url = await rawServer(t, (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'))
  const seen = await refusal(chargePointOf(url))
  assert.equal(seen.stage, 'http')
  assert.match(seen.errorCode ?? '', /^HPE_/)
})

test('http: no answer in time', async (t) => {
  const url = await rawServer(t, () => {})
  const seen = await refusal(chargePointOf(url, 2000))
  assert.deepEqual([seen.stage, seen.errorCode], ['http', 'ETIMEDOUT'])
})

test('[OCPP-J 3.2] websocket: 101 without a sub-protocol, or HTTP 400, by the central system', async (t) => {
  const offer = { subprotocols: ['ocpp2.0.1'] }
  const polite = await simulators(t, offer, {})
  const seen = await refusal(polite.chargePoint)
  assert.deepEqual([seen.stage, seen.httpStatus, seen.closeCode], ['websocket', 101, 1002])
  const strict = await simulators(t, offer, { subprotocolMismatch: 'refuse' })
  assert.equal((await refusal(strict.chargePoint)).httpStatus, 400)
})

test('[RFC 6455 4.1] websocket: an upgrade with a wrong accept key', async (t) => {
  const url = await rawServer(t, (socket) => {
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(
      `${lines.join('\r\n')}\r\nSec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: wrong\r\n\r\n`,
    )
  })
  const seen = await refusal(chargePointOf(url))
  assert.deepEqual([seen.stage, seen.httpStatus], ['websocket', 101])
})

test('the close frame behind a 101 is read over any number of segments; anything else has no code', async () => {
  for (const cuts of [[], [1], [1, 2, 3], [4]]) {
    const stream = new PassThrough()
    const frame = Buffer.from([0x88, 2, 0x03, 0xf0])
    const code = readCloseCode(stream, frame.subarray(0, cuts[0] ?? 4))
    cuts.forEach((cut, index) => void stream.write(frame.subarray(cut, cuts[index + 1] ?? 4)))
    assert.equal(await code, 1008)
    assert.equal(stream.listenerCount('data'), 0)
  }
  for (const other of [
    [0x81, 2, 0x41, 0x41],
    [0x88, 0],
    [0x88, 126, 0, 126],
  ]) {
    assert.equal(await readCloseCode(new PassThrough(), Buffer.from(other)), null)
  }
  const ended = new PassThrough()
  const none = readCloseCode(ended, Buffer.alloc(0))
  ended.end()
  assert.equal(await none, null)
})

test('close ends an attempt that is under way', async (t) => {
  const reached = Promise.withResolvers<void>()
  const url = await rawServer(t, () => reached.resolve())
  const chargePoint = chargePointOf(url)
  const attempt = assert.rejects(chargePoint.connect(), { code: 'connect_refused', errorCode: 'aborted' })
  await reached.promise
  await chargePoint.close()
  await attempt
})

test('alerts are known by number, and only those that were received', () => {
  assert.equal(
    receivedAlert('…:ssl3_read_bytes:ssl/tls alert handshake failure:…:SSL alert number 40'),
    'handshake_failure',
  )
  assert.equal(receivedAlert('SSL alert number 200'), 'alert_200')
  assert.equal(receivedAlert('error:0A000102:SSL routines::unsupported protocol'), null)
})
