import { setImmediate } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import { opens } from '../store/seal.ts'
import type { ChargePointRecord, Registry } from '../store/store.ts'

export interface SealedPasswordsDeps {
  readonly registry: Pick<Registry, 'list'>
  /** As the last reload left it. */
  readonly config: () => Pick<Config, 'centralSystem' | 'centralSystem201' | 'store'>
  readonly log: Pick<Logger, 'warn' | 'error'>
}

const pageSize = 500

/**
 * Looks whether the sealing key opens what is stored: with another key every charge point that has a
 * password for the central system would be refused (`upstream_password_unreadable`), one after the other.
 */
export class SealedPasswords {
  readonly #deps: SealedPasswordsDeps
  #unreadable = 0
  #first = ''
  #isLooking = false

  constructor(deps: SealedPasswordsDeps) {
    this.#deps = deps
  }

  /** At start, after a reload and from time to time. Never rejected. */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.#lookAtAll()
    } catch (error) {
      this.#deps.log.error(
        { err: messageOf(error) },
        'the passwords for the central system cannot be looked at',
      )
    } finally {
      this.#isLooking = false
    }
  }

  /** For readiness: sessions go on, and who has no such password is let in. */
  notes(): readonly string[] {
    if (this.#unreadable === 0) return []
    const more = this.#unreadable === 1 ? '' : ` and ${this.#unreadable - 1} more`
    return [`store.sealingKeyFile does not open the password for the central system of ${this.#first}${more}`]
  }

  async #lookAtAll(): Promise<void> {
    const { registry, config, log } = this.#deps
    const { centralSystem, centralSystem201, store } = config()
    const { sealingKey } = store
    const isUsed = [centralSystem, centralSystem201].some((one) => one?.authorization === 'perChargePoint')
    let [found, first, after] = [0, '', '']
    while (isUsed && sealingKey !== null) {
      const page = await registry.list({ after, limit: pageSize })
      for (const record of page) {
        if (sealedOf(record).every((sealed) => opens(sealingKey, record.identity, sealed))) continue
        found += 1
        if (found === 1) first = record.identity
      }
      after = page.at(-1)?.identity ?? ''
      if (page.length < pageSize) break
      // A store that answers at once must not hold up the relay for a whole fleet.
      await setImmediate()
    }
    const isNew = found > 0 && this.#unreadable === 0
    this.#unreadable = found
    this.#first = first
    if (isNew) log.warn({ chargePoints: found }, this.notes().join())
  }
}

function sealedOf({ upstreamSecret, credentialChange }: ChargePointRecord): readonly string[] {
  return [upstreamSecret, credentialChange?.nextUpstreamSecret ?? null].filter((one) => one !== null)
}
