import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { Answer, UseCaseSession } from '../../relay/use-case.ts'
import { EventLimit } from './limit.ts'
import type { MainStatus } from './message.ts'
import type { Channel, EventOutbox } from './outbox.ts'

/** Milliseconds in which a charge point that boots sends its BootNotification. */
const bootGraceMs = 10_000
/** Waits after an event that got no answer: each try may hold the charge point's own messages back. */
const retry = { firstMs: 30_000, maxMs: 3_600_000 } as const

export interface SessionDeliveryDeps {
  readonly outbox: EventOutbox
  readonly log: Logger
  /** Of connector 0; null: not known in this process. */
  readonly statusOf: (identity: string) => MainStatus | null
  /** The form repeats the status, and must not make one up (`StatusNotification`). */
  readonly needsStatus: boolean
  /** Metric label; central-system when left out. */
  readonly sink?: Channel['sink']
  /** Milliseconds, for tests. */
  readonly bootGraceMs?: number
}

/**
 * unknown: it may boot, or only have reconnected, which needs no BootNotification (OCPP 1.6 4.2).
 * statusless: it seems to need none, and its status must be known first. booting: its BootNotification
 * waits for the answer. held: Pending or Rejected; a charge point would say nothing now.
 */
type BootState = 'unknown' | 'statusless' | 'booting' | 'held' | 'ready'

/** The events of one session. They go out when its boot is through, or when it seems to need none. */
export class SessionDelivery {
  readonly session: UseCaseSession
  readonly #deps: SessionDeliveryDeps
  readonly #channel: Channel
  readonly #stopped = new AbortController()
  #boot: BootState = 'unknown'
  /** Of the boot's grace, or of the next try. */
  #timer: NodeJS.Timeout | null = null
  #isRunning = false
  #again = false
  #isWaiting = false
  #failures = 0

  constructor(session: UseCaseSession, deps: SessionDeliveryDeps) {
    this.session = session
    this.#deps = deps
    const { identity } = session.facts
    this.#channel = {
      identity,
      sink: deps.sink ?? 'central-system',
      limit: new EventLimit(),
      signal: this.#stopped.signal,
      status: () => deps.statusOf(identity) ?? 'Available',
      call: async (action, payload) =>
        this.#boot === 'ready' && session.isOpen
          ? session.callCentralSystem(action, payload)
          : { kind: 'not-sent', detail: 'the charge point boots, or its session ends' },
    }
  }

  start(): void {
    const { identity } = this.session.facts
    const { outbox, log } = this.#deps
    // From here on, whatever comes is for this central system.
    outbox
      .inTurn(identity, () => outbox.begin(outbox.readerOf(identity)))
      .catch((error: unknown) => {
        log.error({ err: messageOf(error), identity }, 'the cursor of security events cannot be read')
      })
    this.#awaitBoot()
  }

  bootSeen(): void {
    this.#clearTimer()
    this.#boot = 'booting'
  }

  /** `statusOf` knows the status from now on. */
  statusSeen(): void {
    if (this.#boot === 'statusless') this.#ready()
  }

  /** Null: the session ended. */
  bootAnswered(answer: Answer | null): void {
    if (answer === null) return
    const status = answer.kind === 'result' ? answer.payload.status : 'error'
    if (status === 'Pending' || status === 'Rejected') this.#boot = 'held'
    else if (status === 'error') this.#awaitBoot()
    else this.#ready()
  }

  /** There is something new for this charge point. */
  wake(): void {
    this.#again = true
    if (this.#boot === 'ready' && !this.#isRunning && !this.#isWaiting) void this.#run()
  }

  stop(): void {
    this.#stopped.abort()
    this.#clearTimer()
  }

  #awaitBoot(): void {
    this.#boot = 'unknown'
    this.#arm(this.#deps.bootGraceMs ?? bootGraceMs, () => {
      const { needsStatus, statusOf } = this.#deps
      if (needsStatus && statusOf(this.session.facts.identity) === null) this.#boot = 'statusless'
      else this.#ready()
    })
  }

  #ready(): void {
    this.#clearTimer()
    this.#boot = 'ready'
    this.wake()
  }

  /** Never rejected. */
  async #run(): Promise<void> {
    const { outbox, log } = this.#deps
    const { identity } = this.session.facts
    this.#isRunning = true
    let isSettled = true
    while (this.#again && isSettled && this.#boot === 'ready' && !this.#stopped.signal.aborted) {
      this.#again = false
      try {
        isSettled = (await outbox.drain(identity, this.#channel)) === 'settled'
        if (isSettled) this.#failures = 0
      } catch (error) {
        log.error(
          { err: messageOf(error), identity },
          'security events cannot be brought to the central system',
        )
        isSettled = false
      }
    }
    this.#isRunning = false
    if (!isSettled) this.#later()
  }

  #later(): void {
    this.#again = true
    // Another boot is under way: its answer starts the next try.
    if (this.#stopped.signal.aborted || this.#boot !== 'ready') return
    const waitMs = Math.min(retry.firstMs * 2 ** Math.min(this.#failures, 30), retry.maxMs)
    this.#failures += 1
    this.#isWaiting = true
    this.#arm(waitMs, () => {
      this.#isWaiting = false
      this.wake()
    })
  }

  #arm(ms: number, task: () => void): void {
    this.#clearTimer()
    if (this.#stopped.signal.aborted) return
    this.#timer = setTimeout(task, ms)
    this.#timer.unref()
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#isWaiting = false
  }
}
