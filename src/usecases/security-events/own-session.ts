import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import { EventLimit } from './limit.ts'
import type { Channel } from './outbox.ts'
import { OwnConnection, type OwnTarget } from './own-connection.ts'
import { beginOwn, drainOwn, type OwnReaderDeps } from './own-reader.ts'

/** Milliseconds before the connection is tried again: doubled, up to the last. */
const reconnect = { firstMs: 1_000, maxMs: 300_000 } as const
/** ... and an event that got no answer. */
const retry = { firstMs: 30_000, maxMs: 3_600_000 } as const

export interface OwnSessionDeps extends OwnReaderDeps {
  /** Asked for before each connection: a reload may have changed it. */
  readonly target: () => OwnTarget
  readonly log: Logger
  /** From 0 up to 1: proxies that were started together do not come back together. */
  readonly random: () => number
  /** Milliseconds for the answer to a CALL. */
  readonly callTimeoutMs: () => number
}

/**
 * A session of the proxy's own with the central system, over which it tells what no charge point's
 * session can: refusals of strangers and of charge points that never get in. It behaves as a charge
 * point of OCPP 1.6 core: BootNotification first, Heartbeats, nothing else.
 */
export class OwnSession {
  readonly #deps: OwnSessionDeps
  readonly #limit = new EventLimit()
  #connection: OwnConnection | null = null
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #again = false
  #connectFailures = 0
  #callFailures = 0
  #isClosed = false

  constructor(deps: OwnSessionDeps) {
    this.#deps = deps
  }

  start(): void {
    beginOwn(this.#deps).catch((error: unknown) => this.#storeFailed(error))
    this.#connect()
  }

  /** There is something new in the log. */
  wake(): void {
    this.#again = true
    const connection = this.#connection
    if (connection === null || !connection.isReady || this.#running !== null || this.#timer !== null) return
    this.#running = this.#drain(connection).then((isSettled) => {
      this.#running = null
      if (this.#isClosed) return
      // Meanwhile there is another connection, which waits for its turn.
      if (this.#connection !== connection) this.wake()
      else if (!isSettled) this.#retryLater()
      else if (this.#again) this.wake()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#connection?.close()
    await this.#running
  }

  #connect(): void {
    const { log, target, callTimeoutMs } = this.#deps
    let connection: OwnConnection
    try {
      connection = new OwnConnection(target(), {
        callTimeoutMs: callTimeoutMs(),
        ready: () => {
          this.#connectFailures = 0
          log.info({ identity: connection.identity }, 'the own session with the central system is open')
          this.wake()
        },
        closed: (detail) => this.#lost(connection, detail),
      })
    } catch (error) {
      this.#reconnectLater(messageOf(error))
      return
    }
    this.#connection = connection
  }

  #lost(connection: OwnConnection, detail: string): void {
    if (this.#connection !== connection) return
    this.#connection = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (!this.#isClosed) this.#reconnectLater(detail)
  }

  #reconnectLater(detail: string): void {
    const { log, random } = this.#deps
    const waitMs = Math.round(backoffMs(reconnect, this.#connectFailures) * (0.5 + random() / 2))
    this.#connectFailures += 1
    log.warn({ detail, waitMs }, 'the own session with the central system is closed')
    this.#arm(waitMs, () => this.#connect())
  }

  /** Never rejected; false: something has to be tried again. */
  async #drain(connection: OwnConnection): Promise<boolean> {
    this.#again = false
    const channel: Channel = {
      identity: connection.identity,
      sink: 'central-system/own',
      limit: this.#limit,
      signal: connection.signal,
      status: () => 'Available',
      call: (action, payload) => connection.call(action, payload),
    }
    try {
      if ((await drainOwn(this.#deps, channel)) === 'later') return false
      this.#callFailures = 0
      return true
    } catch (error) {
      this.#storeFailed(error)
      return false
    }
  }

  #retryLater(): void {
    const waitMs = backoffMs(retry, this.#callFailures)
    this.#callFailures += 1
    this.#arm(waitMs, () => this.wake())
  }

  #arm(ms: number, task: () => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      task()
    }, ms)
    this.#timer.unref()
  }

  #storeFailed(error: unknown): void {
    this.#deps.log.error({ err: messageOf(error) }, 'security events cannot be read for the own session')
  }
}

function backoffMs({ firstMs, maxMs }: { firstMs: number; maxMs: number }, failures: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 30), maxMs)
}
