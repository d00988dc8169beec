import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import tls from 'node:tls'
import { Input } from '../../src/relay/input.ts'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'
import { connect, pieces, transports } from './pairs.ts'

/** An input on our end, and what came of it. */
async function opened(transport: (typeof transports)[number], buffer = new ReadBuffer()) {
  const pair = await connect(transport)
  const chunks: Buffer[] = []
  const input = new Input(pair.ours, (chunk) => chunks.push(Buffer.from(chunk)))
  return { pair, input, chunks, buffer, all: () => Buffer.concat(chunks) }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate)
}

for (const transport of transports) {
  test(`[principle 4] ${transport}: everything arrives in order, what was read ahead first, then the end`, async () => {
    const { pair, input, chunks, buffer, all } = await opened(transport)
    const sent = Buffer.concat(pieces(100))
    pair.theirs.write(sent.subarray(0, 1000))
    await once(pair.ours, 'readable')
    const early = input.open(buffer)
    assert.ok(early.equals(sent.subarray(0, 1000)))
    input.resume()
    pair.theirs.end(sent.subarray(1000))
    await once(pair.ours, 'end')
    assert.ok(all().equals(sent.subarray(1000)))
    assert.ok(chunks.length > 1)
    pair.close()
  })

  test(`[CWE-770] ${transport}: what is paused reads no more than was on its way, and goes on`, async () => {
    const { pair, input, chunks, buffer, all } = await opened(transport)
    const sent = Buffer.concat(pieces(400))
    const wholeAt = once(pair.ours, 'end')
    input.open(buffer)
    pair.theirs.end(sent)
    for (let pauses = 0; pauses < 5; pauses += 1) {
      const before = chunks.length
      input.resume()
      while (chunks.length === before) await turns(1)
      input.pause()
      await turns(3)
      const paused = all().length
      await turns(20)
      assert.equal(all().length, paused)
      assert.ok(paused < sent.length)
    }
    input.resume()
    await wholeAt
    assert.ok(all().equals(sent))
    pair.close()
  })

  test(`${transport}: a peer that is gone is noticed, and nothing is asked of its socket any more`, async () => {
    const { pair, input, buffer } = await opened(transport)
    input.open(buffer)
    input.resume()
    const closed = new Promise<void>((resolve) => pair.ours.once('close', () => resolve()))
    // TLS is told of a TCP connection that ends; a reset breaks it.
    pair.ours.once('end', () => pair.ours.destroy())
    if (pair.theirs instanceof tls.TLSSocket) pair.theirs.destroy()
    else pair.theirs.resetAndDestroy()
    await closed
    input.pause()
    input.resume()
    pair.close()
  })
}

test('many share one buffer, and each has its own bytes', async () => {
  const buffer = new ReadBuffer()
  const all = await Promise.all([...transports, ...transports].map((transport) => opened(transport, buffer)))
  const ends = all.map(({ pair, input }) => {
    const end = once(pair.ours, 'end')
    input.open(buffer)
    input.resume()
    return end
  })
  const sent = all.map((_, index) => Buffer.concat(pieces(40 + index)))
  for (const [index, { pair }] of all.entries()) pair.theirs.end(sent[index] as Buffer)
  await Promise.all(ends)
  for (const [index, one] of all.entries()) {
    assert.ok(one.all().equals(sent[index] as Buffer))
    one.pair.close()
  }
})
