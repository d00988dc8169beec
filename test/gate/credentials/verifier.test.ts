import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { hashKey } from '../../../src/gate/credentials/hash.ts'
import { createPasswordVerifier, type Verification } from '../../../src/gate/credentials/verifier.ts'

const now = () => 0
const overloaded: Verification = { overloaded: true }

test('[A00.FR.205] one stored hash of a random key serves raw bytes and hexadecimal of either case', async () => {
  const key = Buffer.from('00ff'.repeat(10), 'hex')
  const verifier = createPasswordVerifier({ now })
  const credential = await hashKey(key, false)
  const sent: [Buffer, Verification][] = [
    [key, { ok: true, form: 'raw' }],
    [Buffer.from('00ff'.repeat(10)), { ok: true, form: 'hex-lower' }],
    [Buffer.from('00FF'.repeat(10)), { ok: true, form: 'hex-upper' }],
    [Buffer.from('00fe'.repeat(10)), { ok: false }],
    [Buffer.alloc(0), { ok: false }],
  ]
  for (const [presented, expected] of sent) {
    assert.deepEqual(await verifier.verify(credential, presented, 'CP1'), expected)
  }
})

test('[A00.FR.205] a password that a person chose', async () => {
  const verifier = createPasswordVerifier({ now })
  const credential = await hashKey(Buffer.from('plainpassword123'), true)
  const hex = Buffer.from('plainpassword123').toString('hex')
  assert.deepEqual(await verifier.verify(credential, Buffer.from('plainpassword123'), 'CP1'), {
    ok: true,
    form: 'text',
  })
  assert.deepEqual(await verifier.verify(credential, Buffer.from(hex), 'CP1'), {
    ok: true,
    form: 'hex-lower',
  })
  assert.deepEqual(await verifier.verify(credential, Buffer.from('plainpassword124'), 'CP1'), { ok: false })
})

test('[CWE-204] every failure waits for a place among the slow hashes, whatever was wrong', async () => {
  // No place at all: what would run a slow hash is turned away, so the answer tells who runs one.
  const verifier = createPasswordVerifier({ now, maxConcurrent: 0, maxQueue: 0 })
  const key = randomBytes(20)
  const fast = await hashKey(key, false)
  const slow = await hashKey(key, true)
  const wrong = Buffer.from('wrong')
  assert.deepEqual(await verifier.verify(null, wrong, 'nobody'), overloaded)
  assert.deepEqual(await verifier.verify(fast, wrong, 'CP1'), overloaded)
  assert.deepEqual(await verifier.verify(slow, wrong, 'CP1'), overloaded)
  // A random key costs no slow hash when it is right: a reconnecting fleet never queues.
  assert.deepEqual(await verifier.verify(fast, key, 'CP1'), { ok: true, form: 'raw' })
})

test('[CWE-400] only so many slow checks run and wait; those that wait are answered', async () => {
  const verifier = createPasswordVerifier({ now, maxConcurrent: 1, maxQueue: 2 })
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => verifier.verify(null, Buffer.from('guess'), 'CP1')),
  )
  assert.deepEqual(answers, [{ ok: false }, { ok: false }, { ok: false }, overloaded, overloaded])
  assert.deepEqual(
    await verifier.verify(null, Buffer.from('guess'), 'CP1'),
    { ok: false },
    'places are given back',
  )
})

test('[A01.FR.03] a success is remembered for a time, for that hash, password and identity only', async () => {
  let at = 0
  const verifier = createPasswordVerifier({ now: () => at, maxConcurrent: 1, maxQueue: 0, cacheMs: 1000 })
  const password = Buffer.from('correct horse')
  const old = await hashKey(password, true)
  const renewed = await hashKey(Buffer.from('battery staple'), true)
  assert.deepEqual(await verifier.verify(old, password, 'CP1'), { ok: true, form: 'text' })

  // While the only place is taken, what is remembered is answered and the rest is turned away.
  const isRemembered = async (credential: typeof old, presented: Buffer, identity: string) => {
    const busy = verifier.verify(null, password, 'busy')
    const answer = await verifier.verify(credential, presented, identity)
    await busy
    return 'ok' in answer && answer.ok
  }
  assert.equal(await isRemembered(old, password, 'CP1'), true)
  assert.equal(await isRemembered(old, password, 'CP2'), false)
  assert.equal(await isRemembered(old, Buffer.from('correct horsf'), 'CP1'), false)
  assert.equal(await isRemembered(renewed, password, 'CP1'), false)
  assert.deepEqual(await verifier.verify(renewed, password, 'CP1'), { ok: false })
  at = 1000
  assert.equal(await isRemembered(old, password, 'CP1'), false)
})

test('[CWE-770] the memory of successes is bounded', async () => {
  const verifier = createPasswordVerifier({ now, maxConcurrent: 1, maxQueue: 0, cacheEntries: 1 })
  const password = Buffer.from('correct horse')
  const credential = await hashKey(password, true)
  await verifier.verify(credential, password, 'CP1')
  await verifier.verify(credential, password, 'CP2')
  const busy = verifier.verify(null, password, 'busy')
  assert.deepEqual(await verifier.verify(credential, password, 'CP1'), overloaded)
  assert.deepEqual(await verifier.verify(credential, password, 'CP2'), { ok: true, form: 'text' })
  await busy
})

test('[A01.FR.03] while a password is changed both are right; equal ones count as the new one', async () => {
  const verifier = createPasswordVerifier({ now })
  const keys = { random: randomBytes(20), other: randomBytes(20), text: Buffer.from('correct horse') }
  const hashes = {
    random: await hashKey(keys.random, false),
    other: await hashKey(keys.other, false),
    text: await hashKey(keys.text, true),
    same: await hashKey(keys.random, true),
  }
  const use = async (
    current: keyof typeof hashes | null,
    next: keyof typeof hashes | null,
    presented: Buffer,
  ): Promise<string> => {
    const stored = {
      current: current === null ? null : hashes[current],
      next: next === null ? null : hashes[next],
    }
    const result = await verifier.verifyEither(stored, presented, 'CP1')
    return 'ok' in result && result.ok ? result.credential : 'wrong'
  }
  // Twice: the second time slow ones are remembered.
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await use('random', 'other', keys.random), 'current')
    assert.equal(await use('random', 'other', keys.other), 'next')
    assert.equal(await use('random', 'text', keys.random), 'current')
    assert.equal(await use('random', 'text', keys.text), 'next')
    assert.equal(await use('text', 'random', keys.text), 'current')
    assert.equal(await use('text', 'random', keys.random), 'next')
    assert.equal(await use('random', 'same', keys.random), 'next')
    assert.equal(await use('same', 'random', keys.random), 'next')
    assert.equal(await use(null, 'random', keys.random), 'next')
    assert.equal(await use('random', null, keys.random), 'current')
    assert.equal(await use('random', 'text', keys.other), 'wrong')
  }
})

test('[A01.FR.03] what is remembered of an old password does not outlive it', async () => {
  const verifier = createPasswordVerifier({ now })
  const old = Buffer.from('correct horse')
  const [current, next] = [await hashKey(old, true), await hashKey(randomBytes(20), false)]
  const during = await verifier.verifyEither({ current, next }, old, 'CP1')
  assert.ok('ok' in during && during.ok)
  assert.deepEqual(await verifier.verifyEither({ current: next, next: null }, old, 'CP1'), { ok: false })
})

test('[CWE-204] a wrong password costs slow hashes while a password is changed, too', async () => {
  const verifier = createPasswordVerifier({ now, maxConcurrent: 0, maxQueue: 0 })
  const [current, next] = [await hashKey(randomBytes(20), false), await hashKey(randomBytes(20), false)]
  assert.deepEqual(await verifier.verifyEither({ current, next }, Buffer.from('wrong'), 'CP1'), overloaded)
})
