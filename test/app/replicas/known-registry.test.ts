import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { knownRegistry } from '../../../src/app/replicas/known-registry.ts'
import { createOutage } from '../../../src/app/replicas/outage.ts'
import { ProxyError } from '../../../src/policy/error.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { Registry } from '../../../src/store/store.ts'
import { login } from '../../store/contract/credential-changes.ts'

/** A registry whose store can be taken away, and a clock. */
function setting(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-known-'))
  const store = openSqliteStore(join(folder, 'proxy.db'))
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { registry } = store
  const clock = { at: 0 }
  const state = { isAway: false }
  const away = new ProxyError('store_unavailable', 'operator', 'away')
  const cut = Object.fromEntries(
    Object.entries(registry).map(([name, method]) => [
      name,
      async (...values: unknown[]) => {
        if (state.isAway) throw away
        return (method as (...values: unknown[]) => unknown)(...values)
      },
    ]),
  ) as unknown as Registry
  const log = { info() {}, warn() {}, error() {} }
  const outage = createOutage({ graceMs: () => 1000, now: () => clock.at, noted() {}, log })
  const known = knownRegistry({ registry: cut, fenced: cut, outage, maxKnown: 10, fenceOf: () => 1 })
  return { registry, known, clock, state, outage }
}

test('[CWE-636] while the store is away who was admitted before is known, for so long', async (t) => {
  const { registry, known, clock, state, outage } = setting(t)
  await registry.add('CP1', { securityProfile: 1, serialNumber: 'S1' })
  await registry.add('CP2', { securityProfile: 1 })
  await known.get('CP1')
  await known.get('CP2')
  await known.recordSuccess('CP1', login('current'))
  state.isAway = true
  assert.equal((await known.get('CP1'))?.identity, 'CP1')
  assert.equal((await known.findBySerialNumber('S1'))?.identity, 'CP1')
  await assert.rejects(known.get('CP2'), { code: 'store_unavailable' }, 'looked at, and not admitted')
  clock.at = 1001
  await assert.rejects(known.get('CP1'), { code: 'store_unavailable' })
  assert.match(outage.notes().join(), /nobody gets in/)
  state.isAway = false
  assert.equal((await known.get('CP2'))?.identity, 'CP2')
  assert.match(outage.notes().join(), /nobody gets in/, 'that something can be read is not enough')
  outage.isBack()
  assert.match(outage.notes().join(), /nobody gets in/, 'it failed since the beat before')
  outage.isBack()
  assert.deepEqual(outage.notes(), [])
})

test('[A05.FR.09][A01.FR.03] nothing durable moves meanwhile; a visit is written when the store is back', async (t) => {
  const { registry, known, state } = setting(t)
  await registry.add('CP1', { securityProfile: 1 })
  await registry.add('CP3', { securityProfile: 1 })
  for (const identity of ['CP1', 'CP3']) await known.recordSuccess(identity, login('current'))
  await registry.beginCredentialChange(
    'CP3',
    {
      next: {
        scheme: 'hmac-sha256',
        salt: Buffer.alloc(16).toString('base64'),
        hash: Buffer.alloc(32).toString('base64'),
      },
      nextUpstreamSecret: null,
      origin: 'operator',
    },
    1,
  )
  await known.refresh(['CP3'])
  state.isAway = true
  await assert.rejects(known.recordSuccess('CP1', login('current', { profile: 2 })), {
    code: 'store_unavailable',
  })
  await assert.rejects(known.recordSuccess('CP3', login('next')), { code: 'store_unavailable' })
  await known.recordSuccess('CP1', login('current', { at: 12_345 }))
  await assert.rejects(known.catchUp(), { code: 'store_unavailable' })
  state.isAway = false
  await known.catchUp()
  const record = await registry.get('CP1')
  assert.deepEqual([record?.lastSeenAt, record?.securityProfile], [12_345, 1])
})

test('[CWE-613] what somebody changed is not believed from before', async (t) => {
  const { registry, known, state } = setting(t)
  await registry.add('CP1', { securityProfile: 1 })
  await known.recordSuccess('CP1', login('current'))
  await registry.update('CP1', { blocked: true })
  await known.refresh(['CP2', 'CP1'])
  state.isAway = true
  assert.equal((await known.get('CP1'))?.blocked, true)
  state.isAway = false
  await registry.update('CP1', { blocked: false })
  await known.refresh(null)
  state.isAway = true
  assert.equal((await known.get('CP1'))?.blocked, false, 'nobody knows who was changed')
  state.isAway = false
  await registry.remove('CP1')
  await known.refresh(['CP1'])
  state.isAway = true
  await assert.rejects(known.get('CP1'), { code: 'store_unavailable' })
})
