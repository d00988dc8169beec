import assert from 'node:assert/strict'
import { test } from 'node:test'

/**
 * A Node that looks as we know it, and whose source we have not read: its handles are used, but nothing is
 * assumed of when it is done with the memory of a write.
 */
Object.defineProperty(process, 'version', { value: 'v26.0.0' })

const { copiesWrites, handleOf } = await import('../../src/relay/socket-handle.ts')
const { connect } = await import('./pairs.ts')

test('its TLS writes are not trusted with memory that is used anew', async () => {
  const pair = await connect('tls')
  assert.notEqual(handleOf(pair.ours), null)
  assert.equal(copiesWrites(pair.ours), false)
  pair.close()
})

await import('./output.test.ts')
