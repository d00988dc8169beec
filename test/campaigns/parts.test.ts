import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CampaignSelection } from '../../src/campaigns/campaigns.ts'
import { createFigures } from '../../src/campaigns/figures.ts'
import { nextStep, type Situation } from '../../src/campaigns/next-step.ts'
import { afterOutcome, consequences, readinessOf, stopReason } from '../../src/campaigns/outcome.ts'
import { ordered, select } from '../../src/campaigns/selection.ts'
import { countOf, settingsFor } from '../../src/campaigns/settings.ts'
import { WaitingList } from '../../src/campaigns/waiting.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { Registry } from '../../src/store/store.ts'
import { type OperationFailure, operationFailures } from '../../src/usecases/operation/operation.ts'
import { chargePoint } from './world.ts'

const situation: Situation = {
  now: 1000,
  concurrency: 2,
  running: 0,
  waiting: 5,
  firstReady: 'other',
  openCanaries: 0,
  nextBeginAt: 0,
  nextDueAt: null,
}

test('the next step, case by case', () => {
  const cases: readonly [Partial<Situation>, ReturnType<typeof nextStep>][] = [
    [{}, { kind: 'begin' }],
    [{ waiting: 0, firstReady: null }, { kind: 'finish' }],
    [
      { waiting: 0, firstReady: null, running: 1 },
      { kind: 'wait', until: null },
    ],
    [{ running: 2 }, { kind: 'wait', until: null }],
    [{ firstReady: null }, { kind: 'wait', until: null }],
    [
      { firstReady: null, nextDueAt: 1500 },
      { kind: 'wait', until: 1500 },
    ],
    [{ nextBeginAt: 1001 }, { kind: 'wait', until: 1001 }],
    [
      { nextBeginAt: 2000, nextDueAt: 1500 },
      { kind: 'wait', until: 1500 },
    ],
    [{ nextBeginAt: 1000 }, { kind: 'begin' }],
    [{ openCanaries: 1 }, { kind: 'wait', until: null }],
    [{ openCanaries: 1, firstReady: 'canary' }, { kind: 'begin' }],
  ]
  for (const [change, step] of cases) {
    assert.deepEqual(nextStep({ ...situation, ...change }), step, JSON.stringify(change))
  }
})

test('whatever the situation: never past a limit, never a wait for something that has been', () => {
  const time = fc.integer({ min: 0, max: 2000 })
  const anySituation = fc.record<Situation>({
    now: time,
    concurrency: fc.integer({ min: 1, max: 3 }),
    running: fc.nat(4),
    waiting: fc.nat(3),
    firstReady: fc.constantFrom('canary', 'other', null),
    openCanaries: fc.nat(2),
    nextBeginAt: time,
    nextDueAt: fc.option(time.map((at) => at + 2001)),
  })
  fc.assert(
    fc.property(anySituation, (one) => {
      const step = nextStep(one)
      if (step.kind === 'finish') return one.waiting + one.running === 0
      if (step.kind === 'wait') return step.until === null || step.until > one.now
      return (
        one.waiting + one.running > 0 &&
        one.running < one.concurrency &&
        one.nextBeginAt <= one.now &&
        (one.firstReady === 'canary' || (one.firstReady === 'other' && one.openCanaries === 0))
      )
    }),
  )
})

test('what an outcome means: the table knows every failure, and tries end', () => {
  assert.deepEqual(Object.keys(consequences).sort(), Object.keys(operationFailures).sort())
  const settings = { attempts: 3, retryAfterMs: 1000 }
  const after = (code: OperationFailure, attempts: number) =>
    afterOutcome({ attempts }, { ok: false, code, detail: 'd' }, settings, 50)
  assert.deepEqual(after('refused', 0), {
    state: 'waiting',
    attempts: 1,
    code: 'refused',
    detail: 'd',
    notBefore: 1050,
  })
  assert.equal(after('refused', 1).notBefore, 2050)
  assert.equal(after('refused', 2).state, 'failed')
  assert.deepEqual(after('not_connected', 1), {
    state: 'waiting',
    attempts: 1,
    detail: 'd',
    notBefore: null,
  })
  for (const code of ['not_back', 'fell_back', 'prerequisite', 'not_supported'] as const) {
    assert.equal(after(code, 0).state, 'failed', code)
  }
  assert.equal(after('charge_point_unknown', 0).state, 'skipped')
  // A proxy that is killed again and again during a try: it still gets one.
  assert.equal(afterOutcome({ attempts: 9 }, { ok: true, detail: 'd' }, settings, 50).state, 'done')
})

test('who may be begun', () => {
  const present = { isConnected: true, hasTransaction: false }
  assert.equal(readinessOf({ code: null }, present, true), 'ready')
  assert.equal(readinessOf({ code: null }, { ...present, isConnected: false }, true), 'not-connected')
  assert.equal(readinessOf({ code: 'refused' }, { ...present, isConnected: false }, true), 'missed')
  assert.equal(readinessOf({ code: null }, { ...present, hasTransaction: true }, true), 'transaction-open')
  assert.equal(readinessOf({ code: null }, { ...present, hasTransaction: true }, false), 'ready')
})

test('when a failure stops the campaign', () => {
  const failure = { identity: 'CP1', code: 'refused', isCanary: false, failed: 2, maxFailures: 3, left: 1 }
  assert.equal(stopReason(failure), null)
  assert.match(stopReason({ ...failure, failed: 3 }) ?? '', /3 failed/)
  assert.match(stopReason({ ...failure, isCanary: true }) ?? '', /canary CP1/)
  assert.equal(stopReason({ ...failure, failed: 3, left: 0 }), null)
})

test('settings: shares are rounded up, and everything has its bounds', () => {
  assert.equal(countOf('7%', 100, 'x'), 7)
  assert.equal(countOf('1%', 101, 'x'), 2)
  assert.equal(countOf('0.5%', 1000, 'x'), 5)
  assert.equal(countOf('0%', 1000, 'x'), 0)
  assert.equal(countOf(12, 5, 'x'), 12)
  const defaults = settingsFor({}, 1000)
  assert.deepEqual([defaults.canary, defaults.maxFailures, defaults.onlyIdle], [10, 50, true])
  assert.equal(settingsFor({ canary: 50 }, 10).canary, 10)
  assert.equal(settingsFor({ maxFailures: 0 }, 10).maxFailures, 1)
  for (const wrong of [
    { perMinute: 0 },
    { perMinute: 1.5 },
    { concurrency: 100_000 },
    { attempts: -1 },
    { timeoutMs: Number.NaN },
    { canary: -1 },
    { canary: '101%' as const },
    { maxFailures: 'all%' as unknown as '1%' },
  ]) {
    assert.throws(() => settingsFor(wrong, 10), { code: 'campaign_invalid' }, JSON.stringify(wrong))
  }
})

test('the waiting list gives them by position and knows what each waits for', () => {
  const item = (position: number, notBefore: number | null = null) => ({
    identity: `CP${position}`,
    position,
    attempts: 0,
    code: null,
    detail: null,
    notBefore,
  })
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1 }), fc.array(fc.nat(3)), (positions, fates) => {
      const list = new WaitingList()
      for (const [index, position] of positions.entries()) {
        const fate = fates[index]
        if (fate === 1) list.park(item(position), 'not-connected')
        else if (fate === 2) list.park(item(position), 'transaction-open')
        else list.add(item(position, fate === 3 ? 1000 + position : null), 0)
      }
      assert.equal(list.size, positions.length)
      const { notConnected, transactionOpen, retry } = list.waits
      const expected = [1, 2, 3].map((fate) => positions.filter((_, index) => fates[index] === fate).length)
      assert.deepEqual([notConnected, transactionOpen, retry], expected)
      for (const position of positions) list.wake(`CP${position}`)
      list.wakeDue(2000)
      const taken: number[] = []
      for (let next = list.takeFirst(); next !== null; next = list.takeFirst()) taken.push(next.position)
      assert.deepEqual(
        taken,
        [...positions].sort((a, b) => a - b),
      )
      assert.equal(list.size, 0)
      assert.equal(list.nextDueAt, null)
    }),
  )
})

const fleet = [
  chargePoint('A', { securityProfile: 0 }),
  chargePoint('B', { securityProfile: 1, credential: { scheme: 'hmac-sha256', salt: '', hash: '' } }),
  chargePoint('C', {
    securityProfile: 1,
    credential: { scheme: 'scrypt', cost: 1, salt: '', hash: '' },
  }),
  chargePoint('D', { securityProfile: 1, blocked: true }),
  chargePoint('E', { securityProfile: 3 }),
]
const keyOf = (identity: string, day: number) => ({
  identity,
  keyFingerprint: identity,
  certificateFingerprint: identity,
  subject: identity,
  notAfter: day * 86_400_000,
  firstSeenAt: 0,
  lastSeenAt: 0,
})

const deps = {
  registry: {
    get: async (wanted: string) => fleet.find(({ identity }) => identity === wanted) ?? null,
    list: async ({ after = '', limit }: { readonly after?: string; readonly limit: number }) =>
      fleet.filter(({ identity }) => identity > after).slice(0, limit),
    // In pages, as a store gives them: the certificates of A and C end on days 10 and 50.
    listExpiringKeys: async ({ before, after, limit }: Parameters<Registry['listExpiringKeys']>[0]) =>
      [keyOf('A', 10), keyOf('C', 50)]
        .filter(({ notAfter }) => notAfter < before && notAfter > (after?.notAfter ?? 0))
        .slice(0, limit),
  },
  now: () => 0,
  isConnected: (identity: string) => identity === 'C',
}

test('who is selected: connected ones first, blocked ones last', async () => {
  const who = async (selection: CampaignSelection) => {
    const { ready, rest } = await select(deps, 'rotate-passwords', null, selection)
    return `${ready.join('')}|${rest.join('')}`
  }
  assert.equal(await who({ all: true }), 'CAB|D')
  assert.equal(await who({ securityProfile: 1 }), 'CB|D')
  assert.equal(await who({ neverRotated: true }), 'CA|D')
  assert.equal(await who({ identities: ['E', 'B', 'B'] }), 'B|E')
  assert.equal(await who({ identities: ['B', 'C'], neverRotated: true }), 'C|')
  const upgrade = await select(deps, 'upgrade-profile', 1, { all: true })
  assert.deepEqual(upgrade, { ready: ['A'], rest: [], leftOut: 4 })
})

test('[A03.FR.02] those whose certificate ends soon', async () => {
  const who = async (selection: CampaignSelection) => {
    const { ready, rest } = await select(deps, 'rotate-passwords', null, selection)
    return `${ready.join('')}|${rest.join('')}`
  }
  assert.equal(await who({ certificateEndsWithinDays: 30 }), 'A|')
  assert.equal(await who({ certificateEndsWithinDays: 60 }), 'CA|')
  assert.equal(await who({ certificateEndsWithinDays: 60, identities: ['B', 'C'] }), 'C|')
  assert.equal(await who({ certificateEndsWithinDays: 1 }), '|')
})

test('[A05.FR.01] on profile 0 are those kept there, and those marked for it that have reached no other', async () => {
  const ofProfile0 = async (records: typeof fleet) => {
    const registry = {
      ...deps.registry,
      get: async () => null,
      list: async ({ securityProfile }: { readonly securityProfile?: unknown }) =>
        records.filter((one) => securityProfile === undefined || one.securityProfile === securityProfile),
    }
    const { ready } = await select({ ...deps, registry }, 'upgrade-profile', 2, { securityProfile: 0 })
    return ready
  }
  assert.deepEqual(
    await ofProfile0([
      chargePoint('kept', { securityProfile: 0 }),
      chargePoint('marked', { securityProfile: null, migrating: true }),
      chargePoint('new', { securityProfile: null }),
      chargePoint('higher', { securityProfile: 1, migrating: true }),
    ]),
    ['kept', 'marked'],
  )
})

test('a selection that says nothing, or two things at once, is refused', async () => {
  for (const selection of [
    {},
    { all: true, securityProfile: 1 as const },
    { all: true, certificateEndsWithinDays: 9 },
    { identities: ['unknown'] },
  ]) {
    await assert.rejects(select(deps, 'rotate-passwords', null, selection), { code: 'campaign_invalid' })
  }
})

test('canaries are spread, and nobody is lost or named twice', () => {
  const ready = Array.from({ length: 10 }, (_, index) => String(index))
  const selected = { ready, rest: ['x'], leftOut: 0 }
  assert.deepEqual(ordered(selected, 3).slice(0, 3), ['0', '3', '6'])
  fc.assert(
    fc.property(fc.nat(10), (canary) => {
      const all = ordered(selected, canary)
      return all.length === 11 && new Set(all).size === 11 && all.at(-1) === 'x'
    }),
  )
})

test('the metric shows the last campaigns only', async () => {
  const { campaignChargePoints, registry } = createMetrics(
    { version: 'x', node: 'x', openssl: 'x' },
    { processMetrics: false },
  )
  const counted = createFigures(campaignChargePoints)
  for (let index = 0; index < 25; index += 1) {
    counted(`c${index}`, { waiting: 1, running: 0, done: index, failed: 0, skipped: 0 })
  }
  const text = await registry.metrics()
  assert.equal(text.match(/^ocpp_proxy_campaign_charge_points\{/gm)?.length, 100)
  assert.match(text, /campaign="c24",state="done"\} 24/)
  assert.doesNotMatch(text, /campaign="c4"/)
})
