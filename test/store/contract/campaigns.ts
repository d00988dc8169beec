import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CampaignRecord, CampaignStore, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const campaign = (id: string, more: Partial<CampaignRecord> = {}): CampaignRecord => ({
  id,
  kind: 'upgrade-profile',
  toProfile: 2,
  settings: {
    canary: 1,
    perMinute: 30,
    concurrency: 5,
    onlyIdle: true,
    attempts: 3,
    retryAfterMs: 60_000,
    timeoutMs: 300_000,
    maxFailures: 2,
  },
  state: 'running',
  stateDetail: null,
  createdAt: 1000,
  updatedAt: 1000,
  finishedAt: null,
  ...more,
})

const fresh = {
  state: 'waiting',
  attempts: 0,
  detail: null,
  code: null,
  notBefore: null,
  startedAt: null,
  finishedAt: null,
} as const

const names = async (items: ReturnType<CampaignStore['items']>) =>
  (await items).map(({ identity }) => identity).join('')

export function campaignContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _, again) => body(store, again)))

  check('a campaign comes back as it was made, its items in their order', async ({ campaigns }, again) => {
    const one = campaign('one')
    const root = {
      certificateType: 'ManufacturerRootCertificate',
      certificate: 'PEM',
      oldRoot: 'OLD',
    } as const
    const three = campaign('three', { kind: 'install-root', settings: { ...one.settings, root } })
    const two = campaign('two', {
      kind: 'rotate-passwords',
      toProfile: null,
      settings: { ...one.settings, onlyIdle: false, reset: true, newPasswords: true },
      state: 'paused',
      stateDetail: 'by the operator',
    })
    await campaigns.create(one, ['C', 'A', 'B', 'A'])
    await campaigns.create(two, [])
    const { campaigns: elsewhere } = await again()
    assert.deepEqual(await elsewhere.get('one'), one)
    assert.deepEqual(await elsewhere.list(9), [two, one], 'newest first, however the clock stood')
    assert.deepEqual(await elsewhere.list(1), [two])
    assert.equal(await campaigns.get('none'), null)
    await campaigns.create(three, [])
    assert.deepEqual(await elsewhere.get('three'), three)
    assert.deepEqual(await campaigns.items('one', { limit: 9 }), [
      { identity: 'C', position: 0, ...fresh },
      { identity: 'A', position: 1, ...fresh },
      { identity: 'B', position: 2, ...fresh },
    ])
    assert.deepEqual(await campaigns.items('two', { limit: 9 }), [])
    assert.deepEqual(await campaigns.items('none', { limit: 9 }), [])
  })

  check('a name is given once, and what fails leaves nothing', async ({ campaigns }) => {
    await campaigns.create(campaign('one'), ['A'])
    await assert.rejects(campaigns.create(campaign('one', { toProfile: 3 }), ['B', 'C']), {
      name: 'ProxyError',
      code: 'campaign_exists',
    })
    assert.equal((await campaigns.get('one'))?.toProfile, 2)
    assert.equal(await names(campaigns.items('one', { limit: 9 })), 'A')
    assert.equal((await campaigns.list(9)).length, 1)
  })

  check('a campaign changes its state; only a finished one has an end', async ({ campaigns }) => {
    const one = campaign('one')
    await campaigns.create(one, ['A'])
    const stopped = await campaigns.setState('one', 'stopped', 'x'.repeat(5000), 2000)
    assert.deepEqual(stopped, { ...one, state: 'stopped', stateDetail: 'x'.repeat(1000), updatedAt: 2000 })
    assert.deepEqual(await campaigns.setState('one', 'running', null, 3000), { ...one, updatedAt: 3000 })
    const finished = await campaigns.setState('one', 'finished', null, 4000)
    assert.deepEqual(finished, { ...one, state: 'finished', updatedAt: 4000, finishedAt: 4000 })
    assert.deepEqual(await campaigns.get('one'), finished)
    assert.equal((await campaigns.setState('one', 'finished', 'again', 5000)).finishedAt, 4000)
    await assert.rejects(campaigns.setState('none', 'running', null, 1), { code: 'campaign_unknown' })
  })

  check('items are changed by field, paged and counted by state', async ({ campaigns }) => {
    await campaigns.create(campaign('one'), ['A', 'B', 'C', 'D'])
    await campaigns.create(campaign('two'), ['A'])
    await campaigns.updateItem('one', 'B', { state: 'running', attempts: 1, startedAt: 10 })
    await campaigns.updateItem('one', 'B', {
      state: 'failed',
      detail: 'y'.repeat(5000),
      code: 'refused',
      notBefore: 5,
      finishedAt: 20,
    })
    await campaigns.updateItem('one', 'D', { state: 'done' })
    const [, second] = await campaigns.items('one', { limit: 2 })
    assert.deepEqual(second, {
      identity: 'B',
      position: 1,
      state: 'failed',
      attempts: 1,
      detail: 'y'.repeat(1000),
      code: 'refused',
      notBefore: 5,
      startedAt: 10,
      finishedAt: 20,
    })
    assert.equal(await names(campaigns.items('one', { limit: 9, state: 'waiting' })), 'AC')
    assert.equal(await names(campaigns.items('one', { limit: 9, after: 1 })), 'CD')
    assert.equal(await names(campaigns.items('one', { limit: 9, after: 0, state: 'waiting' })), 'C')
    assert.equal(await names(campaigns.items('one', { limit: 0 })), '')
    assert.deepEqual(await campaigns.counts('one'), {
      waiting: 2,
      running: 0,
      done: 1,
      failed: 1,
      skipped: 0,
    })
    assert.deepEqual(await campaigns.counts('two'), {
      waiting: 1,
      running: 0,
      done: 0,
      failed: 0,
      skipped: 0,
    })
    assert.deepEqual(await campaigns.counts('none'), {
      waiting: 0,
      running: 0,
      done: 0,
      failed: 0,
      skipped: 0,
    })
    await campaigns.updateItem('one', 'B', { state: 'waiting', code: null, notBefore: null })
    assert.equal((await campaigns.items('one', { limit: 2 }))[1]?.code, null)
    for (const [id, identity] of [
      ['one', 'Z'],
      ['none', 'A'],
    ] as const) {
      await assert.rejects(campaigns.updateItem(id, identity, { state: 'done' }), {
        name: 'ProxyError',
        code: 'campaign_item_unknown',
      })
    }
  })

  check('what is due waits, its time has come, and it is in order', async ({ campaigns }) => {
    await campaigns.create(campaign('one'), ['A', 'B', 'C', 'D', 'E'])
    await campaigns.updateItem('one', 'A', { notBefore: 100 })
    await campaigns.updateItem('one', 'B', { state: 'running' })
    await campaigns.updateItem('one', 'C', { notBefore: 50 })
    assert.equal(await names(campaigns.due('one', 49, 9)), 'DE')
    assert.equal(await names(campaigns.due('one', 50, 9)), 'CDE')
    assert.equal(await names(campaigns.due('one', 100, 2)), 'AC')
    assert.equal(await names(campaigns.due('one', 100, 0)), '')
    assert.equal(await names(campaigns.due('none', 100, 9)), '')
  })

  check('[CWE-770] the oldest of those that are over go', async ({ campaigns }, again) => {
    const states = ['finished', 'running', 'stopped', 'paused', 'finished', 'running'] as const
    for (const [index, state] of states.entries()) {
      await campaigns.create(campaign(`c${index}`, { state }), ['A', 'B'])
    }
    const left = async () => (await campaigns.list(9)).map(({ id }) => id).join(' ')
    assert.equal(await campaigns.prune(6), 0)
    assert.equal(await campaigns.prune(5), 1)
    assert.equal(await left(), 'c5 c4 c3 c2 c1')
    assert.equal(await campaigns.prune(4), 1)
    assert.equal(await left(), 'c5 c4 c3 c1')
    assert.deepEqual(await campaigns.items('c2', { limit: 9 }), [])
    assert.equal((await campaigns.counts('c2')).waiting, 0)
    assert.equal(await campaigns.prune(0), 1, 'who runs or is paused stays')
    assert.equal(await left(), 'c5 c3 c1')
    const { campaigns: elsewhere } = await again()
    assert.equal((await elsewhere.counts('c1')).waiting, 2)
    await campaigns.create(campaign('c2'), ['C'])
    assert.equal(await names(campaigns.items('c2', { limit: 9 })), 'C', 'nothing is left of the former one')
  })

  check('after a restart the running items wait again', async ({ campaigns }, again) => {
    await campaigns.create(campaign('one'), ['A', 'B', 'C'])
    await campaigns.create(campaign('two'), ['A'])
    await campaigns.updateItem('one', 'A', { state: 'running', attempts: 2, startedAt: 10 })
    await campaigns.updateItem('one', 'B', { state: 'done' })
    await campaigns.updateItem('two', 'A', { state: 'running' })
    const { campaigns: elsewhere } = await again()
    assert.equal(await elsewhere.recover('one', 500), 1)
    assert.equal(await elsewhere.recover('one', 500), 0)
    const [first] = await campaigns.due('one', 500, 1)
    assert.deepEqual([first?.identity, first?.attempts, first?.startedAt], ['A', 2, 10])
    assert.equal((await campaigns.counts('two')).running, 1)
  })
}
