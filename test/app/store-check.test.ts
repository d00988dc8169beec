import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedCheck } from '../../src/app/store-check.ts'

test('[CWE-770] the store is asked once a second, however often readiness is', async () => {
  let now = 0
  let asked = 0
  let problem: Error | null = null
  const check = sharedCheck(
    async () => {
      asked += 1
      if (problem !== null) throw problem
    },
    1_000,
    () => now,
  )
  await Promise.all([check(), check()])
  problem = new Error('gone')
  now = 999
  await check()
  assert.equal(asked, 1)
  now = 1_000
  await assert.rejects(check(), problem)
  await assert.rejects(check(), problem)
  assert.equal(asked, 2)
})
