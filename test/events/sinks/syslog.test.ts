import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import fc from 'fast-check'
import { StreamSyslogSink, UdpSyslogSink } from '../../../src/events/sinks/syslog.ts'
import { type SyslogFormat, syslogMessage } from '../../../src/events/sinks/syslog-format.ts'
import { sharedAuthority } from '../../support/authority.ts'
import { securityEvent } from '../../support/memory-events.ts'
import { octetFrames } from '../../support/octet-frames.ts'

const format: SyslogFormat = { facility: 13, hostname: 'proxy-1', edition: 3 }
const record = (id: number, more: Parameters<typeof securityEvent>[0] = {}) => ({
  id,
  ...securityEvent(more),
})
const signal = () => new AbortController().signal

test('RFC 5424: header, structured data, byte order mark and text', () => {
  const text = syslogMessage(
    record(7, { techInfo: 'clock', reason: 'not_tls', address: null }),
    format,
  ).toString()
  assert.equal(
    text,
    '<108>1 2026-01-02T03:04:05.000Z proxy-1 ocpp-security-proxy - SettingSystemTime ' +
      '[ocppSecurityEvent@32473 id="7" origin="charge-point" type="SettingSystemTime" identity="CP1" ' +
      'timestamp="2026-01-02T03:04:05Z" reason="not_tls" listener="test"] ' +
      '\ufeffSettingSystemTime CP1: clock',
  )
})

test('RFC 5424 6.2: severity by what is critical in the edition, long and odd names cut to the rules', () => {
  const of = (type: string, edition: 3 | 4) =>
    syslogMessage(record(1, { type }), { ...format, edition, hostname: '' }).toString()
  assert.match(of('InvalidTLSVersion', 3), /^<109>1 \S+ - /)
  assert.match(of('InvalidTLSVersion', 4), /^<108>1 /)
  assert.match(of('Vendor Ereignis ü', 4), /^<109>1 \S+ - ocpp-security-proxy - Vendor\?Ereignis\?\? \[/)
  assert.match(
    of('ReconfigurationOfSecurityParameters', 3),
    / ReconfigurationOfSecurityParamet \[.* type="ReconfigurationOfSecurityParameters"/,
  )
})

test('[CWE-117] RFC 5424 6.3.3: nothing that a peer writes ends its value or its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (identity, techInfo) => {
      const text = syslogMessage(record(1, { identity, techInfo }), format).toString()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      const values = /^<\d+>1 (?:\S+ ){5}\[\S+(?: \w+="(?:[^"\\\]]|\\["\\\]])*")+\] \ufeff/
      assert.match(text, values)
    }),
  )
  const text = syslogMessage(record(1, { identity: 'a"]\\\n' }), format).toString()
  assert.ok(text.includes(String.raw`identity="a\"\]\\`))
})

const idsOf = (frames: readonly string[]) => frames.map((frame) => Number(/ id="(\d+)"/.exec(frame)?.[1]))

test('UDP: one datagram for each event (RFC 5426)', async (context) => {
  const server = createSocket('udp4')
  context.after(() => server.close())
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const received: string[] = []
  const all = new Promise<void>((resolve) => {
    server.on('message', (message) => received.push(message.toString()) === 2 && resolve())
  })
  const sink = new UdpSyslogSink(
    { transport: 'udp', address: { host: '127.0.0.1', port: server.address().port }, timeout: 60_000 },
    format,
  )
  assert.deepEqual(await sink.send([record(1), record(2)]), { kind: 'delivered' })
  await all
  assert.deepEqual(idsOf(received), [1, 2])
})

test('UDP: a name that leads nowhere is told', async () => {
  const address = { host: 'nowhere.invalid', port: 514 }
  const sink = new UdpSyslogSink({ transport: 'udp', address, timeout: 1_000 }, format)
  assert.equal((await sink.send([record(1)])).kind, 'failed')
})

async function tcpServer(context: TestContext, taken: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    taken(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const config = { transport: 'tcp', address: { host: '127.0.0.1', port }, timeout: 60_000 } as const
  return { config, sink: new StreamSyslogSink(config, format, undefined) }
}

/** What a receiver does: reads to the end, then ends its side. */
function readAll(socket: Socket, done: (bytes: Buffer) => void): void {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('end', () => {
    done(Buffer.concat(chunks))
    socket.end()
  })
}

test('TCP: octet counting (RFC 6587), and delivered means that the receiver read to the end', async (context) => {
  let received: string[] = []
  const { sink } = await tcpServer(context, (socket) =>
    readAll(socket, (bytes) => {
      received = octetFrames(bytes)
    }),
  )
  const outcome = await sink.send([record(1), record(2, { techInfo: 'größer\n99 <1>' })], signal())
  assert.deepEqual(outcome, { kind: 'delivered' })
  assert.deepEqual(idsOf(received), [1, 2])
})

test('[principle 4] TCP: a receiver that ends or breaks before it has read everything has nothing', async (context) => {
  const resets = await tcpServer(context, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  assert.equal((await resets.sink.send([record(1)], signal())).kind, 'failed')
})

test('TCP: a receiver that keeps the connection open is not waited for without end', async (context) => {
  const { config } = await tcpServer(context, (socket) => socket.resume())
  const sink = new StreamSyslogSink({ ...config, timeout: 50 }, format, undefined)
  const outcome = await sink.send([record(1)], signal())
  assert.match(outcome.kind === 'failed' ? outcome.detail : '', /did not end the connection within 50 ms/)
  const closing = new AbortController()
  const slow = new StreamSyslogSink({ ...config, timeout: 60_000 }, format, undefined).send(
    [record(1)],
    closing.signal,
  )
  closing.abort()
  assert.equal((await slow).kind, 'failed')
})

test('TCP: nobody there is told', async (context) => {
  const { config } = await tcpServer(context, () => {})
  const address = { host: '127.0.0.1', port: config.address.port === 1 ? 2 : 1 }
  const sink = new StreamSyslogSink({ ...config, address }, format, undefined)
  assert.equal((await sink.send([record(1)], signal())).kind, 'failed')
})

test('TLS (RFC 5425): the receiver is checked against the roots given', async (context) => {
  const authority = await sharedAuthority()
  const { certificate, key } = await authority.server()
  let received: string[] = []
  const server = tls.createServer({ cert: certificate, key, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    readAll(socket, (bytes) => {
      received = octetFrames(bytes)
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const config = { transport: 'tls', address: { host: 'localhost', port }, timeout: 60_000 } as const
  const trusting = new StreamSyslogSink(config, format, authority.certificate)
  assert.deepEqual(await trusting.send([record(1), record(2)], signal()), { kind: 'delivered' })
  assert.deepEqual(idsOf(received), [1, 2])
  received = []
  const strange = new StreamSyslogSink(config, format, undefined)
  assert.equal((await strange.send([record(3)], signal())).kind, 'failed')
  assert.deepEqual(received, [])
})
