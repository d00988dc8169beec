import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../../src/ocpp/message.ts'
import type { SecurityProfile } from '../../../src/policy/facts.ts'
import { expectedOnboarding } from '../../../src/policy/onboarding.ts'
import { answerInOnboarding } from '../../../src/usecases/onboarding/answers.ts'
import {
  bootSeconds,
  nextStep,
  type OnboardingFacts,
  retryDelay,
  wordsOf,
} from '../../../src/usecases/onboarding/plan.ts'

const facts = (profile: SecurityProfile, more: Partial<OnboardingFacts> = {}): OnboardingFacts => ({
  profile,
  hasFactoryPassword: false,
  hasNewCertificate: false,
  endOnProfile: null,
  served: new Set<SecurityProfile>([1, 2, 3]),
  ...more,
})
const only = (...profiles: SecurityProfile[]) => ({ served: new Set(profiles) })
const factory = { hasFactoryPassword: true }

const steps: readonly [what: string, facts: OnboardingFacts, words: RegExp][] = [
  ['[A00.FR.406] on profile 3 it is the certificate', facts(3), /certificate/],
  ['[A00.FR.805] a factory password is replaced', facts(1, factory), /new password \(A01\)/],
  ['[A00.FR.805] on profile 2 as well', facts(2, { ...factory, endOnProfile: 2 }), /new password \(A01\)/],
  [
    'to profile 2 goes with a new password',
    facts(1, { ...factory, endOnProfile: 2 }),
    /to profile 2 .*new password/,
  ],
  ['to profile 3 goes by way of 2', facts(1, { ...factory, endOnProfile: 3 }), /to profile 2 .*new password/],
  [
    'or without it, where nobody serves it',
    facts(1, { ...factory, endOnProfile: 3, ...only(1, 3) }),
    /new password \(A01\)/,
  ],
  ['first the password', facts(2, { ...factory, endOnProfile: 3 }), /new password \(A01\)/],
  ['then the certificate', facts(2, { endOnProfile: 3 }), /certificate/],
  ['then the profile', facts(2, { endOnProfile: 3, hasNewCertificate: true }), /^goes to profile 3 \(A05\)$/],
  ['its own password is taken along', facts(1, { endOnProfile: 2 }), /^goes to profile 2 \(A05\)$/],
  ['on profile 0 nothing is given', facts(0), /nobody proves anything/],
]

for (const [what, given, words] of steps) {
  test(`${what} (step)`, () => assert.match(wordsOf(nextStep(given)), words))
}

test('[CWE-770] the wait for the next try doubles, up to its bound', () => {
  const bounds = { initial: 60_000, max: 3_600_000 }
  const waits = [1, 2, 3, 7, 8, 1000].map((failures) => retryDelay(failures, bounds))
  assert.deepEqual(waits, [60_000, 120_000, 240_000, 3_600_000, 3_600_000, 3_600_000])
})

test('[OCPP 1.6 4.2] the interval of Pending is never shorter than the wait for the next try', () => {
  const onboarding = expectedOnboarding('certificate', null, 0)
  assert.equal(bootSeconds(null, 1500, 0), 2)
  assert.equal(bootSeconds(onboarding, 30_000, 0), 30)
  assert.equal(bootSeconds({ ...onboarding, notBefore: 100_000 }, 30_000, 40_000), 60)
  assert.equal(bootSeconds({ ...onboarding, notBefore: 100_000 }, 30_000, 99_000), 30)
})

test('[A00.FR.806] [OCPP 1.6 4.2] what a charge point in Pending hears', () => {
  const hear = (action: string, payload: Payload = {}) => {
    const fate = answerInOnboarding({ direction: 'to-central-system', id: '1', action, payload }, 0, 30)
    assert.ok(fate.kind === 'answer')
    return fate.answer.kind === 'result' ? fate.answer.payload : fate.answer.code
  }
  assert.deepEqual(hear('BootNotification'), {
    status: 'Pending',
    currentTime: '1970-01-01T00:00:00.000Z',
    interval: 30,
  })
  for (const action of [
    'SecurityEventNotification',
    'LogStatusNotification',
    'SignedFirmwareStatusNotification',
  ])
    assert.deepEqual(hear(action), {}, action)
  assert.deepEqual(hear('DataTransfer', { vendorId: 'X' }), { status: 'Rejected' })
  for (const action of [
    'Authorize',
    'Heartbeat',
    'StatusNotification',
    'StartTransaction',
    'StopTransaction',
    'MeterValues',
    'FirmwareStatusNotification',
    'DiagnosticsStatusNotification',
    'NoSuchAction',
  ])
    assert.equal(hear(action), 'SecurityError', action)
})
