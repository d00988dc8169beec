import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertError, setUp } from './setting.ts'

const fingerprint = 'AB:'.repeat(31).concat('AB')

test('[A00.FR.803] an onboarding is asked for, seen, listed and ended', async (t) => {
  const { ask, store } = await setUp(t)
  const onboarding = { via: 'certificate', certificate: fingerprint }
  const added = await ask('POST', '/charge-points', { body: { identity: 'CP1', onboarding } })
  assert.equal(added.status, 201, added.text)
  assert.partialDeepStrictEqual(added.body.onboarding, {
    via: 'certificate',
    state: 'expected',
    detail: null,
    certificate: 'ab'.repeat(32),
    failures: 0,
    notBefore: null,
  })
  await store.registry.add('CP2', {})
  const patched = await ask('PATCH', '/charge-points/CP2', { body: { onboarding: { via: 'password' } } })
  assert.equal(patched.body.onboarding.via, 'password')
  const { expectedAt } = (await store.registry.get('CP2'))?.onboarding ?? { expectedAt: 0 }
  await store.registry.stepOnboarding('CP2', expectedAt, { state: 'failed', detail: 'it is silent' }, 5)
  const listed = async (state: string) =>
    (await ask('GET', `/charge-points?onboarding=${state}`)).body.items.map(
      ({ identity }: { identity: string }) => identity,
    )
  assert.deepEqual(await listed('any'), ['CP1', 'CP2'])
  assert.deepEqual(await listed('expected'), ['CP1'])
  assert.deepEqual(await listed('failed'), ['CP2'])
  const got = await ask('GET', '/charge-points/CP2')
  assert.deepEqual([got.body.onboarding.state, got.body.onboarding.detail], ['failed', 'it is silent'])
  assert.ok(!got.text.includes('factorySalt'), 'nothing of a password is told')
  const ended = await ask('PATCH', '/charge-points/CP1', { body: { onboarding: null } })
  assert.equal(ended.body.onboarding, null)
})

test('an onboarding that makes no sense is refused', async (t) => {
  const { ask } = await setUp(t)
  const wrong = [
    { via: 'certificate', certificate: 'no fingerprint' },
    { via: 'password', certificate: fingerprint },
  ]
  for (const onboarding of wrong) {
    const answer = await ask('POST', '/charge-points', { body: { identity: 'CP1', onboarding } })
    assertError(answer, 422, 'field_invalid')
  }
  for (const onboarding of [{}, { via: 'expired-certificate' }, 'certificate', { via: 'password', x: 1 }]) {
    assert.equal((await ask('POST', '/charge-points', { body: { identity: 'CP1', onboarding } })).status, 400)
  }
})
