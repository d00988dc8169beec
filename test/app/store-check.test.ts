import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measuredCheck, sharedCheck } from '../../src/app/store-check.ts'
import { createMetrics } from '../../src/observe/metrics.ts'

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

test('[design 12] what the store says is a metric: up, away, and the room that is left', async () => {
  const metrics = createMetrics({ version: '1', node: 'v24', openssl: '3.5' }, { processMetrics: false })
  let problem: Error | null = null
  const check = measuredCheck(
    {
      async check() {
        if (problem !== null) throw problem
      },
      freeBytes: async () => 4096,
    },
    metrics,
  )
  const page = () => metrics.registry.metrics()
  assert.doesNotMatch(await page(), /^ocpp_proxy_store_(up|free_bytes)\b/m, 'nobody has looked')
  await check()
  assert.match(await page(), /^ocpp_proxy_store_up\{engine="sqlite"\} 1$/m)
  assert.match(await page(), /^ocpp_proxy_store_free_bytes\{engine="sqlite"\} 4096$/m)
  problem = new Error('gone')
  await assert.rejects(check(), problem)
  assert.match(await page(), /^ocpp_proxy_store_up\{engine="sqlite"\} 0$/m)
})
