import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import { expectedOnboarding, type Onboarding, type OnboardingVia } from '../../src/policy/onboarding.ts'
import { checkEntry, type OnboardingLogin, onboardingVerdict } from '../../src/policy/onboarding-stage.ts'

const expected = (via: OnboardingVia, more: Partial<Onboarding> = {}): Onboarding => ({
  ...expectedOnboarding(via, null, 5000),
  ...more,
})
const login = (profile: SecurityProfile, more: Partial<OnboardingLogin> = {}): OnboardingLogin => ({
  profile,
  entry: null,
  salt: profile === 1 || profile === 2 ? 'factory' : null,
  isNext: false,
  ...more,
})

type Row = readonly [
  what: string,
  onboarding: Onboarding | null,
  login: OnboardingLogin,
  endOn: SecurityProfile | null,
  stage: 'onboarding' | 'operation' | 'over',
]

const password = expected('password')
const seen = expected('password', { factorySalt: 'factory' })
const certificate = expected('certificate')
const rows: readonly Row[] = [
  ['whoever is not in onboarding works', null, login(2), null, 'operation'],
  [
    '[A00.FR.406] a factory certificate is for onboarding',
    certificate,
    login(3, { entry: 'factory-certificate' }),
    null,
    'onboarding',
  ],
  [
    '[A00.FR.430] so is an expired one, expected or not',
    null,
    login(3, { entry: 'expired-certificate' }),
    null,
    'onboarding',
  ],
  ['[A00.FR.806] a certificate of the operator ends it', certificate, login(3), null, 'over'],
  ['[A00.FR.806] a certificate of the operator ends one by password as well', password, login(3), 3, 'over'],
  [
    '[A00.FR.806] the first password of one by password is the factory one',
    password,
    login(2),
    null,
    'onboarding',
  ],
  ['[A00.FR.806] the factory password stays the factory one', seen, login(1), null, 'onboarding'],
  ['[A01.FR.03] the new one ends it, kept already', seen, login(2, { salt: 'new' }), null, 'over'],
  [
    '[A01.FR.03] the new one ends it, used for the first time',
    seen,
    login(2, { salt: 'new', isNext: true }),
    null,
    'over',
  ],
  ['[A05.FR.07] not before the profile is reached', seen, login(2, { salt: 'new' }), 3, 'onboarding'],
  ['[A05.FR.07] and with it', seen, login(2, { salt: 'new' }), 2, 'over'],
  [
    'a password of the operator is good while a certificate is expected',
    certificate,
    login(2),
    null,
    'operation',
  ],
  ['profile 0 proves nothing', seen, login(0), null, 'onboarding'],
]

for (const [what, onboarding, given, endOn, wanted] of rows) {
  test(what, () => {
    const { stage, isOver } = onboardingVerdict(onboarding, given, endOn)
    assert.equal(isOver ? 'over' : stage, wanted)
    if (isOver) assert.equal(stage, 'operation')
  })
}

test('[A00.FR.806] the salt of the factory password is told, and of no other', () => {
  assert.equal(onboardingVerdict(password, login(2), null).factorySalt, 'factory')
  assert.equal(onboardingVerdict(seen, login(2, { salt: 'new' }), 3).factorySalt, null)
  assert.equal(onboardingVerdict(null, login(3, { entry: 'expired-certificate' }), null).factorySalt, null)
})

test('[A00.FR.406] a factory certificate is for those who are registered for it', () => {
  const of = (onboarding: Onboarding | null, fingerprint = 'aa') =>
    checkEntry('factory-certificate', { identity: 'CP1', onboarding }, fingerprint, 9000)
  assert.deepEqual(of(certificate), { ok: true })
  for (const onboarding of [null, password, expected('expired-certificate')]) {
    assert.partialDeepStrictEqual(of(onboarding), { ok: false, reason: 'client_cert_organization' })
  }
  assert.deepEqual(of(expected('certificate', { certificate: 'aa' })), { ok: true })
  const other = of(expected('certificate', { certificate: 'bb' }))
  assert.partialDeepStrictEqual(other, { ok: false, reason: 'client_cert_organization' })
  // It waits connected: in Pending it costs nothing.
  assert.deepEqual(of(expected('certificate', { notBefore: 99_000 })), { ok: true })
})

test('[A00.FR.430] an expired certificate waits for its next try outside', () => {
  const at = (now: number) => {
    const onboarding = expected('expired-certificate', { notBefore: 9000 })
    return checkEntry('expired-certificate', { identity: 'CP1', onboarding }, 'aa', now)
  }
  assert.partialDeepStrictEqual(at(8999), { ok: false, reason: 'client_cert_expired' })
  assert.deepEqual(at(9000), { ok: true })
  const first = checkEntry('expired-certificate', { identity: 'CP1', onboarding: null }, 'aa', 1)
  assert.deepEqual(first, { ok: true })
})
