import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutText } from '../../../src/policy/security-event-types.ts'
import type { NewSecurityEvent, SecurityEventQuery, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const reported = (more: Partial<NewSecurityEvent> = {}): NewSecurityEvent => ({
  at: 1000,
  origin: 'charge-point',
  type: 'TamperDetectionActivated',
  identity: 'CP1',
  timestamp: '2026-01-02T03:04:05Z',
  techInfo: 'the door',
  reason: null,
  listener: 'basic-auth-tls',
  address: '192.0.2.1',
  ...more,
})

const found = (more: Partial<NewSecurityEvent> = {}): NewSecurityEvent =>
  reported({ origin: 'proxy', type: 'InvalidTLSVersion', reason: 'tls_version', ...more })

export function securityEventContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _, again) => body(store, again)))

  check(
    '[A04.FR.02] events come back as they were kept, newest first or from a cursor',
    async ({ events }, again) => {
      assert.equal(await events.lastId(), 0)
      const first = reported()
      const second = found({ identity: null, techInfo: null, listener: null, address: null })
      assert.equal(await events.append([first, second]), 2)
      assert.equal(await events.append([]), 0)
      const [newest, oldest] = await (await again()).events.list({ limit: 9 })
      assert.ok(newest !== undefined && oldest !== undefined && newest.id > oldest.id)
      assert.deepEqual(
        [newest, oldest],
        [
          { id: newest.id, ...second },
          { id: oldest.id, ...first },
        ],
      )
      assert.deepEqual(await events.list({ limit: 9, afterId: 0 }), [oldest, newest])
      assert.deepEqual(await events.list({ limit: 9, afterId: oldest.id }), [newest])
      assert.deepEqual(await events.list({ limit: 1 }), [newest])
      assert.deepEqual(await events.list({ limit: 0 }), [])
      assert.deepEqual(await events.list({ limit: -1 }), [])
      assert.equal(await events.lastId(), newest.id)
    },
  )

  check(
    '[A04.FR.02] what a charge point repeats is kept once; other events are not the same',
    async ({ events }, again) => {
      const event = reported()
      const others = [
        reported({ identity: 'CP2' }),
        reported({ type: 'ResetOrReboot' }),
        reported({ timestamp: '2026-01-02T03:04:06Z' }),
        reported({ techInfo: 'the doo' }),
        reported({ techInfo: null }),
        reported({ techInfo: 'null' }),
        reported({ identity: 'CP1,', techInfo: '"the door' }),
      ]
      assert.equal(await events.append([event, event, reported({ at: 5000, address: '192.0.2.9' })]), 1)
      assert.equal(await events.append(others), others.length)
      const { events: elsewhere } = await again()
      assert.equal(await elsewhere.append([...others, reported({ at: 9000 })]), 0)
      // A clock that was never set dates every start of the device alike.
      assert.equal(await elsewhere.append([reported({ at: 9000 + 86_400_000 })]), 1)
      assert.equal((await events.list({ limit: 99 })).length, 2 + others.length)
      const kept = await events.list({ limit: 1, afterId: 0 })
      assert.deepEqual([kept[0]?.at, kept[0]?.address], [1000, '192.0.2.1'], 'as it came first')
      assert.equal(await events.append([found(), found()]), 2, 'each finding of the proxy happened')
    },
  )

  check('events are found by charge point, type, origin and time', async ({ events }) => {
    await events.append([
      reported({ at: 1, identity: 'CP1', type: 'A', techInfo: 'a' }),
      reported({ at: 2, identity: 'CP2', type: 'A', techInfo: 'b' }),
      found({ at: 3, identity: 'CP1', type: 'B', techInfo: 'c' }),
      found({ at: 4, identity: null, type: 'B', techInfo: 'd' }),
    ])
    const find = async (query: Omit<SecurityEventQuery, 'limit'>) =>
      (await events.list({ ...query, limit: 9 })).map(({ techInfo }) => techInfo).join('')
    assert.equal(await find({ identity: 'CP1' }), 'ca')
    assert.equal(await find({ type: 'A' }), 'ba')
    assert.equal(await find({ origin: 'proxy' }), 'dc')
    assert.equal(await find({ since: 3 }), 'dc')
    assert.equal(await find({ identity: 'CP1', origin: 'proxy', type: 'B', since: 3 }), 'c')
    assert.equal(await find({ identity: 'CP1', type: 'A', afterId: 0 }), 'a')
    assert.equal(await find({ identity: 'CP2', type: 'B' }), '')
  })

  check('what is left for a reader is counted', async ({ events }) => {
    await events.append([reported(), found({ identity: 'CP2' }), found({ identity: null })])
    const [first] = await events.list({ limit: 1, afterId: 0 })
    assert.equal(await events.countAfter(0), 3)
    assert.equal(await events.countAfter(0, 'CP1'), 1)
    assert.equal(await events.countAfter(first?.id ?? 0), 2)
    assert.equal(await events.countAfter(first?.id ?? 0, 'CP1'), 0)
    assert.equal(await events.countAfter(await events.lastId()), 0)
  })

  check(
    'a cursor is kept for each reader, never goes back, and survives what it points to',
    async ({ events }, again) => {
      assert.equal(await events.cursor('syslog'), null)
      await events.append([found(), found(), found()])
      const last = await events.lastId()
      await events.setCursor('syslog', last)
      await events.setCursor('file', last - 1)
      const { events: elsewhere } = await again()
      await elsewhere.setCursor('syslog', last - 2)
      assert.deepEqual([await events.cursor('syslog'), await events.cursor('file')], [last, last - 1])
      assert.equal(await events.prune(0, 0), 3)
      assert.deepEqual([await elsewhere.cursor('syslog'), await elsewhere.cursor('file')], [last, last - 1])
      assert.equal(await events.lastId(), last, 'ids go on')
      await events.append([found()])
      assert.ok((await events.lastId()) > last)
      assert.equal((await events.list({ afterId: last, limit: 9 })).length, 1)
      assert.equal(await events.cursor("syslog'; --"), null)
    },
  )

  check('[CWE-770] old events go, and the oldest above the bound', async ({ events }) => {
    await events.append([5, 1, 6, 7, 2, 8, 9].map((at) => found({ at })))
    const times = async () => (await events.list({ limit: 99 })).map(({ at }) => at)
    assert.equal(await events.prune(3, 100), 2)
    assert.deepEqual(await times(), [9, 8, 7, 6, 5])
    assert.equal(await events.prune(6, 3), 2)
    assert.deepEqual(await times(), [9, 8, 7])
    assert.equal(await events.prune(0, 3), 0)
    assert.equal(await events.prune(0, 0), 3)
    assert.equal(await events.append([reported()]), 1)
    assert.equal(await events.prune(9999, 0), 1)
    assert.equal(await events.append([reported()]), 1, 'what is gone is no repetition')
  })

  check(
    '[A04.FR.03][CWE-20] whatever a charge point writes is kept, cut, and breaks nothing',
    async ({ events }) => {
      const hostile = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc
          .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
          .map((units) => String.fromCharCode(...units)),
        fc.constantFrom(
          '',
          '\0',
          'a\0b',
          '\ud800',
          '\udc00x',
          "'); DROP TABLE security_events; --",
          '𝄞'.repeat(200),
        ),
      )
      const event = fc.record({ type: hostile, timestamp: hostile, techInfo: fc.option(hostile) })
      const lengths = { type: 50, timestamp: 50, techInfo: 255 }
      await fc.assert(
        fc.asyncProperty(event, async (texts) => {
          const before = await events.lastId()
          const added = await events.append([reported(texts)])
          assert.equal(await events.append([reported(texts)]), 0, 'its repetition')
          const [kept] = await events.list({ afterId: before, limit: 1 })
          if (added === 0) return
          for (const [field, length] of Object.entries(lengths) as [keyof typeof lengths, number][]) {
            const text = texts[field]
            assert.equal(kept?.[field], text === null ? null : cutText(text, length))
          }
        }),
        { numRuns: 150 },
      )
      const long = 'x'.repeat(100_000)
      assert.equal(await events.append([reported({ identity: long, listener: long, address: long })]), 1)
      const [kept] = await events.list({ limit: 1 })
      assert.ok(JSON.stringify(kept).length < 2000)
    },
  )
}
