import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ProxyError } from '../../../src/policy/error.ts'
import type { Registry } from '../../../src/store/store.ts'
import { createPasswordChanges } from '../../../src/usecases/password-update/changes.ts'
import { hashOf, login } from '../../store/contract/credential-changes.ts'
import { setUp } from '../operation/setting.ts'

/** A change that was offered on a session here; from then on another replica has the charge point. */
async function offered(t: TestContext) {
  const { store } = await setUp(t)
  const { registry } = store
  const lost: Registry = {
    ...registry,
    stepCredentialChange: () =>
      Promise.reject(new ProxyError('lease_lost', 'proxy', 'another replica has it')),
  }
  const changes = createPasswordChanges({
    registry: lost,
    steps: registry,
    sessions: { get: () => null, all: () => [] },
    hashKey: () => Promise.resolve(hashOf(2)),
    matches: () => Promise.resolve(false),
    sealUpstream: () => null,
    note: () => {},
    log: { info() {}, warn() {}, error() {} } as never,
    now: () => 1_000_000,
    graces: () => ({ acceptedGrace: 0, unansweredGrace: 60_000 }),
  })
  const change = await changes.begin('CP1', { key: Buffer.alloc(20), isText: false }, 'operator')
  return { registry, answered: () => changes.answered('CP1', change, { kind: 'accepted' }, true) }
}

test('[A01.FR.03] it has answered, and is back at another replica before that is written: the answer stands', async (t) => {
  const { registry, answered } = await offered(t)
  await answered()
  const record = await registry.get('CP1')
  assert.equal(record?.credentialChange, null)
  assert.deepEqual(record?.credential, hashOf(2))
})

test('[A01.FR.03] there it has logged in with the new password: that is no failure', async (t) => {
  const { registry, answered } = await offered(t)
  await registry.recordSuccess('CP1', login('next'))
  await answered()
  assert.deepEqual((await registry.get('CP1'))?.credential, hashOf(2))
})

test('[A01.FR.03][CWE-613] there it has logged in with the old password: a late word does not end that', async (t) => {
  const { registry, answered } = await offered(t)
  await registry.recordSuccess('CP1', login('current'))
  await answered()
  const change = (await registry.get('CP1'))?.credentialChange
  assert.equal(change?.phase, 'offered')
  assert.equal(change?.oldSeenAt, 9000)
})
