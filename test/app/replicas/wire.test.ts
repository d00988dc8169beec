import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Wire } from '../../../src/app/replicas/wire.ts'

const key = Buffer.alloc(32, 1)

/** Replicas on a bus in memory, with what passes over it. */
function setting() {
  const listeners = new Map<string, (message: string) => void>()
  const passed: string[] = []
  const warnings: string[] = []
  const replica = async (self: string, sealingKey = key) => {
    const bus = {
      listen: async (listener: (message: string) => void) => void listeners.set(self, listener),
      publish: async (to: string | null, message: string) => {
        passed.push(message)
        const heard = [...listeners].filter(([name]) => to === null || name === to)
        for (const [, listener] of heard) listener(message)
        return heard.length
      },
    }
    const log = { warn: (_: object, text: string) => void warnings.push(text) }
    const wire = new Wire({ self, bus, sealingKey, log, now: () => 0 })
    await wire.start()
    return wire
  }
  return { replica, listeners, passed, warnings }
}

test('a question gets its answer, or an error with the words of whoever failed', async () => {
  const { replica } = setting()
  const [a, b] = [await replica('a'), await replica('b')]
  b.serve('double', async (body) => Number(body) * 2)
  b.serve('fail', async () => {
    throw new Error('no such charge point')
  })
  assert.equal(await a.ask('b', 'double', 21, 5000), 42)
  await assert.rejects(a.ask('b', 'fail', null, 5000), {
    code: 'replica_failed',
    message: 'no such charge point',
  })
  await assert.rejects(a.ask('b', 'unheard of', null, 5000), { code: 'replica_failed' })
  await assert.rejects(a.ask('nobody', 'double', 1, 60_000), { code: 'replica_silent' })
  b.serve('silent', () => new Promise(() => {}))
  await assert.rejects(a.ask('b', 'silent', null, 10), { code: 'replica_silent' })
})

test('[CWE-311][CWE-345] what passes is sealed, and what was not sealed with our key is not heard', async () => {
  const { replica, listeners, passed, warnings } = setting()
  const [a, b, stranger] = [await replica('a'), await replica('b'), await replica('c', Buffer.alloc(32, 2))]
  let heard = 0
  b.serve('http', async () => {
    heard += 1
    return 'done'
  })
  await a.ask('b', 'http', { password: 'not to be seen' }, 5000)
  assert.ok(!passed.join().includes('not to be seen'))
  await assert.rejects(stranger.ask('b', 'http', {}, 20), { code: 'replica_silent' })
  for (const message of ['', '{"kind":"ask","what":"http"}', 'v1.', 'v1.AAAA', 'x'.repeat(10_000)]) {
    listeners.get('b')?.(message)
  }
  assert.equal(heard, 1)
  assert.equal(warnings.length, 1, 'and told once a minute')
})

test('notices are for the others', async () => {
  const { replica } = setting()
  const [a, b] = [await replica('a'), await replica('b')]
  const heard: unknown[] = []
  a.onNotice((from, body) => heard.push(['a', from, body]))
  b.onNotice((from, body) => heard.push(['b', from, body]))
  await a.tell({ events: 3 })
  assert.deepEqual(heard, [['b', 'a', { events: 3 }]])
})
