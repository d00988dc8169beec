import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertError, setUp } from './setting.ts'

test('[issue 3, 6] a campaign is begun, read, paused, resumed and cancelled', async (t) => {
  const { ask, campaigns } = await setUp(t)
  const request = {
    kind: 'upgrade-profile',
    toProfile: 2,
    selection: { identities: ['CP1', 'CP2'], securityProfile: 1 },
    settings: { canary: '5%', perMinute: 60, maxFailures: 3, onlyIdle: false },
  }
  const created = await ask('POST', '/campaigns', { body: request })
  assert.equal(created.status, 201, created.text)
  assert.deepEqual(campaigns.created, [request])
  assert.deepEqual(created.body, {
    id: 'c-1',
    kind: 'upgrade-profile',
    toProfile: 2,
    state: 'running',
    stateDetail: null,
    settings: {
      canary: 1,
      perMinute: 30,
      concurrency: 5,
      onlyIdle: true,
      attempts: 3,
      retryAfterMs: 60_000,
      timeoutMs: 300_000,
      maxFailures: 1,
    },
    counts: { waiting: 2, running: 0, done: 1, failed: 0, skipped: 0 },
    waits: { notConnected: 1, transactionOpen: 0, retry: 0, canaries: 0 },
    createdAt: '2023-11-14T22:13:20.000Z',
    updatedAt: '2023-11-14T22:13:20.000Z',
    finishedAt: null,
  })
  assert.deepEqual((await ask('GET', '/campaigns/c-1')).body, created.body)
  await ask('POST', '/campaigns', { body: { kind: 'rotate-passwords', selection: { all: true } } })
  const list = (await ask('GET', '/campaigns?limit=1')).body
  assert.deepEqual([list.items.length, list.items[0].id, list.next], [1, 'c-2', null])

  assert.equal((await ask('POST', '/campaigns/c-1/pause')).body.state, 'paused')
  assertError(await ask('POST', '/campaigns/c-1/pause'), 409, 'campaign_conflict')
  await ask('POST', '/campaigns/c-1/resume', { body: { retryFailed: true } })
  await ask('POST', '/campaigns/c-1/pause', { body: {} })
  await ask('POST', '/campaigns/c-1/resume')
  assert.equal((await ask('POST', '/campaigns/c-1/cancel')).body.state, 'stopped')
  assert.deepEqual(campaigns.steps, [
    'pause c-1',
    'resume true c-1',
    'pause c-1',
    'resume false c-1',
    'cancel c-1',
  ])
})

test('the charge points of a campaign come in pages', async (t) => {
  const { ask } = await setUp(t)
  await ask('POST', '/campaigns', { body: { kind: 'rotate-passwords', selection: { all: true } } })
  const page = (await ask('GET', '/campaigns/c-1/charge-points?limit=2&state=waiting')).body
  assert.deepEqual([page.items.length, page.next], [2, 1])
  const rest = (await ask('GET', '/campaigns/c-1/charge-points?limit=2&after=1')).body
  assert.deepEqual([rest.items[0].identity, rest.next], ['CP2', null])
})

test('campaigns that are unknown or make no sense are refused', async (t) => {
  const { ask, campaigns } = await setUp(t)
  for (const path of ['', '/charge-points']) {
    assertError(await ask('GET', `/campaigns/c-9${path}`), 404, 'campaign_unknown')
  }
  for (const step of ['pause', 'resume', 'cancel']) {
    assertError(await ask('POST', `/campaigns/c-9/${step}`), 404, 'campaign_unknown')
  }
  const create = (body: object) => ask('POST', '/campaigns', { body })
  assertError(await create({ kind: 'rotate-passwords', selection: {} }), 422, 'campaign_invalid')
  for (const body of [
    {},
    { kind: 'reboot', selection: { all: true } },
    { kind: 'rotate-passwords', selection: { all: 'yes' } },
    { kind: 'rotate-passwords', selection: { all: true }, settings: { canary: 'all' } },
    { kind: 'rotate-passwords', selection: { all: true }, settings: { speed: 1 } },
    { kind: 'upgrade-profile', toProfile: 0, selection: { all: true } },
  ]) {
    assertError(await create(body), 400, 'request_invalid')
  }
  const identities = Array.from({ length: 20_000 }, (_, i) => `CHARGE-POINT-${i}`)
  assert.equal((await create({ kind: 'rotate-passwords', selection: { identities } })).status, 201)
  assert.equal(campaigns.created.length, 1)
  const huge = { kind: 'rotate-passwords', selection: { identities: ['x'.repeat(9_000_000)] } }
  assertError(await create(huge), 413, 'body_too_large')
})
