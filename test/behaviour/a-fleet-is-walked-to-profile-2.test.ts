import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CampaignAnswer } from '../../src/cli/campaign/source.ts'
import type { ChangeBehaviour, ChargePointBehaviour } from '../../src/simulator/behaviour.ts'
import { sumTraffic } from '../../src/simulator/traffic.ts'
import type { ChargePointRecord } from '../../src/store/store.ts'
import { refusalOf } from '../support/refused.ts'
import {
  assertNothingLost,
  type Report,
  reportOf,
  startFleet,
  type WalkedFleet,
  type Walker,
} from '../support/walked-fleet.ts'

const count = 50
/** A charge point that never comes back would be waited for without an end. */
const bounded = { timeout: 600_000 }
const create = 'campaign create upgrade-profile --to 2 --new-passwords --all --watch --pace 6000'

function idOf([first]: readonly unknown[]): string {
  return (first as CampaignAnswer).id
}

async function recordOf({ proxy }: WalkedFleet, { identity }: Walker): Promise<ChargePointRecord> {
  const record = await proxy.store.registry.get(identity)
  assert.ok(record !== null)
  return record
}

/** Report, metric and exit codes tell the same. */
async function assertSameFigures({ proxy }: WalkedFleet, { campaign, chargePoints }: Report): Promise<void> {
  const metrics = await proxy.metrics()
  for (const [state, number] of Object.entries(campaign.counts)) {
    const labels = { campaign: campaign.id, state }
    assert.equal(metrics.sum('ocpp_proxy_campaign_charge_points', labels), number, state)
    assert.equal(chargePoints.filter((one) => one.state === state).length, number, state)
  }
}

/** Nothing was lost anywhere, and the central system saw nothing that is not for it. */
async function assertQuiet(t: TestContext, fleet: WalkedFleet): Promise<void> {
  const { proxy, walkers } = fleet
  const hangUps = new Map(walkers.map(({ identity, hangUps }) => [identity, hangUps()]))
  await fleet.rest()
  let all = 0
  for (const { identity, member } of walkers) {
    const hungUp = hangUps.get(identity) ?? 0
    all += hungUp
    assertNothingLost(identity, member.traffic(), hungUp)
  }
  const central = proxy.central.traffic()
  assertNothingLost('the central system', central, all)
  const sums = sumTraffic(walkers.map(({ member }) => member.traffic()))
  for (const [who, { sent, results, interrupted }] of [
    ['charge points', sums],
    ['central system', central],
  ] as const) {
    assert.ok(results > 3 * count, 'messages flowed')
    t.diagnostic(`${who}: ${sent} CALLs, ${results} answers, ${interrupted} told as interrupted by a hang-up`)
  }
  assert.equal(proxy.central.foreignCount, 0, JSON.stringify(proxy.central.foreign()))
}

/** With the credentials that it has by now, whatever these are. */
async function assertWorks({ identity, member }: Walker): Promise<void> {
  await member.connect()
  assert.equal((await member.heartbeat()).kind, 'result', identity)
  await member.close()
}

test(
  'a fleet on profile 0 and 1 is walked to profile 2, with new passwords, while it works',
  bounded,
  async (t) => {
    const fleet = await startFleet(t, count, { charges: (number) => number % 5 === 4 })
    const { proxy, walkers } = fleet
    const before = new Map<string, ChargePointRecord>()
    for (const walker of walkers) before.set(walker.identity, await recordOf(fleet, walker))
    const charging = walkers.filter(({ member }) => member.transaction !== null)
    assert.equal(charging.length, count / 5)

    let isReleased = false
    const { code, lines } = await fleet.command(
      `${create} --canary 2 --concurrency 10 --retry-after 1s --timeout 30s`,
      ({ counts, waits }) => {
        if (isReleased || counts.done < count - charging.length) return
        assert.equal(waits?.transactionOpen, charging.length)
        for (const { member, before } of charging) assert.equal(member.securityProfile, before)
        isReleased = true
        for (const { member } of charging) void member.stopTransaction()
      },
    )

    await t.test('[A05.FR.07] the campaign ends well; those who charge were waited for', async () => {
      assert.equal(isReleased, true)
      assert.equal(code, 0, JSON.stringify(lines.at(-1)))
      const report = await reportOf(fleet, idOf(lines))
      assert.partialDeepStrictEqual(report.campaign, { state: 'finished', counts: { done: count } })
      await assertSameFigures(fleet, report)
    })

    await t.test(
      '[A05.FR.09] [A01.FR.03] all are on profile 2, with other passwords than before',
      async () => {
        const credentials = new Set<string>()
        for (const walker of walkers) {
          const record = await recordOf(fleet, walker)
          assert.partialDeepStrictEqual(record, {
            securityProfile: 2,
            upgradeTo: null,
            credentialChange: null,
            credential: { scheme: 'hmac-sha256' },
          })
          assert.notDeepEqual(record.credential, before.get(walker.identity)?.credential)
          credentials.add(JSON.stringify(record.credential))
          assert.deepEqual([walker.member.securityProfile, walker.member.isOpen], [2, true])
        }
        assert.equal(credentials.size, count)
        const metrics = await proxy.metrics()
        assert.equal(metrics.sum('ocpp_proxy_connections', { profile: 2 }), count)
        assert.equal(metrics.sum('ocpp_proxy_connections'), count)
      },
    )

    await t.test('[A01.FR.03] the old passwords are refused at the gate', async () => {
      const had = walkers.filter(({ hadPassword }) => hadPassword)
      const seen = await Promise.all(
        had.map(({ identity }) => refusalOf(proxy.chargePoint('basic-auth-tls', { identity }))),
      )
      for (const { httpStatus } of seen) assert.equal(httpStatus, 401)
      await proxy.allNoted()
      const refused = await proxy.store.rejections.list({ reason: 'credentials_invalid', limit: 1000 })
      assert.deepEqual(
        new Set(refused.map(({ identity }) => identity)),
        new Set(had.map(({ identity }) => identity)),
      )
    })

    await t.test('[A05.FR.09] the old profiles are refused at the gate', async () => {
      const [zero, one] = [0, 1].map((profile) => walkers.find((walker) => walker.before === profile))
      assert.equal((await refusalOf(proxy.chargePoint('migration', zero))).httpStatus, 404)
      assert.equal((await refusalOf(proxy.chargePoint('basic-auth', one))).httpStatus, 401)
    })

    await t.test('[design 2.4] every CALL has one answer, and nothing foreign came to anybody', (t) =>
      assertQuiet(t, fleet),
    )

    await t.test('[A01.FR.03] [A05.FR.07] and all of them come again', async () => {
      await Promise.all(walkers.map(assertWorks))
    })
  },
)

interface Expected {
  readonly behaviour: ChangeBehaviour
  /** How its try ends; null: well, all the same. */
  readonly code: string | null
  readonly detail: RegExp
  /** What it is on at the end. */
  readonly profile: 0 | 1 | 2
}

/** Every tenth charge point does something else than it should, in answer to `key`. */
async function walkWithTrouble(
  t: TestContext,
  key: keyof ChargePointBehaviour,
  expected: readonly Expected[],
  options: string,
): Promise<void> {
  const behaviourOf = (number: number) => expected[number % 10 === 0 ? number / 10 - 1 : -1]?.behaviour
  const fleet = await startFleet(t, count, {
    config: { limits: { callTimeout: '10s' } },
    behaviour: (number) => {
      const behaviour = behaviourOf(number)
      return behaviour === undefined ? {} : { [key]: behaviour }
    },
  })
  const { walkers } = fleet
  const failing = expected.filter(({ code }) => code !== null)
  const { code, lines } = await fleet.command(
    `${create} --canary 0 --concurrency 20 --max-failures 10 --retry-after 1s ${options}`,
  )
  const report = await reportOf(fleet, idOf(lines))
  const counts = { done: count - failing.length, failed: failing.length, waiting: 0, running: 0 }
  assert.partialDeepStrictEqual(report.campaign, { state: 'finished', counts }, JSON.stringify(report.codes))
  assert.equal(code, 1)
  await assertSameFigures(fleet, report)
  for (const [index, { code, detail, profile }] of expected.entries()) {
    const walker = walkers[index * 10 + 9]
    assert.ok(walker !== undefined)
    const item = report.chargePoints.find(({ identity }) => identity === walker.identity)
    assert.deepEqual([item?.state, item?.code], [code === null ? 'done' : 'failed', code], walker.identity)
    assert.match(item?.detail ?? '', detail)
    assert.equal(walker.member.securityProfile, profile, walker.identity)
    assert.equal((await recordOf(fleet, walker)).securityProfile, profile)
  }
  await assertQuiet(t, fleet)
  // Nobody is locked out: each has the credentials that it made of all this, and no others.
  await Promise.all(walkers.map(assertWorks))
}

test(
  '[A01.FR.04] every tenth refuses the new password, is silent, or drops the line: it works on',
  bounded,
  (t) =>
    walkWithTrouble(
      t,
      'authorizationKey',
      [
        { behaviour: 'refuse', code: 'refused', detail: /^new password: it answered Rejected/, profile: 1 },
        { behaviour: 'silent', code: 'no_answer', detail: /^new password: /, profile: 0 },
        {
          behaviour: 'drop-before',
          code: 'no_answer',
          detail: /came back with its old password/,
          profile: 1,
        },
        { behaviour: 'drop-after', code: 'no_answer', detail: /both passwords are valid/, profile: 0 },
        // It logs in with the new one, which says more than the answer that was lost.
        {
          behaviour: 'drop-after',
          code: null,
          detail: /^it is on profile 2, with a new password$/,
          profile: 2,
        },
      ],
      '--attempts 2 --timeout 20s',
    ),
)

test('[A05.FR.08] every tenth refuses the profile, is silent, or drops the line: it works on', bounded, (t) =>
  walkWithTrouble(
    t,
    'securityProfile',
    [
      { behaviour: 'refuse', code: 'refused', detail: /^it took the new password; profile: /, profile: 1 },
      { behaviour: 'drop-before', code: 'no_answer', detail: /came back on profile 0/, profile: 0 },
      { behaviour: 'silent', code: 'no_answer', detail: /^it took the new password; profile: /, profile: 1 },
      {
        behaviour: 'drop-after',
        code: null,
        detail: /^it is on profile 2, with a new password$/,
        profile: 2,
      },
      { behaviour: 'drop-before', code: 'no_answer', detail: /came back on profile 1/, profile: 1 },
    ],
    '--attempts 1 --timeout 20s',
  ),
)
