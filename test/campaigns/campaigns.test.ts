import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationFailure, OperationOutcome } from '../../src/usecases/operation/operation.ts'
import { flush, ok, request, type World, world } from './world.ts'

const minute = 60_000

function failure(code: OperationFailure): OperationOutcome {
  return { ok: false, code, detail: `because of ${code}` }
}

async function statesOf({ campaigns }: World, id: string) {
  const items = await campaigns.items(id, { limit: 1000 })
  return Object.fromEntries(items.map(({ identity, state }) => [identity, state]))
}

test('[A01.FR.01] every charge point gets its operation once, and the campaign finishes', async () => {
  const w = world(20)
  const { id, state } = await w.campaigns.create(request({ reset: true, timeoutMs: 5000 }))
  assert.equal(state, 'running')
  await w.clock.advance(minute)
  const view = await w.campaigns.get(id)
  assert.equal(view.state, 'finished')
  assert.equal(view.stateDetail, '20 done, 0 failed, 0 skipped')
  assert.deepEqual(view.counts, { waiting: 0, running: 0, done: 20, failed: 0, skipped: 0 })
  assert.equal(view.waits, null)
  assert.equal(new Set(w.begun.map(({ identity }) => identity)).size, 20)
  assert.equal(w.begun.length, 20)
  assert.equal(w.begun[0]?.what, 'rotate with reset')
  assert.equal(w.begun[0]?.options.timeoutMs, 5000)
  assert.equal(w.begun[0]?.options.origin, 'campaign')
  assert.equal(w.clock.timers, 0, 'nothing is left to wait for')
})

test('[A05.FR.01] upgrade-profile goes to the profile that was asked for, and leaves out those who have it', async () => {
  const w = world(4)
  const CP0002 = w.registry.get('CP0002')
  assert.ok(CP0002)
  w.registry.set('CP0002', { ...CP0002, securityProfile: 2 })
  await w.campaigns.create({ ...request(), kind: 'upgrade-profile', toProfile: 2 })
  await w.clock.advance(minute)
  assert.deepEqual(
    w.begun.map(({ identity, what }) => `${identity} ${what}`),
    ['CP0000 upgrade to 2', 'CP0001 upgrade to 2', 'CP0003 upgrade to 2'],
  )
})

test('pace: in no minute more than perMinute are begun', async () => {
  const w = world(25)
  await w.campaigns.create(request({ perMinute: 10 }))
  await w.clock.advance(3 * minute)
  assert.equal(w.begun.length, 25)
  for (const { at } of w.begun) {
    const inMinute = w.begun.filter((one) => one.at >= at && one.at < at + minute).length
    assert.ok(inMinute <= 10, `${inMinute} in one minute`)
  }
})

test('concurrency: so many at once, and the next one when one ends', async () => {
  const w = world(10)
  const ends: (() => void)[] = []
  for (const identity of w.registry.keys()) {
    w.answers.set(identity, () => new Promise((resolve) => ends.push(() => resolve(ok))))
  }
  await w.campaigns.create(request({ concurrency: 3 }))
  await w.clock.advance(minute)
  assert.equal(w.begun.length, 3)
  ends.shift()?.()
  await w.clock.advance(minute)
  assert.equal(w.begun.length, 4)
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    end()
    await w.clock.advance(100)
  }
  assert.equal(w.begun.length, 10)
  assert.equal(w.peak(), 3)
})

test('canaries go first, spread over the fleet, and everybody else waits until they are through', async () => {
  const w = world(10)
  let finishCanary = (_: OperationOutcome) => {}
  w.answers.set('CP0005', () => new Promise((resolve) => (finishCanary = resolve)))
  const { id } = await w.campaigns.create(request({ canary: 2 }))
  await w.clock.advance(minute)
  assert.deepEqual(
    w.begun.map(({ identity }) => identity),
    ['CP0000', 'CP0005'],
  )
  assert.equal((await w.campaigns.get(id)).waits?.canaries, 1)
  finishCanary(ok)
  await w.clock.advance(minute)
  assert.equal(w.begun.length, 10)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
})

test('[A05.FR.01] a canary that is away or never idle is replaced after half an hour, and waits like the others', async () => {
  const w = world(10)
  for (const away of ['CP0000', 'CP0005']) w.busy.add(away)
  let finish = (_: OperationOutcome) => {}
  w.answers.set('CP0001', () => new Promise((resolve) => (finish = resolve)))
  const { id } = await w.campaigns.create(request({ canary: 2, perMinute: 60 }))
  w.connected.delete('CP0000')
  await w.clock.advance(15 * minute)
  // Coming and going is no beginning.
  w.connects('CP0005')
  await w.clock.advance(14 * minute)
  assert.equal(w.begun.length, 0)
  await w.clock.advance(2 * minute)
  assert.deepEqual(
    w.begun.map(({ identity }) => identity),
    ['CP0001', 'CP0002'],
  )
  const { stateDetail, waits } = await w.campaigns.get(id)
  assert.match(stateDetail ?? '', /^the canary CP000[05] could not begin for 30 minutes; CP0002 goes/)
  assert.equal(waits?.canaries, 1, 'its substitute is one')
  finish(failure('refused'))
  await w.clock.advance(minute)
  finish(failure('not_supported'))
  await w.clock.advance(10 * minute)
  const stopped = await w.campaigns.get(id)
  assert.deepEqual(
    [stopped.state, stopped.stateDetail],
    ['stopped', 'the canary CP0001 failed (not_supported)'],
  )
  w.answers.clear()
  await w.campaigns.resume(id, { retryFailed: true })
  w.connects('CP0000')
  for (const idle of ['CP0000', 'CP0005']) w.becomesIdle(idle)
  await w.clock.advance(5 * minute)
  assert.equal((await w.campaigns.get(id)).counts.done, 10)
})

test('a canary that fails for good stops the campaign; resumed, it goes on without it', async () => {
  const w = world(10)
  w.answers.set('CP0000', async () => failure('not_supported'))
  const { id } = await w.campaigns.create(request({ canary: '20%' }))
  await w.clock.advance(minute)
  const stopped = await w.campaigns.get(id)
  assert.equal(stopped.state, 'stopped')
  assert.equal(stopped.stateDetail, 'the canary CP0000 failed (not_supported)')
  assert.equal(stopped.counts.failed, 1)
  assert.ok(w.begun.length <= 2)
  await w.campaigns.resume(id, { retryFailed: false })
  await w.clock.advance(minute)
  const { state, counts } = await w.campaigns.get(id)
  assert.equal(state, 'finished')
  assert.deepEqual([counts.done, counts.failed], [9, 1])
})

test('it stops when so many have failed; resumed with retryFailed they are tried again', async () => {
  const w = world(100)
  let isBroken = true
  for (const identity of w.registry.keys()) {
    w.answers.set(identity, async () => (isBroken ? failure('refused') : ok))
  }
  const settings = { attempts: 2, retryAfterMs: 1000, maxFailures: '3%', perMinute: 60 } as const
  const { id } = await w.campaigns.create(request(settings))
  await w.clock.advance(30 * minute)
  const stopped = await w.campaigns.get(id)
  assert.equal(stopped.state, 'stopped')
  assert.equal(stopped.stateDetail, '3 failed, 3 are the limit')
  assert.equal(stopped.counts.failed, 3)
  const [failed] = await w.campaigns.items(id, { state: 'failed', limit: 1 })
  assert.deepEqual([failed?.code, failed?.detail, failed?.attempts], ['refused', 'because of refused', 2])
  isBroken = false
  await w.campaigns.resume(id, { retryFailed: true })
  await w.clock.advance(30 * minute)
  const { state, counts } = await w.campaigns.get(id)
  assert.deepEqual([state, counts.done], ['finished', 100])
})

test('a failed try is repeated with a growing wait, so often as the settings say', async () => {
  const w = world(1)
  w.answers.set('CP0000', async () => failure('error_answer'))
  const { id } = await w.campaigns.create(request({ attempts: 4, retryAfterMs: 10_000 }))
  await w.clock.advance(10 * minute)
  const first = w.begun[0]?.at ?? 0
  assert.deepEqual(
    w.begun.map(({ at }) => at - first),
    [0, 10_000, 30_000, 70_000],
  )
  const view = await w.campaigns.get(id)
  assert.equal(view.state, 'finished', 'nobody is left to protect')
  assert.equal(view.counts.failed, 1)
})

test('[A05.FR.08] one that did not come back, or fell back, has failed at once', async () => {
  const w = world(2)
  w.answers.set('CP0000', async () => failure('not_back'))
  w.answers.set('CP0001', async () => failure('fell_back'))
  const { id } = await w.campaigns.create(request())
  await w.clock.advance(minute)
  assert.deepEqual(await statesOf(w, id), { CP0000: 'failed', CP0001: 'failed' })
  assert.equal(w.begun.length, 2)
})

test('one that is not connected waits, visibly and without a try, until it connects', async () => {
  const w = world(3)
  w.connected.delete('CP0001')
  const { id } = await w.campaigns.create(request())
  await w.clock.advance(1000)
  let looks = 0
  w.onLook = () => {
    looks += 1
  }
  await w.clock.advance(50 * minute)
  assert.equal(looks, 0, 'nobody polls')
  const [waiting] = await w.campaigns.items(id, { state: 'waiting', limit: 10 })
  assert.deepEqual([waiting?.identity, waiting?.detail, waiting?.attempts], ['CP0001', 'not connected', 0])
  assert.equal((await w.campaigns.get(id)).waits?.notConnected, 1)
  w.connects('CP0001')
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
})

test('one that connects in the moment in which it is put aside is not forgotten', async () => {
  const w = world(1)
  w.connected.clear()
  const get = w.registry.get.bind(w.registry)
  w.registry.get = (identity) => {
    w.connects(identity)
    return get(identity)
  }
  const { id } = await w.campaigns.create(request())
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
})

test('one that goes away after a failed try fails, and is not waited for', async () => {
  const w = world(2)
  w.answers.set('CP0000', async () => {
    w.connected.delete('CP0000')
    return failure('no_answer')
  })
  const { id } = await w.campaigns.create(request({ attempts: 3, retryAfterMs: 1000 }))
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
  const [item] = await w.campaigns.items(id, { state: 'failed', limit: 1 })
  assert.equal(item?.code, 'no_answer')
  assert.equal(item?.attempts, 3)
  assert.equal(item?.detail, 'not connected at its next try; before that: because of no_answer')
  assert.equal(w.begun.length, 2)
})

test('onlyIdle: one that charges waits until its transaction ends; without onlyIdle it does not', async () => {
  const w = world(2)
  w.busy.add('CP0001')
  const { id } = await w.campaigns.create(request({ onlyIdle: true }))
  await w.clock.advance(60 * minute)
  const [waiting] = await w.campaigns.items(id, { state: 'waiting', limit: 10 })
  assert.deepEqual([waiting?.detail, waiting?.attempts], ['a transaction is open, or may be', 0])
  assert.equal((await w.campaigns.get(id)).waits?.transactionOpen, 1)
  w.becomesIdle('CP0001')
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(id)).state, 'finished')

  w.busy.add('CP0001')
  const second = await w.campaigns.create(request({ onlyIdle: false }))
  await w.clock.advance(1000)
  assert.equal((await w.campaigns.get(second.id)).state, 'finished')
})

test('one on which another operation runs is looked at again, and no try is lost', async () => {
  const w = world(1)
  w.answers.set('CP0000', async (attempt) => (attempt < 4 ? failure('busy') : ok))
  const { id } = await w.campaigns.create(request({ attempts: 1 }))
  await w.clock.advance(minute)
  const [item] = await w.campaigns.items(id, { limit: 1 })
  assert.deepEqual([item?.state, item?.attempts], ['done', 1])
})

test('blocked and removed charge points are skipped, whenever that happens', async () => {
  const w = world(4)
  const block = (identity: string) => {
    const record = w.registry.get(identity)
    if (record !== undefined) w.registry.set(identity, { ...record, blocked: true })
  }
  block('CP0000')
  const { id } = await w.campaigns.create(request({ canary: 1, perMinute: 1 }))
  await w.clock.advance(0)
  assert.deepEqual(
    w.begun.map(({ identity }) => identity),
    ['CP0001'],
    'a blocked one is no canary',
  )
  block('CP0002')
  w.registry.delete('CP0003')
  await w.clock.advance(10 * minute)
  assert.deepEqual(await statesOf(w, id), {
    CP0001: 'done',
    CP0002: 'skipped',
    CP0003: 'skipped',
    CP0000: 'skipped',
  })
  const codes = (await w.campaigns.items(id, { state: 'skipped', limit: 9 })).map(({ code }) => code)
  assert.deepEqual(codes, ['charge_point_blocked', 'charge_point_unknown', 'charge_point_blocked'])
})

test('one that is blocked while it is away does not keep a campaign open', async () => {
  const w = world(3)
  w.connected.delete('CP0000')
  w.connected.delete('CP0001')
  const CP0001 = w.registry.get('CP0001')
  assert.ok(CP0001)
  w.registry.set('CP0001', { ...CP0001, blocked: true })
  const { id } = await w.campaigns.create(request())
  await w.clock.advance(minute)
  assert.deepEqual(await statesOf(w, id), { CP0002: 'done', CP0000: 'waiting', CP0001: 'skipped' })
  w.registry.delete('CP0000')
  await w.clock.advance(2 * 60 * minute)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
})

test('pause begins nothing more, lets what runs end, and resume goes on', async () => {
  const w = world(10)
  let finish = (_: OperationOutcome) => {}
  w.answers.set('CP0000', () => new Promise((resolve) => (finish = resolve)))
  const { id } = await w.campaigns.create(request({ concurrency: 1 }))
  await flush()
  assert.equal((await w.campaigns.pause(id)).state, 'paused')
  finish(ok)
  await w.clock.advance(10 * minute)
  assert.equal(w.begun.length, 1)
  assert.equal((await statesOf(w, id)).CP0000, 'done')
  await w.campaigns.resume(id, { retryFailed: false })
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).counts.done, 10)
})

test('[A05.FR.02] upgrade-profile with new passwords, and where they make no sense', async () => {
  const w = world(2)
  const given = { ...request({ newPasswords: true, reset: true }), kind: 'upgrade-profile' } as const
  const { id, settings } = await w.campaigns.create({ ...given, toProfile: 2 })
  assert.equal(settings.newPasswords, true)
  await w.clock.advance(minute)
  assert.deepEqual(
    w.begun.map(({ what }) => what),
    ['upgrade to 2 with a new password with reset', 'upgrade to 2 with a new password with reset'],
  )
  assert.equal((await w.campaigns.get(id)).state, 'finished')
  await assert.rejects(w.campaigns.create({ ...given, toProfile: 3 }), { code: 'campaign_invalid' })
  await assert.rejects(w.campaigns.create(request({ newPasswords: true })), { code: 'campaign_invalid' })
})

test('cancel stops it, and states that do not fit are a conflict', async () => {
  const w = world(3)
  const { id } = await w.campaigns.create(request({ perMinute: 1 }))
  await flush()
  await assert.rejects(w.campaigns.resume(id, { retryFailed: false }), { code: 'campaign_conflict' })
  const stopped = await w.campaigns.cancel(id)
  assert.deepEqual([stopped.state, stopped.stateDetail], ['stopped', 'ended by the operator'])
  await assert.rejects(w.campaigns.pause(id), { code: 'campaign_conflict' })
  await assert.rejects(w.campaigns.cancel(id), { code: 'campaign_conflict' })
  await w.campaigns.resume(id, { retryFailed: false })
  await w.clock.advance(10 * minute)
  await assert.rejects(w.campaigns.resume(id, { retryFailed: true }), /is finished/)
  await assert.rejects(w.campaigns.get('none'), { code: 'campaign_unknown' })
  await assert.rejects(w.campaigns.items('none', { limit: 1 }), { code: 'campaign_unknown' })
  await assert.rejects(w.campaigns.pause('none'), { code: 'campaign_unknown' })
})

test('each change of state is noted as an event', async () => {
  const w = world(2)
  const { id } = await w.campaigns.create(request({ perMinute: 1 }))
  await flush()
  await w.campaigns.pause(id)
  await w.campaigns.resume(id, { retryFailed: false })
  await w.clock.advance(5 * minute)
  assert.deepEqual(w.notes, [
    `${id} is running`,
    `${id} is paused: by the operator`,
    `${id} is running`,
    `${id} is finished: 2 done, 0 failed, 0 skipped`,
  ])
})

test('so many campaigns at once and no more', async () => {
  const w = world(2)
  w.connected.clear()
  for (let count = 0; count < 8; count += 1) await w.campaigns.create(request())
  await assert.rejects(w.campaigns.create(request()), { code: 'campaign_conflict' })
  const [last] = await w.campaigns.list(1)
  await w.campaigns.cancel(last?.id ?? '')
  await w.campaigns.create(request())
  assert.equal((await w.campaigns.list()).length, 9)
})

test('a mistake in an operation fails its charge point only', async () => {
  const w = world(2)
  w.answers.set('CP0000', async () => {
    throw new TypeError('of nothing')
  })
  const { id } = await w.campaigns.create(request({ attempts: 2, retryAfterMs: 1000 }))
  await w.clock.advance(minute)
  const [item] = await w.campaigns.items(id, { state: 'failed', limit: 2 })
  assert.deepEqual([item?.identity, item?.code], ['CP0000', 'internal'])
  assert.doesNotMatch(item?.detail ?? '', /of nothing/)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
})
