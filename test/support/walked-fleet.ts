import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { CampaignAnswer, ItemAnswer } from '../../src/cli/campaign/source.ts'
import { pause } from '../../src/simulator/backoff.ts'
import type { ChargePointBehaviour } from '../../src/simulator/behaviour.ts'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { strayMessages, type TrafficCounts } from '../../src/simulator/traffic.ts'
import { operator } from './operator.ts'
import { startProxy, type TestProxy } from './proxy.ts'
import type { ConfigChange } from './proxy-config.ts'

/** A fleet before its migration: half on profile 0, half on profile 1, all of them at work. */

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

export interface Walker {
  readonly identity: string
  readonly before: 0 | 1
  /** It and the registry have one; half of those on profile 0 have none. */
  readonly hadPassword: boolean
  readonly member: ChargePoint
  /** Connections of it that have ended. */
  readonly hangUps: () => number
}

export interface Ended {
  readonly code: number
  readonly lines: readonly unknown[]
}

export interface WalkedFleet {
  readonly proxy: TestProxy
  readonly walkers: readonly Walker[]
  /**
   * The command line as an operator runs it, with --json; `onCampaign` hears each state of a campaign
   * that is watched.
   */
  command(line: string, onCampaign?: (campaign: CampaignAnswer) => void): Promise<Ended>
  /** Ends the traffic in order: nothing is open then, on any side. */
  rest(): Promise<void>
}

export interface FleetPlan {
  readonly config?: ConfigChange
  /** By number, from 1. */
  readonly behaviour?: (number: number) => Partial<ChargePointBehaviour>
  /** Those that are in a transaction from the beginning, until they are told to stop it. */
  readonly charges?: (number: number) => boolean
}

/** CP-01, CP-02 …, connected, and at work. */
export async function startFleet(
  t: TestContext,
  count: number,
  { config = {}, behaviour = () => ({}), charges = () => false }: FleetPlan,
): Promise<WalkedFleet> {
  const { section } = operator(t)
  const proxy = await startProxy(t, { ...config, listeners: { migration: {} }, admin: section })
  const walkers: Walker[] = []
  for (let number = 1; number <= count; number += 1) {
    walkers.push(await addWalker(proxy, number, behaviour(number)))
  }
  await Promise.all(
    walkers.map(async ({ member }, index) => {
      await member.connect()
      await member.boot()
      if (charges(index + 1)) await member.startTransaction()
    }),
  )
  const stopTraffic = startTraffic(t, proxy, walkers)
  const where = [
    '--admin-url',
    `http://127.0.0.1:${proxy.port('admin')}`,
    '--admin-token-file',
    section.tokenFile,
  ]
  return {
    proxy,
    walkers,
    command: (line, onCampaign) => runCommand([...line.split(' '), '--json', ...where], onCampaign),
    rest: stopTraffic,
  }
}

async function addWalker(
  proxy: TestProxy,
  number: number,
  behaviour: Partial<ChargePointBehaviour>,
): Promise<Walker> {
  const identity = `CP-${String(number).padStart(2, '0')}`
  const before = number % 4 < 2 ? 0 : 1
  const hadPassword = before === 1 || number % 8 < 4
  const fields = { securityProfile: before, migrating: before === 0, serialNumber: null } as const
  if (hadPassword) await proxy.register(identity, fields)
  else await proxy.store.registry.add(identity, fields)
  let hangUps = 0
  const member = proxy.chargePoint(before === 0 ? 'migration' : 'basic-auth', {
    identity,
    profileUrls: {
      0: proxy.url('migration'),
      1: proxy.url('basic-auth'),
      2: proxy.url('basic-auth-tls'),
    },
    behaviour,
    backoff: { initialMs: 10, maxMs: 500 },
    onEvent: ({ kind }) => {
      if (kind === 'disconnected') hangUps += 1
    },
  })
  return { identity, before, hadPassword, member, hangUps: () => hangUps }
}

/** Everybody talks all the time, the central system too. Returns what ends it, in order. */
function startTraffic(t: TestContext, { central }: TestProxy, walkers: readonly Walker[]) {
  const stop = new AbortController()
  const talk = async (everyMs: number, say: () => Promise<unknown>) => {
    while (!stop.signal.aborted) {
      await say()
      await pause(everyMs, stop.signal)
    }
  }
  const members = walkers.map(({ member }) => member)
  const runs = members.map((member) =>
    member.run({ transact: false, meterIntervalMs: 400, heartbeatIntervalMs: 500 }),
  )
  const talks = members.flatMap((member) => [
    talk(600, () => member.status(1, member.transaction === null ? 'Available' : 'Charging')),
    talk(700, () => central.send(member.identity, 'GetConfiguration', { key: ['HeartbeatInterval'] })),
    talk(800, () => central.changeConfiguration(member.identity, 'MeterValueSampleInterval', '60')),
  ])
  t.after(() => stop.abort())
  return async () => {
    stop.abort()
    await Promise.all(talks)
    await Promise.all(members.map(hangUpInOrder))
    await Promise.all(runs)
  }
}

/** A charge point whose last CALL has its answer hangs up, so that this end loses nothing. */
async function hangUpInOrder(member: ChargePoint): Promise<void> {
  while (!member.isOpen || member.traffic().open > 0) await setImmediate()
  await member.close()
}

async function runCommand(
  args: readonly string[],
  onCampaign: (campaign: CampaignAnswer) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const watched = args.includes('--watch')
  const lines: unknown[] = []
  const texts: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    texts.push(line)
    if (!watched) continue
    lines.push(JSON.parse(line))
    onCampaign(JSON.parse(line))
  }
  if (!watched) lines.push(JSON.parse(texts.join('\n')))
  const [code] = (await closed) as [number]
  return { code, lines }
}

/** What `campaign report` says. */
export interface Report {
  readonly campaign: CampaignAnswer
  readonly codes: readonly { readonly state: string; readonly code: string; readonly count: number }[]
  readonly chargePoints: readonly ItemAnswer[]
}

/** The report of the command line; its exit code says whether nobody failed. */
export async function reportOf(fleet: WalkedFleet, id: string): Promise<Report> {
  const { code, lines } = await fleet.command(`campaign report ${id}`)
  const [report] = lines as [Report]
  assert.equal(code, report.campaign.counts.failed === 0 ? 0 : 1)
  return report
}

/**
 * Every CALL has exactly one answer at its sender. A CALL that was open when the charge point itself
 * hung up has none, and its sender was told so: it is counted as interrupted, one at most for each
 * connection that ended and each sender (OCPP-J 4.1.1: one CALL is open at a time).
 */
export function assertNothingLost(who: string, counts: TrafficCounts, hangUps: number): void {
  const { sent, open, results, errors, timeouts, interrupted } = counts
  assert.equal(strayMessages(counts), 0, `${who}: second, late or foreign answers: ${JSON.stringify(counts)}`)
  assert.deepEqual({ open, errors, timeouts }, { open: 0, errors: 0, timeouts: 0 }, who)
  assert.equal(results + interrupted, sent, who)
  assert.ok(interrupted <= hangUps, `${who}: ${interrupted} interrupted, ${hangUps} connections ended`)
}
