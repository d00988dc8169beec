import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RootInventory } from '../../../src/store/store.ts'
import { rootMissing, unknownRoots } from '../../../src/usecases/profile-upgrade/rules.ts'
import { setUp, status } from '../operation/setting.ts'
import { central, hashDataOf, rootOf } from '../root-certificates/setting.ts'

const empty: RootInventory = { ...central, reportedAt: 1, roots: [] }
const makers: RootInventory = { ...empty, certificateType: 'ManufacturerRootCertificate' }

test('[A05.FR.03] no root is a refusal where the charge point has said so, and only for TLS', async () => {
  const hashData = hashDataOf(await rootOf('one'))
  const full: RootInventory = { ...empty, roots: [{ hashData, children: [], fingerprint: null }] }
  for (const to of [2, 3] as const) {
    assert.match(rootMissing(to, [makers, empty]) ?? '', /no CentralSystemRootCertificate/)
    assert.equal(rootMissing(to, [full]), null)
    assert.equal(rootMissing(to, [makers]), null, 'never asked')
    assert.match(unknownRoots(to, [makers]) ?? '', /not known/)
    assert.equal(unknownRoots(to, [full]), null)
  }
  assert.equal(rootMissing(1, [empty]), null)
  assert.equal(unknownRoots(1, []), null)
})

test('[A05.FR.03] who has said that it has no root is not asked; who was never asked is', async (t) => {
  const setting = await setUp(t)
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  const upgrade = () =>
    setting.changes.operations.upgradeProfile('CP1', 2, { origin: 'operator', timeoutMs: 1000 })
  const session = setting.connect(1)
  await setting.store.roots.replaceInventory('CP1', empty)
  assert.partialDeepStrictEqual(await upgrade(), { ok: false, code: 'prerequisite' })
  assert.deepEqual(session.calls, [])
  await setting.store.registry.remove('CP1')
  await setting.store.registry.add('CP1', { securityProfile: 1, credential: (await fresh()).credential })
  const asked = upgrade()
  await session.outcome(status('Rejected'))
  const outcome = await asked
  assert.ok(!outcome.ok)
  assert.match(outcome.detail, /^it answered Rejected; whether it holds .* is not known \(A05\.FR\.03\)$/)
})

async function fresh() {
  const { hashKey } = await import('../../../src/gate/credentials/hash.ts')
  return { credential: await hashKey(Buffer.alloc(20, 1), false) }
}
