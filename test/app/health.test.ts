import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthOf } from '../../src/app/health.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { ProxyError } from '../../src/policy/error.ts'
import type { Store } from '../../src/store/store.ts'

function setting() {
  const state = {
    storeError: null as Error | null,
    bridges: true,
    shut: [] as string[],
    away: [] as string[],
  }
  const store = {
    async check() {
      if (state.storeError !== null) throw state.storeError
    },
  } as Partial<Store> as Store
  let time = 0
  const health = healthOf({
    store,
    metrics: createMetrics({ version: '', node: '', openssl: '' }, { processMetrics: false }),
    replicas: {
      outage: { bridges: () => state.bridges, notes: () => state.away },
      recovery: { problems: () => state.shut, notes: () => state.shut.map((text) => `note: ${text}`) },
    },
    now: () => {
      time += 10_000
      return time
    },
    isStopping: () => false,
    reloadProblem: () => null,
    notes: () => [],
  })
  return { state, health }
}

test('[design 12] a replica that admits nobody is not ready, though its store is well', async () => {
  const { state, health } = setting()
  assert.deepEqual([await health.problems(), health.notes()], [[], []])
  state.shut = ['nobody gets in']
  assert.deepEqual([await health.problems(), health.notes()], [['nobody gets in'], ['note: nobody gets in']])
})

test('[design 12] a store that is away is a note while it is bridged, and a problem after that', async () => {
  const { state, health } = setting()
  state.storeError = new ProxyError('store_unavailable', 'operator', 'it does not answer')
  state.away = ['the store is away']
  assert.deepEqual([await health.problems(), health.notes()], [[], ['the store is away']])
  state.bridges = false
  assert.match((await health.problems()).join(), /^store: it does not answer$/)
})
