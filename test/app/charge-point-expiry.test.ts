import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureChargePointExpiry } from '../../src/app/charge-point-expiry.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { storePath } from '../store/sqlite/folder.ts'

const day = 86_400_000

test('[A00.FR.701] [CWE-770] charge points are counted by the time that their certificates have left', async (t) => {
  const store = openSqliteStore(storePath(t))
  t.after(() => store.close())
  const metrics = createMetrics({ version: '1', node: 'v24', openssl: '3.5' }, { processMetrics: false })
  const now = Date.UTC(2026, 5, 1)
  const add = async (name: string, notAfter: number) => {
    const key = { keyFingerprint: name, certificateFingerprint: name, subject: '', notAfter }
    await store.registry.claimKey(name, key, 1)
  }
  // More than a page of those that have ended.
  for (let n = 0; n < 1001; n++) await add(`over-${n}`, now - n * day)
  await add('in an hour', now + day / 24)
  await add('in 3 days', now + 3 * day)
  await add('in a week', now + 7 * day)
  await add('in 20 days', now + 20 * day)
  await add('in 89 days', now + 89 * day)
  await add('in a year', now + 365 * day)
  const counts = async () =>
    Object.fromEntries(
      (await metrics.chargePointCertificates.get()).values.map(({ labels, value }) => [
        labels.time_left,
        value,
      ]),
    )
  await measureChargePointExpiry(store.registry, metrics, now)
  assert.deepEqual(await counts(), {
    expired: 1001,
    'under 1d': 1,
    '1d to 7d': 2,
    '7d to 30d': 1,
    '30d to 90d': 1,
  })
  await measureChargePointExpiry({ listExpiringKeys: async () => [] }, metrics, now)
  assert.deepEqual(
    new Set(Object.values(await counts())),
    new Set([0]),
    'what was renewed is not counted any more',
  )
})
