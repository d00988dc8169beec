import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copiesWrites, handleOf, isOver, newWrite, wasAsync } from '../../src/relay/socket-handle.ts'
import { connect } from './pairs.ts'

/** What we know of the inside of Node; without it the relay goes the longer way through streams. */

test('this Node is known: its handles are read and written', async () => {
  const pair = await connect('tcp')
  assert.notEqual(handleOf(pair.ours), null)
  assert.equal(copiesWrites(pair.ours), false)
  pair.close()
})

test('a TLS write tells when it is over, and nobody has to be told; then its request serves again', async () => {
  const pair = await connect('tls')
  const handle = handleOf(pair.ours)
  assert.ok(handle)
  assert.equal(copiesWrites(pair.ours), true)
  const request = newWrite()
  assert.equal(isOver(request), true)
  let received = 0
  pair.theirs.on('data', (chunk) => {
    received += chunk.length
  })
  for (let round = 1; round <= 3; round += 1) {
    assert.equal(handle.writeBuffer(request, Buffer.alloc(5000)), 0)
    assert.ok(wasAsync())
    assert.equal(isOver(request), false)
    while (!isOver(request)) await new Promise(setImmediate)
    while (received < round * 5000) await new Promise(setImmediate)
  }
  pair.close()
})

test('a TLS write has copied its bytes when it returns, also where the peer does not read', async () => {
  const pair = await connect('tls')
  const handle = handleOf(pair.ours)
  assert.ok(handle)
  const request = newWrite()
  const bytes = Buffer.alloc(30_000_000, 'x')
  assert.equal(handle.writeBuffer(request, bytes), 0)
  bytes.fill('y')
  await new Promise(setImmediate)
  assert.equal(isOver(request), false, 'more than the buffers of the kernel take')
  let received = 0
  for await (const chunk of pair.theirs) {
    assert.ok(chunk.every((byte: number) => byte === 0x78))
    received += chunk.length
    if (received === bytes.length) break
  }
  pair.close()
})
