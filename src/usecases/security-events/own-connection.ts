import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { type ActionName, isActionName } from '../../ocpp/actions.ts'
import { buildCall, buildCallError, type Payload, parseMessage } from '../../ocpp/message.ts'
import { messageOf } from '../../policy/error.ts'
import type { CallOutcome } from '../../relay/use-case.ts'

/** Where the proxy's own session goes. */
export interface OwnTarget {
  readonly identity: string
  /** With the identity at its end. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** PEM of the roots for wss; undefined: those of Node. */
  readonly ca: string | undefined
  /** Milliseconds until the upgrade is answered. */
  readonly connectTimeoutMs: number
  /** Of BootNotification: at most 20 characters each, 50 for the firmware. */
  readonly boot: {
    readonly chargePointVendor: string
    readonly chargePointModel: string
    readonly firmwareVersion: string
  }
}

export interface OwnConnectionOptions {
  readonly callTimeoutMs: number
  /** BootNotification was accepted; called once. */
  readonly ready: () => void
  /** Called once, at the end. */
  readonly closed: (detail: string) => void
}

const maxMessageBytes = 65_536
/** Seconds; a central system that gives none, or nonsense, gets the default (OCPP 1.6 4.2 leaves it open). */
const interval = { min: 10, max: 86_400, default: 300 } as const

interface OpenCall {
  readonly id: string
  readonly settle: (outcome: CallOutcome) => void
}

/** One WebSocket to the central system, from dialling to its end. A CALL at a time (OCPP-J 4.1.1). */
export class OwnConnection {
  readonly identity: string
  readonly #target: OwnTarget
  readonly #options: OwnConnectionOptions
  readonly #socket: WebSocket
  readonly #ended = new AbortController()
  #isReady = false
  #open: OpenCall | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #problem = 'the connection ended'

  constructor(target: OwnTarget, options: OwnConnectionOptions) {
    this.identity = target.identity
    this.#target = target
    this.#options = options
    this.#socket = new WebSocket(target.url, ['ocpp1.6'], {
      headers: target.headers,
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      handshakeTimeout: target.connectTimeoutMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    })
    this.#socket.on('error', (error) => {
      this.#problem = messageOf(error)
    })
    this.#socket.on('open', () => void this.#boot())
    this.#socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#receive(data.toString())
    })
    this.#socket.on('close', (code) => this.#close(code))
  }

  get isReady(): boolean {
    return this.#isReady && !this.#ended.signal.aborted
  }

  /** Aborted when the connection has ended. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /** Never rejected. */
  call(action: ActionName, payload: Payload): Promise<CallOutcome> {
    const outcome = this.#turn.then(() => this.#call(action, payload))
    this.#turn = outcome
    return outcome
  }

  close(): void {
    this.#socket.close(1000)
    // A peer that does not answer the Close is not waited for.
    setTimeout(() => this.#socket.terminate(), 1_000).unref()
  }

  #call(action: ActionName, payload: Payload): Promise<CallOutcome> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      return Promise.resolve({ kind: 'not-sent', detail: 'the own session is not open' })
    }
    return new Promise((resolve) => {
      const id = randomUUID()
      const { callTimeoutMs } = this.#options
      const timer = setTimeout(
        () => settle({ kind: 'no-answer', detail: `no answer within ${callTimeoutMs} ms` }),
        callTimeoutMs,
      )
      const settle = (outcome: CallOutcome) => {
        clearTimeout(timer)
        this.#open = null
        resolve(outcome)
      }
      this.#open = { id, settle }
      this.#socket.send(buildCall(id, action, payload))
    })
  }

  #receive(text: string): void {
    const parsed = parseMessage(text)
    if (!parsed.ok) return
    const { message } = parsed
    switch (message.kind) {
      case 'call': {
        const code = isActionName(message.action) ? 'NotSupported' : 'NotImplemented'
        // A peer that asks and does not read is not allowed to fill our memory.
        if (this.#socket.bufferedAmount > maxMessageBytes) this.#socket.terminate()
        else
          this.#socket.send(
            buildCallError(message.id, code, 'this is the security proxy, and no charge point'),
          )
        return
      }
      case 'result':
      case 'error':
        if (message.id === this.#open?.id) this.#open.settle(message)
        return
      default:
        message satisfies never
    }
  }

  /** OCPP 1.6 4.2: nothing else before it was accepted; Pending and Rejected say when to ask again. */
  async #boot(): Promise<void> {
    const outcome = await this.call('BootNotification', this.#target.boot)
    if (this.#ended.signal.aborted) return
    const payload = outcome.kind === 'result' ? outcome.payload : {}
    const seconds = intervalOf(payload.interval)
    if (payload.status !== 'Accepted') {
      this.#problem = `BootNotification was not accepted: ${String(payload.status ?? outcome.kind).slice(0, 50)}`
      this.#after(seconds, () => void this.#boot())
      return
    }
    this.#isReady = true
    this.#beat(seconds)
    this.#options.ready()
  }

  #beat(seconds: number): void {
    this.#after(seconds, () => {
      void this.call('Heartbeat', {}).then(({ kind }) => {
        // A connection that is half open says nothing for ever.
        if (kind === 'no-answer') this.#socket.terminate()
        else this.#beat(seconds)
      })
    })
  }

  #after(seconds: number, task: () => void): void {
    if (this.#ended.signal.aborted) return
    this.#timer = setTimeout(task, seconds * 1000)
    this.#timer.unref()
  }

  #close(code: number): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#open?.settle({ kind: 'no-answer', detail: 'the own session ended before the answer' })
    this.#options.closed(`${this.#problem} (${code})`)
  }
}

function intervalOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return interval.default
  return Math.min(Math.max(value, interval.min), interval.max)
}
