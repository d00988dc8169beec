import type { ListenerConfig } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'

/**
 * Says which listeners run on profile 0. To be called at the start, and every hour while they run:
 * what was opened for a migration must not be forgotten (design, section 10).
 */
export function warnOfUnsecured(
  listeners: readonly Pick<ListenerConfig, 'name' | 'securityProfile'>[],
  log: Pick<Logger, 'warn'>,
): void {
  const names = listeners.filter(({ securityProfile }) => securityProfile === 0).map(({ name }) => name)
  if (names.length === 0) return
  log.warn(
    { listeners: names },
    'profile 0 is open: it asks nobody for proof and encrypts nothing; remove it once the migration is over',
  )
}
