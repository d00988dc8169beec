import { hkdfSync, randomBytes } from 'node:crypto'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import { seal, unseal } from '../../store/seal.ts'
import type { SharedStore } from '../../store/store.ts'

const valueName = 'ticket-secret'
const maxAttempts = 5

export interface SharedTicketsDeps {
  readonly shared: Pick<SharedStore, 'get' | 'replace'>
  readonly sealingKey: Buffer
  readonly log: Pick<Logger, 'error' | 'info'>
  /** The keys are others now: contexts are made anew. */
  readonly changed: () => void
  /** Tells the other replicas. */
  readonly tell: () => void
}

/**
 * The secret that ticket keys of all replicas are made from (design, section 4): a charge point resumes at
 * whichever replica it comes to. It lies in the store, sealed.
 */
export class SharedTickets {
  readonly #deps: SharedTicketsDeps
  #secret: Buffer = randomBytes(32)
  #stored: string | null = null

  constructor(deps: SharedTicketsDeps) {
    this.#deps = deps
  }

  /** The key of one context: 48 bytes. RFC 5869. */
  keyFor(context: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, '', `ticket keys of ${context}`, 48))
  }

  /** Takes the secret of the others, or makes the first one. Throws ProxyError (`store_…`, `unseal_failed`). */
  async load(): Promise<void> {
    const { shared, sealingKey } = this.#deps
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await shared.get(valueName)
      if (stored !== null) return this.#take(stored)
      const made = seal(sealingKey, valueName, randomBytes(32), 'ticket-secret')
      if (await shared.replace(valueName, null, made)) return this.#take(made)
    }
  }

  /** Another replica has changed it. */
  async reload(): Promise<void> {
    const before = this.#stored
    await this.load().catch((error: unknown) => this.#failed(error))
    if (this.#stored !== before) this.#deps.changed()
  }

  /**
   * New keys for all replicas at once: after a change of trust or of a CRL nobody resumes what was
   * judged before. With the store away this replica has keys of its own until it is back.
   */
  async rotate(): Promise<void> {
    const { shared, sealingKey, changed, tell, log } = this.#deps
    const made = seal(sealingKey, valueName, randomBytes(32), 'ticket-secret')
    try {
      if (await shared.replace(valueName, await shared.get(valueName), made)) this.#take(made)
      else await this.load()
      tell()
      log.info({}, 'ticket keys were changed on all replicas')
    } catch (error) {
      this.#failed(error)
      this.#secret = randomBytes(32)
      this.#stored = null
    }
    changed()
  }

  #take(stored: string): void {
    this.#secret = unseal(this.#deps.sealingKey, valueName, stored, 'ticket-secret')
    this.#stored = stored
  }

  #failed(error: unknown): void {
    this.#deps.log.error({ err: messageOf(error) }, 'the shared ticket keys cannot be read or changed')
  }
}
