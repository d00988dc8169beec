import { pause } from './backoff.ts'
import type { ChargePoint } from './charge-point.ts'
import type { RunOptions } from './charge-point-run.ts'
import type { CallOutcome } from './endpoint.ts'
import { type ProbeAnswer, probeSecurityMessages } from './probe.ts'
import { ConnectRefusal, type RefusalSeen } from './refusal.ts'
import type { TrafficCounts } from './traffic.ts'

/** What each charge point of a fleet is to do. */
export interface FleetPlan {
  /** `once`: boot, one transaction, end. `probe`: boot, the messages of the white paper, end. `run`: until stopped. */
  readonly mode: 'once' | 'probe' | 'run'
  /** After `once`: connect again with the ticket of the first connection. */
  readonly resume: boolean
  /** Goes on with back-off when the very first connection is refused; later ones always are retried. */
  readonly retry: boolean
  /** Charge points that are started in a second: a fleet that comes at once is not what is to be shown. */
  readonly perSecond: number
  readonly run: RunOptions
}

/** How one charge point fared. */
export interface MemberResult {
  readonly identity: string
  /** null: it was taken in. */
  readonly refusal: RefusalSeen | null
  /** What went wrong after that; null: nothing. */
  readonly problem: string | null
  /** Whether the second connection resumed the session; null: there was none. */
  readonly resumed: boolean | null
  /** How the messages of the white paper were answered; null: none were sent. */
  readonly probe: readonly ProbeAnswer[] | null
  readonly traffic: TrafficCounts
  /** CALLs of the central system side that nobody asked for; the last ones. */
  readonly unsolicited: readonly string[]
}

type Drive = Omit<MemberResult, 'identity' | 'traffic' | 'unsolicited'>

/**
 * Drives a fleet to its end, or until `stop` fires; every charge point is closed then.
 * @throws ProxyError what is wrong with the options, after all have been stopped.
 */
export async function driveFleet(
  members: readonly ChargePoint[],
  plan: FleetPlan,
  stop: AbortSignal,
  onResult: (result: MemberResult) => void,
): Promise<void> {
  const failed = new AbortController()
  const end = AbortSignal.any([stop, failed.signal])
  const closeAll = (): void => {
    for (const member of members) void member.close()
  }
  end.addEventListener('abort', closeAll, { once: true })
  const drives = members.map(async (member, index) => {
    await pause((index * 1000) / plan.perSecond, end)
    if (end.aborted) return
    try {
      const drive = await driveMember(member, plan)
      await member.close()
      const { identity } = member
      const result = { identity, ...drive, traffic: member.traffic(), unsolicited: member.unsolicited.list() }
      // Stopped in the middle by the operator: that is the result of `run` only.
      if (!end.aborted || plan.mode === 'run') onResult(result)
    } catch (error) {
      failed.abort(error)
      throw error
    } finally {
      await member.close()
    }
  })
  await Promise.allSettled(drives)
  end.removeEventListener('abort', closeAll)
  await Promise.all(drives)
}

const fine: Drive = { refusal: null, problem: null, resumed: null, probe: null }

async function driveMember(member: ChargePoint, plan: FleetPlan): Promise<Drive> {
  try {
    if (!plan.retry) await member.connect()
    if (plan.mode === 'run') {
      await member.run(plan.run)
      return fine
    }
    if (plan.retry) await member.connect()
    if (plan.mode === 'probe') return await probe(member)
    const problem = await withCloseCode(member, await oneTransaction(member))
    await member.close()
    if (problem !== null || !plan.resume) return { ...fine, problem }
    const { tls } = await member.connect()
    const boot = await member.boot()
    return { ...fine, problem: problemOf('BootNotification', boot), resumed: tls?.resumed ?? false }
  } catch (error) {
    if (!(error instanceof ConnectRefusal)) throw error
    return { ...fine, refusal: error.seen() }
  }
}

async function probe(member: ChargePoint): Promise<Drive> {
  const problem = problemOf('BootNotification', await member.boot())
  if (problem !== null) return { ...fine, problem: await withCloseCode(member, problem) }
  return { ...fine, problem: await confirmEvents(member), probe: await probeSecurityMessages(member) }
}

/** A04: what was raised is confirmed before the charge point ends. */
async function confirmEvents(member: ChargePoint): Promise<string | null> {
  await member.events.flush()
  const { length } = member.events.pending
  return length === 0 ? null : `${length} security events were not confirmed`
}

/** Boots and charges once. Returns what went wrong, or null. */
async function oneTransaction(member: ChargePoint): Promise<string | null> {
  const boot = problemOf('BootNotification', await member.boot())
  if (boot !== null) return boot
  if (!member.booted) return 'BootNotification was not accepted'
  const steps: readonly (readonly [string, () => Promise<CallOutcome>])[] = [
    ['StatusNotification', () => member.status(1, 'Preparing')],
    ['StartTransaction', () => member.startTransaction()],
    ['MeterValues', () => member.meterValues()],
    ['StopTransaction', () => member.stopTransaction()],
    ['StatusNotification', () => member.status(1, 'Available')],
  ]
  for (const [action, step] of steps) {
    const problem = problemOf(action, await step())
    if (problem !== null) return problem
  }
  return confirmEvents(member)
}

/** Says with which code the central system has closed the connection, if it has. */
async function withCloseCode(member: ChargePoint, problem: string | null): Promise<string | null> {
  if (problem === null || member.isOpen) return problem
  const { code, reason } = await member.closed()
  return `${problem} (${`${code} ${reason}`.trimEnd()})`
}

function problemOf(action: string, outcome: CallOutcome): string | null {
  switch (outcome.kind) {
    case 'result':
      return null
    case 'error':
      return `${action} was answered with ${outcome.code} ${outcome.description}`.trimEnd()
    case 'timeout':
      return `${action} was not answered in time`
    case 'closed':
      return `the connection was closed before ${action} was answered`
  }
}
