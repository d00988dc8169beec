import type {
  NewSecurityEvent,
  SecurityEventLog,
  SecurityEventQuery,
  SecurityEventRecord,
} from '../../src/store/store.ts'

/** An event of a charge point, with what a test changes about it. */
export function securityEvent(more: Partial<NewSecurityEvent> = {}): NewSecurityEvent {
  return {
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    origin: 'charge-point',
    type: 'SettingSystemTime',
    identity: 'CP1',
    timestamp: '2026-01-02T03:04:05Z',
    techInfo: null,
    reason: null,
    listener: 'test',
    address: '192.0.2.1',
    ...more,
  }
}

export interface MemoryEvents extends SecurityEventLog {
  readonly records: SecurityEventRecord[]
  readonly cursors: Map<string, number>
  /** Number of transactions so far. */
  readonly batches: readonly number[]
  /** While it is set every call is rejected with it. */
  problem: Error | null
  /** A failover to a server that had not got what came after `id`. */
  lose(id: number): void
}

/** The security log of a store, without a disk. */
export function memoryEvents(): MemoryEvents {
  const records: SecurityEventRecord[] = []
  const cursors = new Map<string, number>()
  const batches: number[] = []
  let last = 0
  const checked = async <T>(body: () => T): Promise<T> => {
    if (log.problem !== null) throw log.problem
    return body()
  }
  const log: MemoryEvents = {
    records,
    cursors,
    batches,
    problem: null,
    lose(id) {
      last = id
      records.splice(0, records.length, ...records.filter((one) => one.id <= id))
      for (const [reader, at] of cursors) cursors.set(reader, Math.min(at, id))
    },
    append: (events) =>
      checked(() => {
        batches.push(events.length)
        for (const event of events) {
          last += 1
          records.push({ id: last, ...event })
        }
        return events.length
      }),
    list: (query) => checked(() => listOf(records, query)),
    lastId: () => checked(() => last),
    countAfter: (id, identity) =>
      checked(
        () =>
          records.filter((one) => one.id > id && (identity === undefined || one.identity === identity))
            .length,
      ),
    cursor: (reader) => checked(() => cursors.get(reader) ?? null),
    setCursor: (reader, id) =>
      checked(() => void cursors.set(reader, Math.max(id, cursors.get(reader) ?? 0))),
    prune: (before, keep) =>
      checked(() => {
        const kept = records.filter(({ at }) => at >= before).slice(-keep)
        const gone = records.length - kept.length
        records.splice(0, records.length, ...kept)
        return gone
      }),
  }
  return log
}

function listOf(records: readonly SecurityEventRecord[], query: SecurityEventQuery): SecurityEventRecord[] {
  const { identity, type, origin, since, afterId, limit } = query
  const found = records.filter(
    (one) =>
      (identity === undefined || one.identity === identity) &&
      (type === undefined || one.type === type) &&
      (origin === undefined || one.origin === origin) &&
      (since === undefined || one.at >= since) &&
      (afterId === undefined || one.id > afterId),
  )
  return (afterId === undefined ? found.toReversed() : found).slice(0, limit)
}
