import type { Leases } from '../../store/store.ts'

export interface HeartbeatDeps {
  readonly leases: Pick<Leases, 'beat'>
  readonly everyMs: number
  /** After each beat, with the life that it named. */
  readonly beaten: (life: string) => void
  readonly failed: (error: unknown) => void
}

/**
 * Keeps the leases of this replica. On a timer of its own, and waiting for nothing else: whatever else
 * there is to do, however long it takes, must not cost them.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> | null = null

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = setInterval(() => this.now(), this.#deps.everyMs)
  }

  /** One at a time: a store that hangs must not gather beats. */
  now(): void {
    if (this.#timer === null || this.#beating !== null) return
    const { leases, beaten, failed } = this.#deps
    this.#beating = leases
      .beat()
      .then(beaten)
      .catch(failed)
      .finally(() => {
        this.#beating = null
      })
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#beating
  }
}
