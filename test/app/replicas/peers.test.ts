import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Peers } from '../../../src/app/replicas/peers.ts'

function setting() {
  const clock = { at: 0 }
  const peers = new Peers(() => clock.at)
  const meet = (from: string, n = 1, t = 0) => peers.meet(from, n, t, peers.nonce()) === 'new'
  return { clock, peers, meet }
}

test('[CWE-294] only who answers a number of ours, of now, is believed', () => {
  const { clock, peers } = setting()
  const nonce = peers.nonce()
  assert.equal(peers.judge('a', 1, 0), 'unmet')
  assert.equal(peers.meet('a', 2, 0, 'another'), 'late')
  clock.at = 10_000
  assert.equal(peers.meet('a', 2, 0, nonce), 'late', 'the number is old')
  assert.equal(peers.meet('a', 2, 0, peers.nonce()), 'new')
  assert.deepEqual([peers.judge('a', 1, 0), peers.judge('a', 2, 0)], ['repeated', 'repeated'])
  assert.equal(peers.judge('a', 3, 0), 'new')
  assert.equal(peers.meet('a', 3, 0, peers.nonce()), 'repeated', 'an answer that was here')
})

test('[CWE-294] each number is taken once, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 2000 }), { maxLength: 300 }), (numbers) => {
      const { peers, meet } = setting()
      meet('a')
      const taken = numbers.filter((n) => peers.judge('a', n, 0) === 'new')
      assert.equal(new Set(taken).size, taken.length)
    }),
  )
  const { peers, meet } = setting()
  meet('a')
  const order = [5, 3, 4, 2, 600, 89, 88, 600]
  const verdicts = order.map((n) => peers.judge('a', n, 0))
  assert.deepEqual(verdicts, ['new', 'new', 'new', 'new', 'new', 'new', 'repeated', 'repeated'])
})

test('no clock is shared: ages are told by the pace of the own ones', () => {
  const { clock, peers, meet } = setting()
  clock.at = 1_000_000
  meet('a', 1, 77)
  clock.at += 3_600_000
  assert.equal(peers.judge('a', 2, 77 + 3_600_000), 'new')
  assert.equal(peers.isStale('a'), true)
  assert.equal(peers.judge('a', 3, 77 + 3_600_000 - 30_001), 'late')
  assert.equal(peers.judge('a', 3, 77 + 3_600_000), 'repeated', 'late or not, it was here')
  assert.equal(peers.judge('a', 4, 77 + 3_600_000 - 200, 100), 'late', 'nobody waits for it any more')
  // The other one has slept: its clock is behind until both are compared again.
  assert.equal(meet('a', 5, 77), true)
  assert.equal(peers.judge('a', 6, 78), 'new')
  assert.equal(peers.isStale('a'), false)
})

test('[CWE-770] so many senders are known, and who was just heard of is not forgotten for another', () => {
  const { clock, peers, meet } = setting()
  for (let i = 0; i < 256; i++) assert.equal(meet(`replica ${i}`), true)
  assert.equal(meet('one more'), false)
  clock.at = 10_000
  assert.equal(peers.judge('replica 0', 2, 10_000), 'new')
  assert.equal(meet('one more', 1, 10_000), true)
  assert.deepEqual([peers.knows('replica 0'), peers.knows('replica 1')], [true, false])
})
