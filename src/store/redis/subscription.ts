import { messageOf } from '../../policy/error.ts'
import type { RedisConnection } from './client.ts'

/** Between two tries while the connection is there, and the server refuses. */
const pauseMs = 1_000

/**
 * Listens to channels, and again whenever the connection is new. The library would do the latter itself; but where that
 * fails (the connection is lost once more, the user may not use a channel any more) it leaves a rejected promise that
 * nobody holds, which ends the process and with it every session.
 */
export class Subscription {
  readonly #connection: RedisConnection
  readonly #channels: readonly string[]
  #timer: NodeJS.Timeout | undefined
  #problem: string | null = null

  constructor(connection: RedisConnection, channels: readonly string[]) {
    this.#connection = connection
    this.#channels = channels
  }

  /** Why nothing is heard, though the server is there; null: it listens, or the server is away. */
  get problem(): string | null {
    return this.#problem
  }

  /**
   * `again`: after each time but the first; what was published meanwhile is lost. Throws ProxyError (`store_…`) when the
   * first one fails.
   */
  async begin(again: () => void): Promise<void> {
    const { client } = this.#connection
    await this.#subscribe()
    // A cluster listens at one of its nodes, chooses another one by itself, and holds the promise.
    client.on('ready', () => void this.#renew(again))
    client.on('close', () => {
      clearTimeout(this.#timer)
      this.#problem = null
    })
  }

  #subscribe(): Promise<unknown> {
    return this.#connection.run((client) => client.subscribe(...this.#channels))
  }

  async #renew(again: () => void): Promise<void> {
    const { client } = this.#connection
    clearTimeout(this.#timer)
    this.#problem = null
    try {
      await this.#subscribe()
      again()
    } catch (error) {
      // The next `ready` is to come.
      if (client.status !== 'ready') return
      this.#problem = messageOf(error).replace(/^store redis: /, '')
      this.#timer = setTimeout(() => void this.#renew(again), pauseMs).unref()
    }
  }
}
