import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heartbeat } from '../../../src/app/replicas/heartbeat.ts'
import { inParallel } from '../../../src/app/replicas/in-parallel.ts'
import { Rounds } from '../../../src/app/replicas/rounds.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('[CWE-613] a beat is never kept by other work, and beats that hang do not gather', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const hanging: PromiseWithResolvers<string>[] = []
  const seen: string[] = []
  const rounds = new Rounds({ tasks: { slow: () => new Promise(() => {}) }, failed: () => assert.fail() })
  const heartbeat = new Heartbeat({
    leases: {
      beat() {
        const beat = Promise.withResolvers<string>()
        hanging.push(beat)
        return beat.promise
      },
    },
    everyMs: 100,
    beaten(life) {
      seen.push(life)
      rounds.run()
    },
    failed: (error) => seen.push(String(error)),
  })
  heartbeat.start()
  for (const life of ['one', 'two', 'three']) {
    t.mock.timers.tick(100)
    hanging.at(-1)?.resolve(life)
    await settled()
  }
  assert.deepEqual(seen, ['one', 'two', 'three'], 'the work of the first one is not over')
  t.mock.timers.tick(100)
  assert.equal(hanging.length, 4)
  t.mock.timers.tick(1_000)
  heartbeat.now()
  assert.equal(hanging.length, 4, 'one hangs: no other is sent')
  hanging[3]?.reject('away')
  await settled()
  assert.equal(seen.at(-1), 'away')
  t.mock.timers.tick(100)
  assert.equal(hanging.length, 5)
  hanging[4]?.resolve('last')
  await heartbeat.close()
  t.mock.timers.tick(1_000)
  heartbeat.now()
  assert.equal(hanging.length, 5)
})

test('no task waits for another one, none runs twice at once, and one that fails runs again', async () => {
  const calls: string[] = []
  const failures: string[] = []
  const slow = Promise.withResolvers<void>()
  const rounds = new Rounds({
    tasks: {
      async slow() {
        calls.push('slow')
        await slow.promise
      },
      async broken() {
        calls.push('broken')
        throw new Error('away')
      },
    },
    failed: (task, error) => failures.push(`${task} ${String(error)}`),
  })
  rounds.run()
  await settled()
  rounds.run()
  await settled()
  assert.deepEqual(calls, ['slow', 'broken', 'broken'])
  assert.deepEqual(failures, ['broken Error: away', 'broken Error: away'])
  const closed = rounds.close()
  slow.resolve()
  await closed
  rounds.run()
  assert.equal(calls.length, 3)
})

test('so many at once; one that fails keeps the others from nothing, unless the error is final', async () => {
  let running = 0
  let most = 0
  const each = async (item: number) => {
    running += 1
    most = Math.max(most, running)
    await settled()
    running -= 1
    if (item === 3) throw new Error('three')
    done.push(item)
    return item * 2
  }
  let done: number[] = []
  const items = [1, 2, 4, 5, 6, 7, 8]
  assert.deepEqual(
    await inParallel(items, 2, each, () => false),
    items.map((item) => item * 2),
  )
  assert.equal(most, 2)
  done = []
  await assert.rejects(
    inParallel([3, ...items], 2, each, () => false),
    /three/,
  )
  assert.equal(done.length, items.length)
  done = []
  await assert.rejects(
    inParallel([3, ...items], 2, each, () => true),
    /three/,
  )
  assert.deepEqual(done, [1], 'what had begun was waited for')
  assert.deepEqual(await inParallel([], 2, each, () => true), [])
})
