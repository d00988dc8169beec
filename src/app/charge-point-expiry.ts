import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { messageOf } from '../policy/error.ts'
import type { CertificateKeyRecord, Registry } from '../store/store.ts'

const dayMs = 86_400_000
const pageSize = 1000

/** Upper ends of the classes, in days; what has more left than the last is not counted. */
const classes = [
  ['expired', 0],
  ['under 1d', 1],
  ['1d to 7d', 7],
  ['7d to 30d', 30],
  ['30d to 90d', 90],
] as const

/**
 * Counts the charge points whose certificates have ended or end within 90 days. The identity is never a label: `certificates list` names them. A page at a time, because a
 * store that answers at once must not hold up the relay for a whole fleet.
 */
export async function measureChargePointExpiry(
  registry: Pick<Registry, 'listExpiringKeys'>,
  { chargePointCertificates }: Pick<Metrics, 'chargePointCertificates'>,
  now: number,
): Promise<void> {
  const counts = classes.map(() => 0)
  let after: CertificateKeyRecord | undefined
  const before = now + 90 * dayMs
  for (;;) {
    const page = await registry.listExpiringKeys({ before, limit: pageSize, ...(after ? { after } : {}) })
    for (const { notAfter } of page) {
      const index = classes.findIndex(([, days]) => notAfter <= now + days * dayMs)
      counts[index] = (counts[index] ?? 0) + 1
    }
    after = page.at(-1)
    if (page.length < pageSize) break
    await setImmediate()
  }
  for (const [index, [name]] of classes.entries()) {
    chargePointCertificates.set({ time_left: name }, counts[index] ?? 0)
  }
}

/** The same; what fails is logged. */
export function noteChargePointExpiry(
  registry: Pick<Registry, 'listExpiringKeys'>,
  metrics: Pick<Metrics, 'chargePointCertificates'>,
  log: Pick<Logger, 'error'>,
): void {
  measureChargePointExpiry(registry, metrics, Date.now()).catch((error: unknown) => {
    log.error({ err: messageOf(error) }, 'charge point certificates cannot be counted')
  })
}
