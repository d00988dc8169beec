import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLockout } from '../../../src/gate/credentials/lockout.ts'
import { networkOf } from '../../../src/gate/credentials/network.ts'

const minute = 60_000

function setUp(maxEntries?: number) {
  const clock = { at: 1_000_000 }
  const options = { failures: 3, lockMs: 5 * minute, now: () => clock.at }
  const lockout = createLockout(maxEntries === undefined ? options : { ...options, maxEntries })
  const fail = (identity: string, address: string, times = 1) => {
    for (let i = 0; i < times; i += 1) lockout.fail(identity, address)
  }
  const isLocked = (identity: string, address: string, known: string | null = null) =>
    lockout.check(identity, address, known).locked
  return { clock, lockout, fail, isLocked }
}

test('[CWE-307] failures lock the pair of identity and address, and nothing else', () => {
  const { clock, lockout, fail, isLocked } = setUp()
  fail('CP1', '192.0.2.1', 2)
  assert.equal(isLocked('CP1', '192.0.2.1'), false)
  fail('CP1', '192.0.2.1')
  assert.deepEqual(lockout.check('CP1', '192.0.2.1', null), { locked: true, until: clock.at + 5 * minute })
  assert.equal(isLocked('CP1', '192.0.2.2'), false)
  assert.equal(isLocked('CP2', '192.0.2.1'), false)
  clock.at += 5 * minute
  assert.equal(isLocked('CP1', '192.0.2.1'), false)
})

test('[CWE-307] each further lock is twice as long, up to an hour', () => {
  const { clock, lockout, fail } = setUp()
  const lengths: number[] = []
  for (let i = 0; i < 6; i += 1) {
    fail('CP1', '192.0.2.1', 3)
    const state = lockout.check('CP1', '192.0.2.1', null)
    assert.ok(state.locked)
    lengths.push((state.until - clock.at) / minute)
    clock.at = state.until
  }
  assert.deepEqual(lengths, [5, 10, 20, 40, 60, 60])
  clock.at += 61 * minute
  fail('CP1', '192.0.2.1', 3)
  assert.deepEqual(lockout.check('CP1', '192.0.2.1', null), { locked: true, until: clock.at + 5 * minute })
})

test('[CWE-307] a success forgets the failures of that pair; so does the end of the window', () => {
  const { clock, lockout, fail, isLocked } = setUp()
  fail('CP1', '192.0.2.1', 2)
  lockout.succeed('CP1', '192.0.2.1')
  fail('CP1', '192.0.2.1', 2)
  assert.equal(isLocked('CP1', '192.0.2.1'), false)
  clock.at += 5 * minute + 1
  fail('CP1', '192.0.2.1', 2)
  assert.equal(isLocked('CP1', '192.0.2.1'), false)
})

test('[CWE-307] a guess from many addresses slows strangers down, never the known address', () => {
  const { clock, fail, isLocked } = setUp()
  const known = '198.51.100.7'
  for (let i = 0; i < 60; i += 1) fail('CP1', `192.0.2.${i}`)
  assert.equal(isLocked('CP1', '203.0.113.1', known), false, 'not yet over the bound')
  assert.equal(isLocked('CP1', '203.0.113.2', known), false)
  fail('CP1', '192.0.2.99')
  assert.equal(isLocked('CP1', '203.0.113.1', known), false, 'one a second')
  assert.equal(isLocked('CP1', '203.0.113.2', known), true)
  assert.equal(isLocked('CP1', '203.0.113.3', null), true, 'no address is known: all are strangers')
  assert.equal(isLocked('CP1', known, known), false)
  assert.equal(isLocked('CP1', `::ffff:${known}`, known), false)
  assert.equal(isLocked('CP2', '203.0.113.2', null), false)
  clock.at += 1000
  assert.equal(isLocked('CP1', '203.0.113.2', known), false)
  assert.equal(isLocked('CP1', '203.0.113.1', known), true)
  clock.at += 5 * minute + 1
  assert.equal(isLocked('CP1', '203.0.113.1', known), false)
  assert.equal(isLocked('CP1', '203.0.113.2', known), false)
})

test('[CWE-307] addresses of one IPv6 network are one address', () => {
  const { fail, isLocked } = setUp()
  for (const last of ['1', '2', '3']) fail('CP1', `2001:db8:0:1::${last}`)
  assert.equal(isLocked('CP1', '2001:db8:0:1:ffff::9'), true)
  assert.equal(isLocked('CP1', '2001:db8:0:2::1'), false)
})

test('[CWE-770] what is remembered is bounded', () => {
  const { fail, isLocked } = setUp(2)
  fail('CP1', '192.0.2.1', 3)
  fail('CP2', '192.0.2.1', 3)
  fail('CP3', '192.0.2.1', 3)
  assert.equal(isLocked('CP1', '192.0.2.1'), false)
  assert.equal(isLocked('CP3', '192.0.2.1'), true)
})

test('[CWE-307] the network of an address', () => {
  const cases: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:0201', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['', ''],
    ['nonsense', 'nonsense'],
  ]
  for (const [address, network] of cases) assert.equal(networkOf(address), network, address)
})

test('[CWE-307] new bounds count from the next failure on; a lock that was set stays', () => {
  const { clock, lockout, fail, isLocked } = setUp()
  fail('CP1', '192.0.2.1', 3)
  lockout.setBounds({ failures: 1, lockMs: minute })
  assert.equal(isLocked('CP1', '192.0.2.1'), true)
  fail('CP2', '192.0.2.1')
  assert.deepEqual(lockout.check('CP2', '192.0.2.1', null), { locked: true, until: clock.at + minute })
  clock.at += 2 * minute
  assert.equal(isLocked('CP1', '192.0.2.1'), true)
  lockout.setBounds({ failures: 100, lockMs: minute })
  fail('CP3', '192.0.2.1', 99)
  assert.equal(isLocked('CP3', '192.0.2.1'), false)
})

test('[CWE-307] a lock ends with the password that was guessed at, and when the operator says so', () => {
  const { lockout } = setUp()
  const lock = (version: string) => {
    for (let i = 0; i < 3; i += 1) lockout.fail('CP1', '192.0.2.1', version)
  }
  const isLocked = (version: string) => lockout.check('CP1', '192.0.2.1', null, version).locked
  lock('one')
  assert.deepEqual([isLocked('one'), isLocked('two')], [true, false])
  lock('two')
  assert.deepEqual([isLocked('one'), isLocked('two')], [true, true])
  lockout.free('CP2')
  assert.equal(isLocked('two'), true)
  lockout.free('CP1')
  assert.deepEqual([isLocked('one'), isLocked('two')], [false, false])
  lock('two')
  assert.equal(isLocked('two'), true, 'freeing is no pardon for later')
})

test('[CWE-307] the look after a slow hash sees the lock, and takes no turn of a stranger', () => {
  const { lockout, fail } = setUp()
  assert.equal(lockout.recheck('CP1', '192.0.2.1').locked, false)
  fail('CP1', '192.0.2.1', 3)
  assert.equal(lockout.recheck('CP1', '192.0.2.1').locked, true)
  for (let i = 0; i < 70; i += 1) fail('CP2', `192.0.2.${i}`)
  for (let i = 0; i < 3; i += 1) assert.equal(lockout.recheck('CP2', '203.0.113.1').locked, false)
  assert.equal(lockout.check('CP2', '203.0.113.1', null).locked, false)
  assert.equal(lockout.check('CP2', '203.0.113.1', null).locked, true)
})
