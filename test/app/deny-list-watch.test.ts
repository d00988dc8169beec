import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DenyListWatch } from '../../src/app/deny-list-watch.ts'

function watched() {
  const state: { revision: number | Error } = { revision: 7 }
  const errors: string[] = []
  const watch = new DenyListWatch({
    denied: {
      revision: async () => {
        if (state.revision instanceof Error) throw state.revision
        return state.revision
      },
    },
    log: { error: (_fields: unknown, text?: unknown) => void errors.push(String(text)) },
  })
  const look = (revision: number | Error) => {
    state.revision = revision
    return watch.look()
  }
  return { watch, look, errors }
}

test('[A00.FR.702] a number that is not the last one is another list, a smaller one as well', async () => {
  const { look } = watched()
  assert.equal(await look(7), false, 'what was there before anybody came')
  assert.equal(await look(7), false)
  assert.equal(await look(8), true)
  assert.equal(await look(0), true, 'an older backup, or nothing at all')
  assert.equal(await look(0), false)
})

test('[A00.FR.702][CWE-613] the same number after an outage may be that of other changes', async () => {
  const { watch, look, errors } = watched()
  await look(7)
  assert.equal(await look(new Error('away')), false)
  assert.equal(await look(new Error('away')), false)
  assert.deepEqual(errors, ['the deny list cannot be read'])
  assert.equal(await look(7), true)
  assert.equal(await look(7), false)
  watch.missed()
  assert.equal(await look(7), true, 'a failover that was over before anybody looked')
  assert.equal(await look(7), false)
})

test('[CWE-613] who could not look at first knows nothing of what came in meanwhile', async () => {
  const { look } = watched()
  assert.equal(await look(new Error('away')), false)
  assert.equal(await look(7), true)
})
