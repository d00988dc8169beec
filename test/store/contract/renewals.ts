import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewRenewal, RenewalRecord, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const renewal = (more: Partial<NewRenewal> = {}): NewRenewal => ({
  identity: 'CP1',
  origin: 'charge-point',
  csr: '-----BEGIN CERTIFICATE REQUEST-----',
  keyFingerprint: 'k1',
  keyType: 'ec',
  organization: 'Example CPO',
  serialNumber: 'SN-1',
  previousFingerprint: 'c0',
  maxChainSize: null,
  certificateType: null,
  ...more,
})

const begun = (at: number, more: Partial<NewRenewal> = {}): RenewalRecord => ({
  ...renewal(more),
  startedAt: at,
  updatedAt: at,
  phase: 'pending',
  chain: null,
  certificateFingerprint: null,
  notAfter: null,
  attempts: 0,
  deliveries: 0,
  nextAttemptAt: null,
  detail: null,
})

export function renewalContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _clock, again) => body(store, again)))

  check(
    '[A02.FR.11] a request is there before anybody is told, with every step',
    async ({ renewals }, again) => {
      assert.equal(await renewals.get('CP1'), null)
      assert.deepEqual(await renewals.begin(renewal(), 1000), begun(1000))
      const issued = { phase: 'issued', chain: 'PEM', certificateFingerprint: 'c1', notAfter: 9000 } as const
      const more = { attempts: 2, deliveries: 1, nextAttemptAt: 1500, detail: 'x'.repeat(600) }
      const stepped = await renewals.step('CP1', 1000, { ...issued, ...more }, 2000)
      const expected = { ...begun(1000), ...issued, ...more, updatedAt: 2000, detail: 'x'.repeat(500) }
      assert.deepEqual(stepped, expected)
      const { renewals: elsewhere } = await again()
      assert.deepEqual(await elsewhere.get('CP1'), expected)
      const cleared = await renewals.step('CP1', 1000, { nextAttemptAt: null, detail: null }, 3000)
      assert.deepEqual([cleared?.nextAttemptAt, cleared?.detail, cleared?.chain], [null, null, 'PEM'])
    },
  )

  check(
    '[A02.FR.09] the newest request takes the place of the one before, which goes no step further',
    async ({ renewals }) => {
      await renewals.begin(renewal(), 1000)
      await renewals.step('CP1', 1000, { phase: 'issued', chain: 'PEM' }, 1001)
      const second = await renewals.begin(renewal({ keyFingerprint: 'k2', keyType: 'rsa' }), 1000)
      assert.deepEqual(second, {
        ...begun(1001, { keyFingerprint: 'k2', keyType: 'rsa' }),
        updatedAt: 1000,
      })
      assert.equal(await renewals.step('CP1', 1000, { phase: 'failed' }, 3000), null)
      assert.equal((await renewals.get('CP1'))?.phase, 'pending')
      assert.equal(await renewals.keyOwner('k1'), null)
      assert.equal(await renewals.keyOwner('k2'), 'CP1')
    },
  )

  check('[A00.FR.427] a key is in the request of one charge point', async ({ renewals, registry }) => {
    await registry.add('CP1', {})
    await renewals.begin(renewal(), 1000)
    await assert.rejects(renewals.begin(renewal({ identity: 'CP2' }), 1000), { code: 'key_taken' })
    assert.equal(await renewals.get('CP2'), null)
    await registry.remove('CP1')
    assert.equal(await renewals.get('CP1'), null, 'it goes with its charge point')
    assert.equal((await renewals.begin(renewal({ identity: 'CP2' }), 1000)).identity, 'CP2')
  })

  check('they are listed by phase, counted, and go when they have ended long ago', async ({ renewals }) => {
    for (const [index, phase] of (['pending', 'seen', 'refused', 'pending', 'accepted'] as const).entries()) {
      const identity = `CP${index}`
      const { startedAt } = await renewals.begin(renewal({ identity, keyFingerprint: identity }), 1000)
      await renewals.step(identity, startedAt, { phase }, 1000 + index)
    }
    const names = async (query: Parameters<typeof renewals.list>[0]) =>
      (await renewals.list(query)).map(({ identity }) => identity).join()
    assert.equal(await names({ limit: 2 }), 'CP0,CP1')
    assert.equal(await names({ limit: 9, after: 'CP2' }), 'CP3,CP4')
    assert.equal(await names({ limit: 9, phase: 'pending' }), 'CP0,CP3')
    assert.deepEqual(await renewals.counts(), {
      ...{ pending: 2, issued: 0, sent: 0, accepted: 1 },
      ...{ seen: 1, refused: 1, failed: 0 },
    })
    assert.equal(await renewals.prune(1002), 1)
    assert.equal(await names({ limit: 9 }), 'CP0,CP2,CP3,CP4')
  })
}
