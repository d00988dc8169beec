import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { frame } from '../support/frames.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'

const call = '[2,"1","Heartbeat",{}]'

/** Waits until the kernel of this side has sent it, so that two parts are two segments. */
function sent(client: RawClient, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => client.socket.write(bytes, () => setImmediate(resolve)))
}

test('where a stream is cut makes no difference', async (t) => {
  const proxy = await startProxy(t, { limits: { messageBytes: 1024 } })
  const password = await proxy.register()
  const request = Buffer.from(upgradeRequest({ password }))
  const stream = Buffer.concat([
    request,
    frame('[2,"0","Heart', { final: false }),
    frame('p', { opcode: 9 }),
    frame('beat",{}]', { opcode: 0 }),
    frame(call),
    frame(Buffer.of(0x0f, 0xa0), { opcode: 8 }),
  ])

  await t.test('[RFC 6455 5.2] a request and frames, cut in two at every seventh byte', async () => {
    for (let cut = 1; cut < stream.length; cut += cut < request.length ? 29 : 7) {
      const closed = proxy.central.nextClose()
      const before = proxy.central.messages().length
      const client = await RawClient.connect({ port: proxy.port('basic-auth') })
      client.socket.setNoDelay(true)
      await sent(client, stream.subarray(0, cut))
      client.write(stream.subarray(cut))
      assert.equal((await closed).code, 4000, `cut at ${cut}`)
      const texts = proxy.central.messages().slice(before)
      assert.deepEqual(
        texts.map(({ text }) => text),
        ['[2,"0","Heartbeat",{}]', call],
        `cut at ${cut}`,
      )
      client.destroy()
    }
  })

  await t.test('[RFC 6455 5.2] and byte by byte', async () => {
    const closed = proxy.central.nextClose()
    const client = await RawClient.connect({ port: proxy.port('basic-auth') })
    client.socket.setNoDelay(true)
    for (const byte of stream) await sent(client, Buffer.of(byte))
    assert.equal((await closed).code, 4000)
    client.destroy()
  })

  await t.test('[RFC 8446 5.1] a TLS client whose bytes come in pieces', async () => {
    for (const size of [1, 2, 5, 6, 43, 100]) {
      const { protocol, authorized } = await handshakeInPieces(proxy, size)
      assert.deepEqual({ protocol, authorized }, { protocol: 'TLSv1.3', authorized: true }, `${size} bytes`)
    }
  })
})

/** A handshake in which everything that the client sends is cut into pieces of this size. */
async function handshakeInPieces(proxy: TestProxy, size: number) {
  const wire = connectTcp({ host: '127.0.0.1', port: proxy.port('basic-auth-tls'), noDelay: true })
  await once(wire, 'connect')
  const pieces = new Duplex({
    read: () => {},
    write(chunk: Buffer, _encoding, done) {
      const send = (offset: number): void => {
        if (offset >= chunk.length) done()
        else wire.write(chunk.subarray(offset, offset + size), () => setImmediate(send, offset + size))
      }
      send(0)
    },
  })
  wire.on('data', (chunk) => pieces.push(chunk)).on('error', () => {})
  const socket = connectTls({ socket: pieces, ca: proxy.pki.serverRoot, servername: 'localhost' })
  await once(socket, 'secureConnect')
  const seen = { protocol: socket.getProtocol(), authorized: socket.authorized }
  socket.destroy()
  wire.destroy()
  return seen
}
