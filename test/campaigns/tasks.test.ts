import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CampaignRequest } from '../../src/campaigns/campaigns.ts'
import { parseCampaignSettings } from '../../src/store/campaign-settings.ts'
import { request, world } from './world.ts'

const about = (kind: CampaignRequest['kind'], task: Partial<CampaignRequest>): CampaignRequest => ({
  ...request(),
  kind,
  ...task,
})
const firmware = { name: 'v2', location: 'https://files.example/v2.bin', installAt: '2026-12-01T03:00:00Z' }
const log = { logType: 'SecurityLog', from: '2026-11-01T00:00:00Z' } as const

test('[L01.FR.20] update-firmware does the same for each, with an hour for one try', async () => {
  const w = world(2)
  const { settings } = await w.campaigns.create(about('update-firmware', { firmware }))
  assert.deepEqual([settings.firmware, settings.timeoutMs], [firmware, 3_600_000])
  await w.clock.advance(60_000)
  assert.deepEqual(
    w.begun.map(({ what }) => what),
    ['update to v2', 'update to v2'],
  )
  assert.partialDeepStrictEqual(w.begun[0]?.options, {
    ...{ origin: 'campaign', timeoutMs: 3_600_000, location: firmware.location },
    installAt: Date.parse(firmware.installAt),
  })
})

test('a time-out that is given counts', async () => {
  const w = world(1)
  const { settings } = await w.campaigns.create({
    ...about('update-firmware', { firmware }),
    settings: { timeoutMs: 9_000 },
  })
  assert.equal(settings.timeoutMs, 9_000)
})

test('[L01.FR.20] a charge point that reports no end is no success, and stops the campaign as a canary', async () => {
  const w = world(3)
  w.answers.set('CP0000', async () => ({ ok: false, code: 'update_pending', detail: 'it says nothing' }))
  const { id } = await w.campaigns.create({
    ...about('update-firmware', { firmware }),
    settings: { canary: 1 },
  })
  await w.clock.advance(60_000)
  const { state, stateDetail, counts } = await w.campaigns.get(id)
  assert.deepEqual([state, counts.failed, counts.waiting], ['stopped', 1, 2])
  assert.match(String(stateDetail), /canary CP0000 failed \(update_pending\)/)
})

test('[N01.FR.01] get-log asks each for its log', async () => {
  const w = world(2)
  await w.campaigns.create(about('get-log', { log }))
  await w.clock.advance(60_000)
  assert.deepEqual(
    w.begun.map(({ what }) => what),
    ['get SecurityLog', 'get SecurityLog'],
  )
  assert.partialDeepStrictEqual(w.begun[1]?.options, { from: Date.parse(log.from), origin: 'campaign' })
})

test('[N01.FR.01] get-log sends them to a place of the operator, and as often as they are told', async () => {
  const w = world(1)
  const more = { location: 'ftp://files.example/logs/', retries: 2, retryInterval: 60 }
  const { settings } = await w.campaigns.create(about('get-log', { log: { ...log, ...more } }))
  assert.deepEqual(settings.log, { ...log, ...more })
  await w.clock.advance(60_000)
  assert.partialDeepStrictEqual(w.begun[0]?.options, { ...more, from: Date.parse(log.from) })
})

const wrong: readonly (readonly [string, CampaignRequest, RegExp])[] = [
  ['no firmware', about('update-firmware', {}), /needs the name of an image/],
  [
    'an image that is not there',
    about('update-firmware', { firmware: { name: 'none' } }),
    /no firmware none/,
  ],
  ['firmware of another kind', about('rotate-passwords', { firmware }), /about no firmware/],
  ['no log', about('get-log', {}), /needs the type/],
  [
    'a place that is no URL',
    about('get-log', { log: { ...log, location: 'files/logs' } }),
    /location: it is no URL/,
  ],
  [
    'a password in what is kept and shown',
    about('get-log', { log: { ...log, location: 'ftp://u:p@files.example/logs/' } }),
    /location: it must not hold a user name or password$/,
  ],
  [
    'an end before the beginning',
    about('get-log', { log: { ...log, to: '2026-10-01T00:00:00Z' } }),
    /from is later than to/,
  ],
  ['a log of another kind', about('update-firmware', { firmware, log }), /about no log/],
]
for (const [name, campaign, message] of wrong) {
  test(`refused: ${name}`, async () => {
    const w = world(1)
    await assert.rejects(w.campaigns.create(campaign), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'campaign_invalid')
      return message.test(error.message)
    })
    assert.deepEqual(await w.campaigns.list(), [])
  })
}

test('stored tasks come back whole; what cannot be followed is none', async () => {
  const w = world(1)
  const { settings } = await w.campaigns.create(about('update-firmware', { firmware }))
  const stored = (more: object): unknown => JSON.parse(JSON.stringify({ ...settings, ...more }))
  assert.deepEqual(parseCampaignSettings(stored({ log })), { ...settings, log })
  for (const bad of [
    { firmware: 1 },
    { firmware: { name: '../x' } },
    { firmware: { name: 'v', retries: -1 } },
  ])
    assert.equal(parseCampaignSettings(stored(bad)), null)
  for (const bad of [
    { log: null },
    { log: { logType: 'x' } },
    { log: { ...log, to: 'never' } },
    { log: { ...log, location: 'ftp://u:p@x/' } },
  ])
    assert.equal(parseCampaignSettings(stored(bad)), null)
})
