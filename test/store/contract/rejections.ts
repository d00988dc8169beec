import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewRejection, RejectionQuery, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const rejection = (more: Partial<NewRejection> = {}): NewRejection => ({
  at: 1000,
  reason: 'credentials_invalid',
  stage: 'authentication',
  mode: 'enforce',
  event: 'FailedToAuthenticateAtCentralSystem',
  listener: 'basic-auth',
  profile: 1,
  address: '192.0.2.1',
  port: 4711,
  identity: 'CP1',
  detail: 'the password is wrong',
  facts: { hello: { versions: [769], nested: { ü: null } } },
  ...more,
})

export function rejectionContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store) => body(store)))

  check(
    '[A00.FR.323] rejections come back as they were kept, newest first or from a cursor',
    async ({ rejections }) => {
      const first = rejection()
      const second = rejection({ at: 900, identity: null, event: null, mode: 'report', facts: {} })
      await rejections.append([first, second])
      await rejections.append([])
      const [newest, oldest] = await rejections.list({ limit: 9 })
      assert.ok(newest !== undefined && oldest !== undefined)
      assert.deepEqual(newest, { id: newest.id, count: 1, ...second })
      assert.deepEqual(oldest, { id: oldest.id, count: 1, ...first })
      assert.ok(newest.id > oldest.id)
      assert.deepEqual(await rejections.list({ limit: 9, afterId: 0 }), [oldest, newest])
      assert.deepEqual(await rejections.list({ limit: 9, afterId: oldest.id }), [newest])
      assert.deepEqual(await rejections.list({ limit: 9, afterId: newest.id }), [])
      assert.deepEqual(await rejections.list({ limit: 1 }), [newest])
      assert.deepEqual(await rejections.list({ limit: -1 }), [])
    },
  )

  check('[CWE-770] what one rejection may take is bounded', async ({ rejections }) => {
    await rejections.append([
      rejection({ detail: 'x'.repeat(10_000), facts: { hello: 'x'.repeat(100_000) } }),
    ])
    const [kept] = await rejections.list({ limit: 1 })
    assert.equal(kept?.detail, 'x'.repeat(2000))
    assert.deepEqual(kept?.facts, { truncated: true })
  })

  check('rejections are found by identity, address, reason and time', async ({ rejections }) => {
    await rejections.append([
      rejection({ at: 1, identity: 'CP1', address: '192.0.2.1', reason: 'not_tls', detail: 'a' }),
      rejection({ at: 2, identity: 'CP2', address: '192.0.2.1', reason: 'tls_version', detail: 'b' }),
      rejection({ at: 3, identity: 'CP1', address: '192.0.2.2', reason: 'tls_version', detail: 'c' }),
      rejection({ at: 4, identity: null, address: '192.0.2.2', reason: 'not_tls', detail: 'd' }),
    ])
    const found = async (query: Omit<RejectionQuery, 'limit'>) =>
      (await rejections.list({ ...query, limit: 9 })).map(({ detail }) => detail).join('')
    assert.equal(await found({ identity: 'CP1' }), 'ca')
    assert.equal(await found({ address: '192.0.2.2' }), 'dc')
    assert.equal(await found({ reason: 'tls_version' }), 'cb')
    assert.equal(await found({ since: 3 }), 'dc')
    assert.equal(await found({ identity: 'CP1', reason: 'tls_version', since: 3, address: '192.0.2.2' }), 'c')
    assert.equal(await found({ identity: 'CP1', since: 4 }), '')
  })

  check('a summary counts by reason and mode since a time', async ({ rejections }) => {
    await rejections.append([
      rejection({ at: 1 }),
      rejection({ at: 2 }),
      rejection({ at: 5 }),
      rejection({ at: 3, mode: 'report' }),
      rejection({ at: 4, reason: 'not_tls' }),
      rejection({ at: 6, reason: 'not_tls' }),
      rejection({ at: 7, reason: 'not_tls' }),
    ])
    assert.deepEqual(await rejections.summary(2), [
      { reason: 'not_tls', mode: 'enforce', count: 3, lastAt: 7 },
      { reason: 'credentials_invalid', mode: 'enforce', count: 2, lastAt: 5 },
      { reason: 'credentials_invalid', mode: 'report', count: 1, lastAt: 3 },
    ])
    assert.deepEqual(await rejections.summary(100), [])
  })

  check(
    '[CWE-770] old rejections go, and the oldest above the bound; ids are not given twice',
    async ({ rejections }) => {
      await rejections.append([5, 1, 6, 7, 2, 8, 9].map((at) => rejection({ at })))
      const times = async () => (await rejections.list({ limit: 99 })).map(({ at }) => at)
      assert.equal(await rejections.prune(3, 100), 2)
      assert.deepEqual(await times(), [9, 8, 7, 6, 5])
      assert.equal(await rejections.prune(6, 3), 2)
      assert.deepEqual(await times(), [9, 8, 7])
      const [last] = await rejections.list({ limit: 1 })
      assert.equal(await rejections.prune(0, 0), 3)
      await rejections.append([rejection()])
      const [next] = await rejections.list({ limit: 1 })
      assert.ok(last !== undefined && next !== undefined && next.id > last.id)
    },
  )

  check(
    '[CWE-770][A00.FR.323] refusals of strangers at stage tcp are one record a minute, with their number',
    async ({ rejections }) => {
      const minute = 1_700_000_040_000
      const tcp = (more: Partial<NewRejection> = {}) =>
        rejection({ at: minute, stage: 'tcp', reason: 'rate_limited', event: null, identity: null, ...more })
      await rejections.append([tcp({ port: 1 }), tcp({ port: 2, at: minute + 10, count: 40 })])
      await rejections.append([tcp({ port: 3, at: minute + 59_999 }), tcp({ port: 4, at: minute + 5 })])
      const [one, ...more] = await rejections.list({ limit: 9 })
      assert.deepEqual(more, [])
      assert.deepEqual([one?.count, one?.at, one?.port], [43, minute + 59_999, 1])
      const others = [
        tcp({ at: minute + 60_000 }),
        tcp({ at: minute - 1 }),
        tcp({ address: '192.0.2.2' }),
        tcp({ listener: 'mutual-tls' }),
        tcp({ reason: 'capacity' }),
        tcp({ mode: 'report' }),
        tcp({ detail: 'another limit' }),
        tcp({ identity: 'CP1' }),
        tcp({ identity: 'CP1' }),
        rejection({ at: minute }),
        rejection({ at: minute }),
      ]
      await rejections.append(others)
      const kept = await rejections.list({ limit: 99, afterId: one?.id ?? 0 })
      assert.deepEqual(
        kept.map(({ count }) => count),
        others.map(() => 1),
      )
      await rejections.append([tcp({ count: 7 })])
      const grown = await rejections.list({ limit: 1, afterId: (one?.id ?? 0) - 1 })
      assert.deepEqual([grown[0]?.id, grown[0]?.count], [one?.id, 50], 'a record keeps its id')
      const [first] = await rejections.summary(0)
      assert.deepEqual([first?.reason, first?.count], ['rate_limited', 57])
    },
  )

  check('a store can be checked and closed', async (store) => {
    await store.check()
    await store.close()
    await store.close()
    await assert.rejects(store.check(), { name: 'ProxyError' })
    await assert.rejects(store.registry.get('CP1'), { name: 'ProxyError' })
    await assert.rejects(store.rejections.append([rejection()]), { name: 'ProxyError' })
  })
}
