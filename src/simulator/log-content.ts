import type { LogType } from '../policy/charge-point-log.ts'
import type { TrafficCounts } from './traffic.ts'

export interface LogSource {
  readonly identity: string
  /** Security events: how many were confirmed. */
  readonly confirmed: number
  readonly traffic: TrafficCounts
}

/** What a simulated charge point has to tell of its events, or of its traffic; a line each. */
export function logContent(type: LogType, { identity, confirmed, traffic }: LogSource): Buffer {
  const facts = type === 'SecurityLog' ? { 'confirmed security events': confirmed } : traffic
  const lines = Object.entries(facts).map(([name, count]) => `${name} ${count}`)
  return Buffer.from(`${[`${type} of ${identity}`, ...lines].join('\n')}\n`)
}
