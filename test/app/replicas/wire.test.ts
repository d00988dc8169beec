import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMessage, sealMessage } from '../../../src/app/replicas/wire-message.ts'
import { key, quiet, wireSetting } from './wire-setting.ts'

test('a question gets its answer, or an error with the words of whoever failed', async () => {
  const { replica } = wireSetting()
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
  // A process that ends is not kept by what it waits for.
  const long = assert.rejects(a.ask('b', 'silent', null, 600_000), { code: 'replica_silent' })
  await quiet()
  a.close()
  await long
})

test('[CWE-311][CWE-345] what passes is sealed, and what was not sealed with our key is not heard', async () => {
  const { replica, listeners, passed, warnings, drops } = wireSetting()
  const [a, b, stranger] = [await replica('a'), await replica('b'), await replica('c', Buffer.alloc(32, 2))]
  let heard = 0
  b.serve('http', async () => {
    heard += 1
    return 'done'
  })
  await a.ask('b', 'http', { password: 'not to be seen' }, 5000)
  assert.ok(!JSON.stringify(passed).includes('not to be seen'))
  await assert.rejects(stranger.ask('b', 'http', {}, 20), { code: 'replica_silent' })
  drops.length = 0
  for (const message of ['', '{"kind":"ask","what":"http"}', 'v2.', 'v2.AAAA', 'x'.repeat(10_000)]) {
    listeners.get('b')?.(message)
  }
  assert.equal(heard, 1)
  assert.deepEqual(drops, Array(5).fill('b sealed'))
  const told = warnings.filter((text) => /sealingKeyFile differs/.test(text))
  assert.equal(told.length, 2, 'a and b tell it, once a minute')
})

test('notices are for the others, or for one of them', async () => {
  const { replica } = wireSetting()
  const [a, b, c] = [await replica('a'), await replica('b'), await replica('c')]
  const heard: unknown[] = []
  a.onNotice((from, body) => heard.push(['a', from, body]))
  b.onNotice((from, body) => heard.push(['b', from, body]))
  c.onNotice((from, body) => heard.push(['c', from, body]))
  await a.tell({ events: 3 })
  await a.tell({ anew: true }, 'c')
  await quiet()
  assert.deepEqual(heard, [
    ['b', 'a', { events: 3 }],
    ['c', 'a', { events: 3 }],
    ['c', 'a', { anew: true }],
  ])
})

test('who begins to listen is told everything, by everybody who was there, and tells it', async () => {
  const { replica } = wireSetting()
  const wanted: string[] = []
  const [a, b] = [await replica('a'), await replica('b')]
  a.onWanted((who) => wanted.push(`${who} wants all of a`))
  b.onWanted((who) => wanted.push(`${who} wants all of b`))
  const heard: unknown[] = []
  const c = await replica('c')
  c.onNotice((from, body) => heard.push([from, body]))
  assert.deepEqual([...new Set(wanted)].sort(), ['c wants all of a', 'c wants all of b'])
  await a.tell({ started: [] }, 'c')
  await quiet()
  assert.deepEqual(heard, [['a', { started: [] }]], 'and it is believed')
})

test('[CWE-294] a message that is said again is not heard, nor by a replica that comes later', async () => {
  const { replica, passed, drops, warnings, repeat } = wireSetting()
  const [a, b] = [await replica('a'), await replica('b')]
  const heard: unknown[] = []
  const listen = async (_: string, body: unknown) => void heard.push(body)
  b.onNotice((from, body) => void listen(from, body))
  b.serve('end', async (body) => void heard.push(body))
  await a.tell({ ended: ['CP1'] })
  await a.ask('b', 'end', 'CP2', 5000)
  assert.deepEqual(heard, [{ ended: ['CP1'] }, 'CP2'])
  const old = [...passed]
  drops.length = 0
  await repeat(old)
  assert.equal(heard.length, 2)
  assert.ok(drops.length > 0 && drops.every((one) => / repeated$/.test(one)), drops.join())
  assert.equal(warnings.filter((text) => /somebody repeats messages/.test(text)).length, 2)

  const c = await replica('c')
  c.onNotice((from, body) => void listen(from, body))
  drops.length = 0
  await repeat(old)
  assert.equal(heard.length, 2)
  assert.ok(drops.includes('c repeated'), drops.join())
})

test('[CWE-294] what a replica said that has ended is not believed, however often it is said', async () => {
  const { replica, passed, drops, repeat, end } = wireSetting()
  const a = await replica('a')
  await replica('b')
  await a.tell({ ended: ['CP1'] })
  await quiet()
  const old = [...passed]
  end('a')
  end('b')
  const c = await replica('c')
  const heard: unknown[] = []
  c.onNotice((_, body) => heard.push(body))
  c.serve('end', async (body) => void heard.push(body))
  c.onWanted((who) => heard.push(who))
  drops.length = 0
  const before = passed.length
  await repeat(old)
  await repeat(old)
  assert.deepEqual(heard, [], 'not even the hellos of it get anything')
  assert.ok(drops.includes('c unmet') || drops.includes('c misdirected'), drops.join())
  assert.ok(passed.length - before <= 8, 'and hardly an answer')
})

test('[CWE-294] a message for one replica is none for another, and an answer is of who was asked', async () => {
  const { replica, passed, drops, listeners } = wireSetting()
  const [a, b, c] = [await replica('a'), await replica('b'), await replica('c')]
  const done: string[] = []
  for (const [name, wire] of [['b', b] as const, ['c', c] as const])
    wire.serve('end', async () => void done.push(name))
  await a.ask('b', 'end', 'CP1', 5000)
  const question = passed.filter(({ to }) => to === 'b').at(-1)
  listeners.get('c')?.(question?.message ?? '')
  await quiet()
  assert.deepEqual(done, ['b'])
  assert.ok(drops.includes('c misdirected'))

  const slow = Promise.withResolvers<string>()
  b.serve('slow', () => slow.promise)
  const asked = a.ask('b', 'slow', null, 5000)
  await quiet()
  const open = openMessage(key, passed.at(-1)?.message ?? '')
  const id = open?.kind === 'ask' ? open.id : ''
  const answer = { kind: 'answer', id, ok: true, body: 'of c', from: 'c', to: 'a', n: 400, t: 0 }
  listeners.get('a')?.(sealMessage(key, JSON.stringify(answer)))
  slow.resolve('of b')
  assert.equal(await asked, 'of b')
})

test('a message that is lost on the way of meeting costs one question at the most', async () => {
  const { replica, cut, clock } = wireSetting()
  const a = await replica('a')
  cut.lost = true
  const b = await replica('b')
  cut.lost = false
  b.serve('double', async (body) => Number(body) * 2)
  a.serve('half', async (body) => Number(body) / 2)
  clock.at += 1000
  assert.equal(await a.ask('b', 'double', 21, 5000), 42, 'they have not met before')
  assert.equal(await b.ask('a', 'half', 42, 5000), 21)
})

test('a message that was kept back for long is dropped, and the sender tells everything anew', async () => {
  const { replica, drops, clock, cut, passed, repeat } = wireSetting()
  const [a, b] = [await replica('a'), await replica('b')]
  const wanted: string[] = []
  a.onWanted((who) => wanted.push(who))
  const heard: unknown[] = []
  b.onNotice((_, body) => heard.push(body))
  clock.at += 2000
  cut.lost = true
  const before = passed.length
  await a.tell({ ended: ['CP1'] })
  cut.lost = false
  clock.at += 31_000
  await repeat(passed.slice(before))
  assert.deepEqual([heard, drops.includes('b late')], [[], true])
  assert.deepEqual(wanted, ['b'])
  await a.tell({ ended: ['CP2'] })
  await quiet()
  assert.deepEqual(heard, [{ ended: ['CP2'] }])
})

test('a question that nobody waits for any more is not done', async () => {
  const { replica, clock, cut, passed, repeat, drops } = wireSetting()
  const [a, b] = [await replica('a'), await replica('b')]
  let done = 0
  b.serve('end', async () => {
    done += 1
  })
  cut.lost = true
  const before = passed.length
  await assert.rejects(a.ask('b', 'end', 'CP1', 20), { code: 'replica_silent' })
  cut.lost = false
  clock.at += 1000
  await repeat(passed.slice(before))
  assert.deepEqual([done, drops.includes('b late')], [0, true])
})
