import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { LogArchive, Registry } from '../store/store.ts'
import { noteChargePointExpiry } from './charge-point-expiry.ts'
import { pruneLogs } from './charge-point-logs.ts'
import type { Rejections } from './rejections.ts'
import type { Revocations } from './revocation.ts'
import type { SealedPasswords } from './sealed-passwords.ts'

export interface HousekeepingDeps {
  readonly registry: Registry
  readonly log: Logger
  readonly metrics: Metrics
  readonly rejections: Pick<Rejections, 'prune'>
  readonly revocations: Pick<Revocations, 'prune'>
  readonly sealed: Pick<SealedPasswords, 'look'>
  readonly logs: LogArchive | null
}

/** At start and every hour: counts what ends soon, and removes what is over. What fails is logged. */
export function keepHouse(deps: HousekeepingDeps): void {
  const { registry, log, metrics, rejections, revocations, sealed, logs } = deps
  noteChargePointExpiry(registry, metrics, log)
  rejections.prune()
  void revocations.prune()
  void sealed.look()
  void pruneLogs(logs, log)
}
