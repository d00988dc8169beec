import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../src/pki/authority/authority.ts'
import { generateKey } from '../../../src/pki/keys.ts'
import { day, issuerOf, localOf } from '../../pki/authority/setting.ts'
import { makeAuthority } from '../../support/authority.ts'
import { status } from '../operation/setting.ts'
import { down, rejecting, setUp } from './setting.ts'

const keys = await generateKey({ type: 'ec', curve: 'P-256' })

test('[A02.FR.04] the authority is down: what was accepted is tried again, more and more seldom, until it is given up', async (t) => {
  const setting = await setUp(t)
  setting.authority = down
  setting.connect()
  await setting.sign({ keys })
  const waits: number[] = []
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await setting.settle()
    const { attempts, nextAttemptAt, phase } = await setting.renewal()
    assert.deepEqual([attempts, phase], [attempt, 'pending'])
    const wait = (nextAttemptAt ?? 0) - setting.clock.now()
    waits.push(wait)
    setting.clock.advance(wait)
  }
  assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000])
  assert.deepEqual(setting.noted(), ['CertificateAuthorityFailed'], 'one event, not one a try')
  setting.clock.advance(day)
  await setting.settle()
  assert.partialDeepStrictEqual(await setting.renewal(), { phase: 'failed', nextAttemptAt: null })
  assert.deepEqual(setting.noted(), ['CertificateAuthorityFailed'])
  assert.equal(setting.counts.get('failed'), 1)
})

test('[A02.FR.04] pending work survives a restart, and is taken up when the charge point is connected', async (t) => {
  const setting = await setUp(t)
  const { authority } = setting
  setting.authority = down
  setting.connect()
  await setting.sign({ keys })
  await setting.settle()
  await setting.restart()
  setting.authority = authority
  setting.clock.advance(3_600_000)
  await setting.settle()
  assert.equal((await setting.renewal()).phase, 'pending', 'it is not connected')
  const session = setting.connect()
  await setting.settle()
  setting.clock.advance(2_000)
  assert.equal((await session.outcome(status('Accepted'))).action, 'CertificateSigned')
  await setting.settle()
  assert.equal((await setting.renewal()).phase, 'accepted')
})

test('[A02.FR.04] another authority after a reload is asked at once', async (t) => {
  const setting = await setUp(t)
  const { authority } = setting
  setting.authority = down
  const session = setting.connect()
  await setting.sign({ keys })
  await setting.settle()
  setting.authority = authority
  setting.update.authoritiesChanged()
  assert.equal((await session.outcome(status('Accepted'))).action, 'CertificateSigned')
})

test('[A02.FR.12] what the authority rejects is not tried again', async (t) => {
  const setting = await setUp(t)
  setting.authority = rejecting
  const session = setting.connect()
  await setting.sign({ keys })
  await setting.settle()
  assert.partialDeepStrictEqual(await setting.renewal(), {
    phase: 'failed',
    attempts: 1,
    detail: 'authority ca answered 400',
  })
  assert.deepEqual(setting.noted(), ['CertificateAuthorityFailed'])
  assert.deepEqual(session.calls, [])
  assert.deepEqual(setting.update.notes(), [], 'it answers: it is not down')
})

test('[A02.FR.06][A00.FR.403] what our own gate would refuse is not handed on', async (t) => {
  const setting = await setUp(t)
  const stranger = await makeAuthority({ name: 'Stranger' })
  const wrong: readonly [authority: Authority, words: RegExp][] = [
    [localOf(issuerOf(stranger)).authority, /client_cert_untrusted/],
    [localOf(issuerOf(setting.root), { lifetimeMs: 10 * day }).authority, /issued_short_lived/],
  ]
  for (const [authority, words] of wrong) {
    setting.authority = authority
    const session = setting.connect()
    assert.equal(await setting.sign({ keys }), 'Accepted')
    await setting.settle()
    assert.match((await setting.renewal()).detail ?? '', words)
    assert.deepEqual(session.calls, [])
  }
})

test('[A02.FR.11] no answer: it is sent again on another session, and its refusal then is no loss of the new one', async (t) => {
  const setting = await setUp(t)
  const first = setting.connect()
  await setting.sign({ keys })
  await first.outcome({ kind: 'no-answer', detail: 'no answer within 30000 ms' })
  await setting.settle()
  setting.clock.advance(600_000)
  await setting.settle()
  assert.equal(first.calls.length, 1, 'not twice on one session')
  assert.equal((await setting.renewal()).phase, 'sent')
  const second = setting.connect()
  await setting.settle()
  setting.clock.advance(2_000)
  await second.outcome(status('Rejected'))
  await setting.settle()
  const { phase, certificateFingerprint } = await setting.renewal()
  assert.equal(phase, 'refused')
  // It had taken it the first time.
  setting.connect({ certificate: certificateFingerprint })
  await setting.heard()
  assert.equal((await setting.renewal()).phase, 'seen')
})

test('[CWE-400] a charge point that never answers is not asked for ever', async (t) => {
  const setting = await setUp(t)
  setting.connect()
  await setting.sign({ keys })
  for (let round = 0; round < 8; round += 1) {
    await setting.settle()
    setting.connect()
    await setting.settle()
    setting.clock.advance(2_000)
  }
  await setting.settle()
  assert.partialDeepStrictEqual(await setting.renewal(), { phase: 'failed', deliveries: 5 })
})

test('a newer request takes the place of one that is under way', async (t) => {
  const setting = await setUp(t)
  const { authority } = setting
  setting.authority = down
  const session = setting.connect()
  await setting.sign({ keys })
  await setting.settle()
  setting.authority = authority
  setting.update.notes()
  const other = await generateKey({ type: 'ec', curve: 'P-256' })
  await setting.sign({ keys: other })
  const sent = await session.outcome(status('Accepted'))
  assert.equal(sent.action, 'CertificateSigned')
  await setting.settle()
  assert.equal((await setting.store.issued.list({ limit: 9 })).length, 1)
  assert.equal(session.calls.length, 1)
})

test('a store that fails is tried again, and nothing is lost', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const step = setting.store.renewals.step
  let failures = 2
  Object.assign(setting.store.renewals, {
    step: (...args: Parameters<typeof step>) => {
      failures -= 1
      return failures >= 0 ? Promise.reject(new Error('disk full')) : step(...args)
    },
  })
  await setting.sign({ keys })
  for (let round = 0; round < 3; round += 1) {
    await setting.settle()
    setting.clock.advance(30_000)
  }
  assert.equal((await session.outcome(status('Accepted'))).action, 'CertificateSigned')
})
