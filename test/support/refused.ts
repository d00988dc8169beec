import assert from 'node:assert/strict'
import { type ReasonCode, reasons } from '../../src/policy/reasons.ts'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { ConnectRefusal, type RefusalSeen } from '../../src/simulator/refusal.ts'
import type { RejectionRecord } from '../../src/store/store.ts'
import type { LogLine } from './log-lines.ts'
import type { MetricsPage } from './metrics.ts'
import type { TestProxy } from './proxy.ts'
import { type ListenerName, profiles } from './proxy-config.ts'

export interface Refusal<Seen> {
  readonly reason: ReasonCode
  readonly listener: ListenerName
  /** Does what is to be refused, and returns what the client saw of it. */
  readonly attempt: () => Promise<Seen>
  /** What the client must have seen; compared as far as it goes. */
  readonly client: Partial<Seen>
  /** What the record, and the log line, must say. */
  readonly record?: Partial<RejectionRecord>
  /** The text of the detail in record and log. */
  readonly detail?: RegExp
  /** The central system was asked, or had a session already: only then may it have seen something. */
  readonly reachesCentralSystem?: boolean
}

/** The record of the refusal, and what its log line said. */
export interface RefusalTrace {
  readonly record: RejectionRecord
  readonly line: LogLine
}

/**
 * A refusal from both ends: what the client saw, that the central system saw nothing, that it
 * counted exactly once and as nothing else, that it was logged, and that it is in the store as the
 * security event of the table (A00.FR.323, A00.FR.408).
 */
export async function assertRefused<Seen extends object>(
  proxy: TestProxy,
  { reason, listener, attempt, client, record, detail, reachesCentralSystem = false }: Refusal<Seen>,
): Promise<RefusalTrace> {
  await proxy.allNoted()
  const before = await proxy.metrics()
  const from = proxy.log.all.length
  const [newest] = await proxy.store.rejections.list({ limit: 1 })
  const eventsBefore = proxy.centralEvents.length

  const seen = await attempt()
  assert.partialDeepStrictEqual(seen, client, 'what the client saw')

  const isLine = (line: LogLine) => line.msg === 'refused' && line.reason === reason
  const line = await proxy.log.wait(`refused: ${reason}`, isLine, from)
  // The log line is written once the record is durable, so the record must be there by now.
  const stored = await proxy.store.rejections.list({ afterId: newest?.id ?? 0, limit: 100 })
  const [kept] = stored
  assert.ok(kept !== undefined, 'a record in the store')
  assert.deepEqual(
    stored.map((one) => one.reason),
    [reason],
    'one record and no other',
  )
  const { stage, event } = reasons[reason]
  const expected = { reason, stage, event, listener, profile: profiles[listener], mode: 'enforce', ...record }
  assert.partialDeepStrictEqual(kept, expected, 'the record')
  const { reason: _reason, ...words } = expected
  assert.partialDeepStrictEqual(line, { level: 'warn', reason, ...words }, 'the log line')
  if (detail !== undefined) {
    assert.match(kept.detail, detail)
    assert.match(String(line.detail), detail)
  }

  assertCounted(before, await proxy.metrics(), reason, listener, reachesCentralSystem)
  if (!reachesCentralSystem) {
    assert.deepEqual(proxy.centralSaw(eventsBefore), [], 'the central system saw nothing')
  }
  return { record: kept, line }
}

function assertCounted(
  before: MetricsPage,
  after: MetricsPage,
  reason: ReasonCode,
  listener: ListenerName,
  reachesCentralSystem: boolean,
): void {
  const { stage, event } = reasons[reason]
  const grown = (name: string, labels: Readonly<Record<string, string | number>> = {}) =>
    after.sum(name, labels) - before.sum(name, labels)
  const labels = { reason, listener, profile: profiles[listener], stage, mode: 'enforce' }
  assert.equal(grown('ocpp_proxy_rejections_total', labels), 1, 'counted once')
  assert.equal(grown('ocpp_proxy_rejections_total'), 1, 'and as nothing else')
  const origin = 'proxy'
  assert.equal(grown('ocpp_proxy_security_events_total', { origin }), event === null ? 0 : 1)
  if (event !== null) assert.equal(grown('ocpp_proxy_security_events_total', { type: event, origin }), 1)
  if (reachesCentralSystem) return
  assert.equal(grown('ocpp_proxy_connections_total'), 0, 'no session')
  assert.equal(grown('ocpp_proxy_upstream_connect_duration_seconds_count'), 0, 'nobody was dialled')
}

/** What a charge point sees of its refusal. Throws when it is admitted. */
export async function refusalOf(chargePoint: ChargePoint): Promise<RefusalSeen> {
  try {
    await chargePoint.connect()
  } catch (error) {
    if (error instanceof ConnectRefusal) return error.seen()
    throw error
  }
  assert.fail('it was admitted')
}

/** Connects and boots: the charge point is served by the central system behind the proxy. */
export async function assertServed(proxy: TestProxy, chargePoint: ChargePoint): Promise<void> {
  await chargePoint.connect()
  const boot = await chargePoint.boot()
  assert.partialDeepStrictEqual(boot, { kind: 'result', payload: { status: 'Accepted' } })
  const status = await chargePoint.status(1, 'Available')
  assert.equal(status.kind, 'result')
  const calls = proxy.central.messages(chargePoint.identity).map(({ message }) => message)
  assert.ok(calls.some((call) => call?.kind === 'call' && call.action === 'BootNotification'))
}
