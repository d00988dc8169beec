import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProxyError } from '../../src/policy/error.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { OperationOutcome } from '../../src/usecases/operation/operation.ts'
import { memoryCampaigns } from '../support/memory-campaigns.ts'
import { flush, ok, request, world } from './world.ts'

const minute = 60_000
const never = () => new Promise<OperationOutcome>(() => {})

test('1,000 charge points on a real store, with a restart in the middle', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-campaign-'))
  const store = openSqliteStore(join(folder, 'proxy.db'))
  context.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const w = world(1000, store.campaigns)
  for (let index = 0; index < 1000; index += 10) {
    const identity = `CP${String(index).padStart(4, '0')}`
    w.answers.set(identity, async () => ({ ok: false, code: 'refused', detail: 'Rejected' }))
  }
  const settings = { attempts: 2, retryAfterMs: 1000, perMinute: 6000, concurrency: 50 }
  const { id } = await w.campaigns.create(request(settings))
  await w.clock.advance(5000)
  const half = (await w.campaigns.get(id)).counts
  assert.ok(half.done > 100 && half.waiting > 100, JSON.stringify(half))
  await w.campaigns.close()
  await w.restart().start()
  await w.clock.advance(5 * minute)
  const { state, counts } = await w.campaigns.get(id)
  assert.equal(state, 'finished')
  assert.deepEqual(counts, { waiting: 0, running: 0, done: 900, failed: 100, skipped: 0 })
  const failed = await w.campaigns.items(id, { state: 'failed', limit: 1000 })
  assert.ok(failed.every(({ code, attempts }) => code === 'refused' && attempts === 2))
})

test('killed while charge points are under way: they are tried again, and only they', async () => {
  const w = world(4)
  w.answers.set('CP0001', (attempt) => (attempt === 1 ? never() : Promise.resolve(ok)))
  w.answers.set('CP0002', (attempt) => (attempt === 1 ? never() : Promise.resolve(ok)))
  const { id } = await w.campaigns.create(request())
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(id)).counts.running, 2)
  // No close: the process is gone. Those that were done stay done.
  await w.restart().start()
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
  assert.deepEqual(
    w.begun.map(({ identity }) => identity),
    ['CP0000', 'CP0001', 'CP0002', 'CP0003', 'CP0001', 'CP0002'],
  )
})

test('killed at every write: each charge point ends as it should, and a stop is never lost', async () => {
  let fatal = 0
  for (let isKilled = true; isKilled; ) {
    fatal += 1
    const store = memoryCampaigns()
    const w = world(6, store)
    w.answers.set('CP0003', async () => ({ ok: false, code: 'not_supported', detail: 'no' }))
    let writes = 0
    // From here on nothing of this process reaches the disk.
    store.onWrite = () => {
      writes += 1
      if (writes >= fatal) throw new ProxyError('store_gone', 'operator', 'killed')
    }
    const created = await w.campaigns.create(request({ concurrency: 2, maxFailures: 1 })).catch(() => null)
    await w.clock.advance(1000)
    isKilled = writes >= fatal
    await w.campaigns.close()
    store.onWrite = () => {}
    await w.restart().start()
    if (created === null) {
      assert.deepEqual(await w.campaigns.list(), [])
      continue
    }
    await w.clock.advance(minute)
    assert.equal((await w.campaigns.get(created.id)).state, 'stopped', `killed at write ${fatal}`)
    await w.campaigns.resume(created.id, { retryFailed: false })
    await w.clock.advance(minute)
    // Killed between the stop and what is written of the charge point: it failed once more, and stopped again.
    if ((await w.campaigns.get(created.id)).state === 'stopped') {
      await w.campaigns.resume(created.id, { retryFailed: false })
      await w.clock.advance(minute)
    }
    const { state, counts } = await w.campaigns.get(created.id)
    assert.deepEqual([fatal, state, counts.done, counts.failed], [fatal, 'finished', 5, 1])
  }
  assert.ok(fatal > 8, `${fatal} writes`)
})

test('draining changes no state, and what it breaks off is nobody\u2019s failure', async () => {
  const w = world(5)
  w.answers.set('CP0000', (attempt, { signal }) => {
    if (attempt > 1) return Promise.resolve(ok)
    const gone: OperationOutcome = { ok: false, code: 'no_answer', detail: 'the session ended' }
    return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(gone)))
  })
  const { id } = await w.campaigns.create(request({ attempts: 1, concurrency: 1, maxFailures: 1 }))
  await w.clock.advance(1000)
  w.campaigns.drain()
  w.connects('CP0001')
  await w.clock.advance(1000)
  assert.equal(w.begun.length, 1)
  await assert.rejects(w.campaigns.create(request()), { code: 'campaign_conflict' })
  await w.campaigns.close()
  assert.equal(w.clock.timers, 0)
  assert.equal((await w.store.get(id))?.state, 'running')
  assert.equal((await w.store.counts(id)).running, 1)
  await w.restart().start()
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).counts.done, 5)
})

test('an operation that does not end when it is given up holds nobody up for long', async () => {
  const w = world(1)
  w.answers.set('CP0000', never)
  await w.campaigns.create(request())
  await flush()
  let isClosed = false
  const closed = w.campaigns.close().then(() => {
    isClosed = true
  })
  await w.clock.advance(4000)
  assert.equal(isClosed, false)
  await w.clock.advance(2000)
  await closed
})

test('after a restart the fleet has time to come back before a retry counts', async () => {
  const w = world(1)
  w.answers.set('CP0000', async (attempt) =>
    attempt === 1 ? { ok: false, code: 'no_answer', detail: 'nothing' } : ok,
  )
  const { id } = await w.campaigns.create(request({ attempts: 2, retryAfterMs: 5000 }))
  await w.clock.advance(1000)
  await w.campaigns.close()
  w.connected.clear()
  await w.clock.advance(60 * minute)
  await w.restart().start()
  await w.clock.advance(4000)
  w.connects('CP0000')
  await w.clock.advance(2000)
  assert.equal((await w.campaigns.get(id)).counts.done, 1)
})

test('a paused campaign stays paused over a restart, and a stopped one is whole again', async () => {
  const w = world(2)
  w.answers.set('CP0000', (attempt) => (attempt === 1 ? never() : Promise.resolve(ok)))
  const { id } = await w.campaigns.create(request({ concurrency: 1 }))
  await flush()
  await w.campaigns.pause(id)
  await w.restart().start()
  await w.clock.advance(minute)
  const { state, counts } = await w.campaigns.get(id)
  assert.deepEqual([state, counts.waiting, counts.running], ['paused', 2, 0])
  await w.campaigns.resume(id, { retryFailed: false })
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).counts.done, 2)
})

test('the store is away for a while: nothing is lost, and it goes on by itself', async () => {
  const store = memoryCampaigns()
  const w = world(20, store)
  const { id } = await w.campaigns.create(request({ concurrency: 3, perMinute: 600 }))
  await w.clock.advance(500)
  store.onWrite = () => {
    throw new ProxyError('store_busy', 'operator', 'the store is away')
  }
  await w.clock.advance(minute)
  await assert.rejects(w.campaigns.pause(id), { code: 'store_busy' })
  const { state } = await w.campaigns.get(id)
  assert.equal(state, 'running')
  store.onWrite = () => {}
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).counts.done, 20)
})
