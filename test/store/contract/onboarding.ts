import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../../src/policy/onboarding.ts'
import type { OnboardingSeen, Registry, Store } from '../../../src/store/store.ts'
import { hashOf, login, offer } from './credential-changes.ts'
import { type MakeStore, withStore } from './setting.ts'

const begins = (via: 'certificate' | 'password' | 'expired-certificate', factorySalt: string | null = null) =>
  ({ kind: 'begins', via, factorySalt }) as const

/** A connection on `profile` that says this about the onboarding, at 9000. */
async function connects(registry: Registry, profile: 1 | 2 | 3, onboarding: OnboardingSeen | null) {
  await registry.recordSuccess('CP1', login('current', { profile, onboarding }))
  return registry.get('CP1')
}

export function onboardingContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, clock: { at: number }) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, body))

  check('[A00.FR.806] what was expected runs from its first connection on', async ({ registry }) => {
    await registry.add('CP1', { onboarding: expectedOnboarding('password', null, 5000) })
    const record = await connects(registry, 2, begins('password', 'salt'))
    assert.deepEqual(record?.onboarding, {
      ...expectedOnboarding('password', null, 5000),
      state: 'running',
      since: 9000,
      factorySalt: 'salt',
    })
    assert.equal(record.securityProfile, null, 'a factory credential proves nothing of the operator')
    assert.equal(record.lastSeenAt, 9000)
    const again = await connects(registry, 2, begins('password', 'another'))
    assert.equal(again?.onboarding?.factorySalt, 'salt', 'the first one that was seen is the factory one')
  })

  check('[A00.FR.406] it is over in the transaction that keeps the profile', async ({ registry }) => {
    await registry.add('CP1', { onboarding: expectedOnboarding('certificate', null, 5000) })
    const other = await connects(registry, 3, { kind: 'over', expectedAt: 4999 })
    assert.equal(other?.onboarding?.expectedAt, 5000, 'of an earlier one')
    const done = await connects(registry, 3, { kind: 'over', expectedAt: 5000 })
    assert.deepEqual([done?.onboarding, done?.securityProfile], [null, 3])
    const late = await connects(registry, 3, { kind: 'over', expectedAt: 5000 })
    assert.equal(late?.onboarding, null)
  })

  check('a connection that says nothing of it changes nothing of it', async ({ registry }) => {
    const onboarding = expectedOnboarding('certificate', null, 5000)
    await registry.add('CP1', { onboarding })
    assert.deepEqual((await connects(registry, 2, null))?.onboarding, onboarding)
  })

  check('[A00.FR.430] an expired certificate begins one that nobody expected', async ({ registry }) => {
    await registry.add('CP1', { securityProfile: 3 })
    const record = await connects(registry, 3, begins('expired-certificate'))
    assert.partialDeepStrictEqual(record, {
      securityProfile: 3,
      onboarding: { via: 'expired-certificate', state: 'running', expectedAt: 9000 },
    })
  })

  check(
    'steps are those of the present one, and a failure stays when it comes again',
    async ({ registry }) => {
      await registry.add('CP1', { onboarding: expectedOnboarding('certificate', null, 5000) })
      const failed = { state: 'failed', detail: 'x'.repeat(900), failures: 1, notBefore: 99_000 } as const
      assert.equal(await registry.stepOnboarding('CP1', 4999, failed, 7000), false)
      assert.equal(await registry.stepOnboarding('CP9', 5000, failed, 7000), false)
      assert.equal(await registry.stepOnboarding('CP1', 5000, failed, 7000), true)
      const record = await connects(registry, 3, begins('certificate'))
      assert.deepEqual(record?.onboarding, {
        ...expectedOnboarding('certificate', null, 5000),
        ...failed,
        detail: 'x'.repeat(500),
        since: 7000,
      })
      await registry.stepOnboarding('CP1', 5000, { detail: null }, 8000)
      assert.partialDeepStrictEqual((await registry.get('CP1'))?.onboarding, { detail: null, since: 7000 })
      await registry.update('CP1', { onboarding: null })
      assert.equal(await registry.stepOnboarding('CP1', 5000, failed, 9000), false)
    },
  )

  check('[A01.FR.03] a login settles a change of the password as always', async ({ registry }) => {
    await registry.add('CP1', {
      credential: hashOf(1),
      onboarding: expectedOnboarding('password', null, 5000),
    })
    await registry.beginCredentialChange('CP1', { ...offer(2), origin: 'onboarding' }, 7000)
    const old = await connects(registry, 2, begins('password'))
    assert.partialDeepStrictEqual(old?.credentialChange, { origin: 'onboarding', oldSeenAt: 9000 })
    const over = { kind: 'over', expectedAt: 5000 } as const
    await registry.recordSuccess('CP1', login('next', { profile: 2, onboarding: over }))
    assert.partialDeepStrictEqual(await registry.get('CP1'), {
      credential: hashOf(2),
      credentialChange: null,
      onboarding: null,
      securityProfile: 2,
    })
  })

  check('[A00.FR.406] one that is over is not begun again by what it has replaced', async ({ registry }) => {
    await registry.add('CP1', { securityProfile: 3 })
    for (const via of ['certificate', 'password'] as const)
      assert.equal((await connects(registry, 3, begins(via)))?.onboarding, null)
  })

  check('lists tell who is in onboarding', async ({ registry }) => {
    const onboarding = expectedOnboarding('certificate', null, 1)
    await registry.addAll([
      { identity: 'A', fields: {} },
      { identity: 'B', fields: { onboarding } },
      { identity: 'C', fields: { onboarding, blocked: true } },
      { identity: 'D', fields: { onboarding } },
    ])
    await registry.stepOnboarding('D', 1, { state: 'failed' }, 2)
    const names = async (query: Parameters<typeof registry.list>[0]) =>
      (await registry.list(query)).map(({ identity }) => identity)
    assert.deepEqual(await names({ limit: 9, onboarding: 'any' }), ['B', 'C', 'D'])
    assert.deepEqual(await names({ limit: 9, onboarding: 'expected' }), ['B', 'C'])
    assert.deepEqual(await names({ limit: 9, onboarding: 'failed', after: 'B' }), ['D'])
    assert.deepEqual(await names({ limit: 9, onboarding: 'any', blocked: false }), ['B', 'D'])
    assert.deepEqual(await names({ limit: 9, onboarding: 'running' }), [])
  })
}
