import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { Output, SpareWrite } from '../../src/relay/output.ts'
import { handleOf } from '../../src/relay/socket-handle.ts'
import { makeAuthority } from '../support/authority.ts'

interface Pair {
  /** Written to by the output under test. */
  readonly ours: net.Socket
  readonly theirs: net.Socket
  close(): void
}

async function connect(transport: 'tcp' | 'tls'): Promise<Pair> {
  const server = await (transport === 'tcp' ? net.createServer({ allowHalfOpen: true }) : tlsServer())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const accepted = once(server, transport === 'tcp' ? 'connection' : 'secureConnection')
  const theirs =
    transport === 'tcp'
      ? net.connect(port, '127.0.0.1')
      : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const [ours]: [net.Socket] = (await accepted) as [net.Socket]
  ours.on('error', () => ours.destroy())
  theirs.on('error', () => theirs.destroy())
  return {
    ours,
    theirs,
    close() {
      ours.destroy()
      theirs.destroy()
      server.close()
    },
  }
}

async function tlsServer(): Promise<tls.Server> {
  const authority = await makeAuthority()
  const { chain, key } = await authority.server()
  return tls.createServer({ cert: chain, key, allowHalfOpen: true })
}

/** Everything that comes until the end of the stream. */
async function readAll(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Pieces of every size, told apart by what is in them. */
function pieces(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.alloc((index * 7919) % 70_000, `${index},`))
}

test('this Node is known: its handles are written to', async () => {
  const pair = await connect('tcp')
  assert.notEqual(handleOf(pair.ours), null)
  pair.close()
})

for (const transport of ['tcp', 'tls'] as const) {
  test(`[principle 4] ${transport}: everything arrives in order, and the end behind it`, async () => {
    const pair = await connect(transport)
    const output = new Output(pair.ours, new SpareWrite(), () => undefined)
    const all = pieces(100)
    for (const piece of all) output.write(piece)
    output.end()
    assert.ok((await readAll(pair.theirs)).equals(Buffer.concat(all)))
    pair.close()
  })

  test(`[principle 4] ${transport}: what the stream was given before goes first`, async () => {
    const pair = await connect(transport)
    const output = new Output(pair.ours, new SpareWrite(), () => undefined)
    const first = Buffer.alloc(1_000_000, 'first')
    const second = Buffer.alloc(100_000, 'second')
    pair.ours.write(first)
    output.write(second)
    output.end()
    assert.ok((await readAll(pair.theirs)).equals(Buffer.concat([first, second])))
    pair.close()
  })

  test(`[CWE-400] ${transport}: a reader that stops is noticed, and again when it goes on`, async () => {
    const pair = await connect(transport)
    const { promise: drained, resolve } = Promise.withResolvers<void>()
    const output = new Output(pair.ours, new SpareWrite(), resolve)
    pair.theirs.pause()
    const piece = Buffer.alloc(60_000, 'x')
    let written = 0
    // Until the buffers of the kernel are full, which is tens of megabytes at the most.
    while (written < 1_000_000_000) {
      written += piece.length
      if (!output.write(piece)) break
      if (written % 6_000_000 === 0) await new Promise((next) => setImmediate(next))
    }
    assert.ok(written < 1_000_000_000, 'write never said false')
    const received = readAll(pair.theirs)
    await drained
    output.end()
    assert.equal((await received).length, written)
    pair.close()
  })

  test(`${transport}: a peer that is gone ends the socket, not the process`, async () => {
    const pair = await connect(transport)
    const output = new Output(pair.ours, new SpareWrite(), () => undefined)
    const closed = new Promise<void>((resolve) => pair.ours.once('close', () => resolve()))
    if (pair.theirs instanceof tls.TLSSocket) pair.theirs.destroy()
    else pair.theirs.resetAndDestroy()
    const piece = Buffer.alloc(10_000)
    const writing = setInterval(() => {
      for (let count = 0; count < 100; count += 1) output.write(piece)
    }, 1)
    await closed
    output.write(piece)
    output.end()
    clearInterval(writing)
    pair.close()
  })
}

test('one request serves all outputs, and is not used twice at once', async () => {
  const spare = new SpareWrite()
  const pairs = await Promise.all([connect('tcp'), connect('tcp'), connect('tcp')])
  const outputs = pairs.map((pair) => new Output(pair.ours, spare, () => undefined))
  const all = pieces(60)
  for (const piece of all) for (const output of outputs) output.write(piece)
  for (const output of outputs) output.end()
  for (const pair of pairs) {
    assert.ok((await readAll(pair.theirs)).equals(Buffer.concat(all)))
    pair.close()
  }
})
