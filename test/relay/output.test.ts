import assert from 'node:assert/strict'
import { test } from 'node:test'
import tls from 'node:tls'
import { Output, SpareWrite } from '../../src/relay/output.ts'
import { connect, pieces, readAll, transports } from './pairs.ts'

for (const transport of transports) {
  test(`[principle 4] ${transport}: everything arrives in order, and the end behind it`, async () => {
    const pair = await connect(transport)
    const output = new Output(pair.ours, new SpareWrite(), () => undefined)
    const all = pieces(100)
    for (const piece of all) output.write(piece)
    output.end()
    assert.ok((await readAll(pair.theirs)).equals(Buffer.concat(all)))
    pair.close()
  })

  test(`[principle 3] ${transport}: the memory of what was written is used anew at once`, async () => {
    const pair = await connect(transport)
    const output = new Output(pair.ours, new SpareWrite(), () => undefined)
    const all = pieces(100)
    const memory = Buffer.alloc(70_000)
    for (const [index, piece] of all.entries()) {
      piece.copy(memory)
      output.write(memory.subarray(0, piece.length))
      memory.fill(0xee)
      if (index % 7 === 0) await new Promise(setImmediate)
    }
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
