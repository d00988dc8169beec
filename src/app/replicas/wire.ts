import { randomUUID } from 'node:crypto'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { seal, unseal } from '../../store/seal.ts'
import type { Bus } from '../../store/store.ts'

/** What replicas say to each other is sealed: it may hold what an operator sent, and nobody else may command. */
const sealedFor = 'replicas'

/** Requests that wait for an answer, and requests of others that are being answered (CWE-770). */
const maxPending = 4_096
const maxServed = 512
const warnEveryMs = 60_000
const maxMessage = 4 * 1024 * 1024

export type Handler = (body: unknown) => Promise<unknown>

export interface WireDeps {
  readonly self: string
  readonly bus: Bus
  readonly sealingKey: Buffer
  /** Milliseconds, any origin. */
  readonly now: () => number
  readonly log: { warn(fields: object, text: string): void }
}

type Message =
  | {
      readonly kind: 'ask'
      readonly id: string
      readonly from: string
      readonly what: string
      readonly body: unknown
    }
  | { readonly kind: 'answer'; readonly id: string; readonly ok: boolean; readonly body: unknown }
  | { readonly kind: 'notice'; readonly from: string; readonly body: unknown }

/** Questions and answers, and notices for all, between the replicas that share a store. */
export class Wire {
  readonly #deps: WireDeps
  readonly #pending = new Map<string, PromiseWithResolvers<unknown>>()
  readonly #handlers = new Map<string, Handler>()
  #notice: (from: string, body: unknown) => void = () => {}
  #served = 0
  #nextWarning = 0

  constructor(deps: WireDeps) {
    this.#deps = deps
  }

  /** Throws ProxyError (`store_…`). */
  start(): Promise<void> {
    return this.#deps.bus.listen((text) => this.#heard(text))
  }

  serve(what: string, handler: Handler): void {
    this.#handlers.set(what, handler)
  }

  onNotice(listener: (from: string, body: unknown) => void): void {
    this.#notice = listener
  }

  /** To all others, at most once. Rejected when the store is away. */
  async tell(body: unknown): Promise<void> {
    await this.#send(null, { kind: 'notice', from: this.#deps.self, body })
  }

  /** Throws ProxyError `replica_silent`, `replica_failed`, `replicas_busy` or `store_…`. */
  async ask(replica: string, what: string, body: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#pending.size >= maxPending) {
      throw new ProxyError('replicas_busy', 'proxy', 'too many questions to other replicas are open')
    }
    const id = randomUUID()
    const answer = Promise.withResolvers<unknown>()
    this.#pending.set(id, answer)
    const timer = setTimeout(() => {
      answer.reject(new ProxyError('replica_silent', 'proxy', 'the other replica does not answer in time'))
    }, timeoutMs)
    try {
      // It may be told of a failure before the message is out.
      answer.promise.catch(() => {})
      const heard = await this.#send(replica, { kind: 'ask', id, from: this.#deps.self, what, body })
      // Dead, or cut off: nobody has to wait for its answer.
      if (heard === 0) throw new ProxyError('replica_silent', 'proxy', 'the other replica does not listen')
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  async #send(to: string | null, message: Message): Promise<number | null> {
    const text = JSON.stringify(message)
    if (text.length > maxMessage) throw new ProxyError('replica_failed', 'proxy', 'the message is too large')
    const { bus, sealingKey } = this.#deps
    return bus.publish(to, seal(sealingKey, sealedFor, Buffer.from(text)))
  }

  #heard(text: string): void {
    const message = this.#open(text)
    if (message === null) return
    switch (message.kind) {
      case 'answer': {
        const waiting = this.#pending.get(message.id)
        if (message.ok) waiting?.resolve(message.body)
        else waiting?.reject(new ProxyError('replica_failed', 'proxy', String(message.body)))
        break
      }
      case 'notice':
        if (message.from !== this.#deps.self) this.#notice(message.from, message.body)
        break
      case 'ask':
        void this.#serve(message)
        break
      default:
        message satisfies never
    }
  }

  async #serve({ id, from, what, body }: Message & { kind: 'ask' }): Promise<void> {
    const handler = this.#handlers.get(what)
    let answer: Message
    if (handler === undefined || this.#served >= maxServed) {
      const text = handler === undefined ? `does not know ${what}` : 'is busy'
      answer = { kind: 'answer', id, ok: false, body: `the other replica ${text}` }
    } else {
      this.#served += 1
      try {
        answer = { kind: 'answer', id, ok: true, body: (await handler(body)) ?? null }
      } catch (error) {
        answer = { kind: 'answer', id, ok: false, body: messageOf(error) }
      } finally {
        this.#served -= 1
      }
    }
    // Who asked hears nothing then, and is told so by its own clock.
    await this.#send(from, answer).catch((error: unknown) => {
      this.#deps.log.warn({ err: messageOf(error), what }, 'an answer to another replica could not be sent')
    })
  }

  /** Null: not from a replica with our key. */
  #open(text: string): Message | null {
    try {
      const message: unknown = JSON.parse(unseal(this.#deps.sealingKey, sealedFor, text).toString())
      return typeof message === 'object' && message !== null && 'kind' in message
        ? (message as Message)
        : null
    } catch {
      if (this.#deps.now() < this.#nextWarning) return null
      this.#nextWarning = this.#deps.now() + warnEveryMs
      this.#deps.log.warn(
        {},
        'a message between replicas was not sealed with our key: store.sealingKeyFile differs',
      )
      return null
    }
  }
}
