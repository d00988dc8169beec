import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RefusalEvents } from '../../src/events/refusal-events.ts'
import type { NewSecurityEvent } from '../../src/store/store.ts'
import { rejection } from '../store/contract/rejections.ts'

function setting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const kept: NewSecurityEvent[] = []
  const refusals = new RefusalEvents({ keep: (event) => void kept.push(event), now: Date.now })
  return { kept, refusals, tick: (ms: number) => t.mock.timers.tick(ms) }
}

const notTls = (address: string) =>
  rejection({ stage: 'tls', reason: 'not_tls', event: 'InvalidTLSVersion', address, identity: null })

test('[A00.FR.323] each refusal of a charge point is an event with its reason, report mode included', (t) => {
  const { kept, refusals } = setting(t)
  const failed = { event: 'FailedToAuthenticateAtCentralSystem', detail: 'wrong' } as const
  refusals.take(rejection(failed))
  refusals.take(rejection({ ...failed, mode: 'report' }))
  refusals.take(rejection({ event: null }))
  assert.deepEqual(
    kept.map(({ type, techInfo, reason, origin }) => [type, techInfo, reason, origin]),
    [
      ['FailedToAuthenticateAtCentralSystem', 'credentials_invalid: wrong', 'credentials_invalid', 'proxy'],
      [
        'FailedToAuthenticateAtCentralSystem',
        'credentials_invalid (admitted, report mode): wrong',
        'credentials_invalid',
        'proxy',
      ],
    ],
  )
})

test('[A00.FR.408][CWE-400] a flood before TLS is one event a minute for an address, with its number', (t) => {
  const { kept, refusals, tick } = setting(t)
  for (let index = 0; index < 500; index += 1) refusals.take(notTls('192.0.2.1'))
  refusals.take(notTls('192.0.2.2'))
  assert.equal(kept.length, 2)
  tick(60_000)
  assert.equal(kept.length, 3)
  assert.match(kept[2]?.techInfo ?? '', /^not_tls: 499 times within a minute, the last: /)
  // It goes on: the next event comes a minute later.
  refusals.take(notTls('192.0.2.1'))
  refusals.take(notTls('192.0.2.1'))
  assert.equal(kept.length, 3)
  tick(60_000)
  assert.match(kept[3]?.techInfo ?? '', /: 2 times/)
  tick(60_000)
  refusals.take(notTls('192.0.2.1'))
  assert.equal(kept.length, 5)
  assert.match(kept[4]?.techInfo ?? '', /^not_tls: [^0-9]/)
})

test('close: what was counted is told', (t) => {
  const { kept, refusals } = setting(t)
  for (let index = 0; index < 4; index += 1) refusals.take(notTls('192.0.2.1'))
  refusals.close()
  assert.match(kept[1]?.techInfo ?? '', /: 3 times/)
})

test('[CWE-770] more addresses than are told apart: the oldest is told early, and nothing is lost', (t) => {
  const { kept, refusals } = setting(t)
  refusals.take(notTls('first'))
  refusals.take(notTls('first'))
  for (let index = 0; index < 10_000; index += 1) refusals.take(notTls(`a${index}`))
  assert.equal(kept.length, 10_002)
  assert.equal(kept.filter(({ address }) => address === 'first').length, 2)
})
