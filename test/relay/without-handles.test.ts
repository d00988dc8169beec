import assert from 'node:assert/strict'
import { test } from 'node:test'

/**
 * A Node whose inside is not as we know it: the same tests once more, with everything on streams.
 * What asks for the handles does so when it is loaded.
 */
Reflect.set(process, 'binding', undefined)

const { handleOf } = await import('../../src/relay/socket-handle.ts')
const { connect } = await import('./pairs.ts')

test('no handle is to be had', async () => {
  const pair = await connect('tls')
  assert.equal(handleOf(pair.ours), null)
  pair.close()
})

await import('./input.test.ts')
await import('./output.test.ts')
await import('./session.test.ts')
await import('./upstream.test.ts')
