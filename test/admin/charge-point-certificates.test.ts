import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setUp } from './setting.ts'

const day = 86_400_000

test('[A00.FR.701] certificates of charge points, the next to end first, page by page', async (t) => {
  const now = Date.UTC(2026, 0, 1)
  const { ask, store } = await setUp(t, { deps: { now: () => now } })
  for (const [identity, days] of [
    ['CP1', 40],
    ['CP2', -2],
    ['CP3', 5],
  ] as const) {
    await store.registry.add(identity, {})
    const key = {
      keyFingerprint: identity.slice(2).repeat(64),
      certificateFingerprint: `fp of ${identity}`,
      subject: `CN=${identity}`,
      notAfter: now + days * day,
    }
    await store.registry.claimKey(identity, key, now - day)
  }
  const first = (await ask('GET', '/charge-point-certificates?limit=2')).body
  const seen = (body: typeof first) =>
    body.items.map(({ identity, daysLeft }: { identity: string; daysLeft: number }) => [identity, daysLeft])
  assert.deepEqual(seen(first), [
    ['CP2', -2],
    ['CP3', 5],
  ])
  assert.deepEqual(first.items[1], {
    identity: 'CP3',
    subject: 'CN=CP3',
    fingerprint: 'fp of CP3',
    notAfter: '2026-01-06T00:00:00.000Z',
    daysLeft: 5,
    lastSeenAt: '2025-12-31T00:00:00.000Z',
  })
  const second = (await ask('GET', `/charge-point-certificates?limit=2&after=${first.next}`)).body
  assert.deepEqual([seen(second), second.next], [[['CP1', 40]], null])
  const soon = (await ask('GET', '/charge-point-certificates?before=2026-01-31T00:00:00Z')).body
  assert.deepEqual([seen(soon), soon.next], [seen(first), null])
  for (const wrong of ['after=x', 'after=1.zz', 'limit=0', 'other=1'])
    assert.equal((await ask('GET', `/charge-point-certificates?${wrong}`)).status, 400, wrong)
  assert.equal((await ask('GET', '/charge-point-certificates?before=tomorrow')).status, 422)
})
