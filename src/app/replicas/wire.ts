import { randomUUID } from 'node:crypto'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { Bus } from '../../store/store.ts'
import { Pace } from './pace.ts'
import { Peers } from './peers.ts'
import { type Content, type Message, type MessageOf, openMessage, sealMessage } from './wire-message.ts'

/** Requests that wait for an answer, and requests of others that are being answered (CWE-770). */
const maxPending = 4_096
const maxServed = 512
const warnEveryMs = 60_000
const maxMessage = 4 * 1024 * 1024
/** Hellos, and answers to those of strangers: who repeats old messages must not make us talk without end. */
const greetingsPerSecond = 50

const secondHelloMs = 3_000

export type Handler = (body: unknown) => Promise<unknown>

/**
 * Why a message was not taken. sealed: not with our key, or by another version. misdirected: for another
 * replica. The others: `Verdict` (peers.ts).
 */
export type DropReason = 'sealed' | 'misdirected' | 'unmet' | 'repeated' | 'late'

export interface WireDeps {
  readonly self: string
  readonly bus: Pick<Bus, 'publish' | 'listen'>
  readonly sealingKey: Buffer
  /** Milliseconds, any origin; never goes back. */
  readonly now: () => number
  readonly log: { warn(fields: object, text: string): void }
  readonly dropped: (reason: DropReason) => void
}

interface Pending {
  readonly replica: string
  readonly content: Content
  readonly answer: PromiseWithResolvers<unknown>
  /** As which message it went out; null: it has not, or the other one has asked for it again. */
  n: number | null
}

/**
 * Questions and answers, and notices for all, between the replicas that share a store. What is said is
 * sealed: it may hold what an operator sent, and nobody else may command. What is heard is new, is for this
 * replica, and is of one that lives (peers.ts).
 */
export class Wire {
  readonly #deps: WireDeps
  readonly #peers: Peers
  readonly #hellos: Pace
  readonly #strangers: Pace
  readonly #pending = new Map<string, Pending>()
  readonly #handlers = new Map<string, Handler>()
  /** Who waits until this replica can be believed. */
  readonly #meeting = new Set<{ readonly replica: string; readonly met: () => void }>()
  /** Strangers that want everything told anew: they get it when they have shown that they live. */
  readonly #owed = new BoundedMap<string, true>(maxServed)
  readonly #nextWarnings = new Map<DropReason, number>()
  #notice: (from: string, body: unknown) => void = () => {}
  #wanted: (replica: string) => void = () => {}
  #sent = 0
  #served = 0

  constructor(deps: WireDeps) {
    this.#deps = deps
    this.#peers = new Peers(deps.now)
    this.#hellos = new Pace(greetingsPerSecond, deps.now)
    this.#strangers = new Pace(greetingsPerSecond, deps.now)
  }

  /** Throws ProxyError (`store_…`). */
  async start(): Promise<void> {
    const heard = (text: string) => this.#heard(text)
    await this.#deps.bus.listen(heard, () => this.#listensAgain())
    await this.#send(null, this.#hello(true, null))
  }

  /** What was said while nobody listened is lost. Asked for twice: others may have been cut off as well. */
  #listensAgain(): void {
    const ask = () => void this.#send(null, this.#hello(true, null)).catch(() => {})
    ask()
    setTimeout(ask, secondHelloMs).unref()
  }

  serve(what: string, handler: Handler): void {
    this.#handlers.set(what, handler)
  }

  onNotice(listener: (from: string, body: unknown) => void): void {
    this.#notice = listener
  }

  /** `listener` is told of a replica that has heard nothing so far, or not all: it wants everything told anew. */
  onWanted(listener: (replica: string) => void): void {
    this.#wanted = listener
  }

  /** To all others, or to one; at most once. Rejected when the store is away. */
  async tell(body: object, to: string | null = null): Promise<void> {
    await this.#send(to, { kind: 'notice', body })
  }

  /** Throws ProxyError `replica_silent`, `replica_failed`, `replicas_busy` or `store_…`. */
  async ask(replica: string, what: string, body: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#pending.size >= maxPending) {
      throw new ProxyError('replicas_busy', 'proxy', 'too many questions to other replicas are open')
    }
    const id = randomUUID()
    const answer = Promise.withResolvers<unknown>()
    const content = { kind: 'ask', id, what, body, withinMs: timeoutMs } as const
    const pending: Pending = { replica, content, answer, n: null }
    this.#pending.set(id, pending)
    const timer = setTimeout(() => {
      answer.reject(new ProxyError('replica_silent', 'proxy', 'the other replica does not answer in time'))
    }, timeoutMs)
    // It may be told of a failure before the message is out.
    answer.promise.catch(() => {})
    try {
      if (!this.#peers.knows(replica)) await this.#meet(replica, answer.promise)
      await this.#sendAsk(pending)
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  /** Whoever waits for an answer hears that there will be none: a process that ends must not wait for it. */
  close(): void {
    for (const { answer } of this.#pending.values()) {
      answer.reject(new ProxyError('replica_silent', 'proxy', 'this replica ends'))
    }
  }

  /** Until it has shown that it lives, or `over` is rejected. */
  async #meet(replica: string, over: Promise<unknown>): Promise<void> {
    const met = Promise.withResolvers<void>()
    const waiting = { replica, met: met.resolve }
    this.#meeting.add(waiting)
    try {
      if (this.#hellos.allows(replica)) requireHeard(await this.#send(replica, this.#hello(true, null)))
      await Promise.race([met.promise, over])
    } finally {
      this.#meeting.delete(waiting)
    }
  }

  async #sendAsk(pending: Pending): Promise<void> {
    const sending = this.#send(pending.replica, pending.content)
    pending.n = this.#sent
    requireHeard(await sending)
  }

  #hello(wantsAll: boolean, dropped: number | null): Content {
    return { kind: 'hello', nonce: this.#peers.nonce(), wantsAll, dropped }
  }

  /** Numbers are given in the order of sending: nothing may be awaited before it is published. */
  async #send(to: string | null, content: Content): Promise<number | null> {
    const { bus, sealingKey, self, now } = this.#deps
    this.#sent += 1
    const message: Message = { ...content, from: self, to, n: this.#sent, t: now() }
    const text = JSON.stringify(message)
    if (text.length > maxMessage) throw new ProxyError('replica_failed', 'proxy', 'the message is too large')
    return bus.publish(to, sealMessage(sealingKey, text))
  }

  /** What was said because of something that was heard: who waits for it has a clock of its own. */
  #reply(to: string, content: Content): void {
    this.#send(to, content).catch((error: unknown) => {
      this.#deps.log.warn({ err: messageOf(error) }, 'an answer to another replica could not be sent')
    })
  }

  #heard(text: string): void {
    const message = openMessage(this.#deps.sealingKey, text)
    if (message?.from === this.#deps.self) return
    const reason = message === null ? 'sealed' : this.#against(message)
    if (reason !== null) this.#drop(reason)
    if (message !== null) this.#react(message, reason)
  }

  /** Null: it is new, for us, and of one that lives, or shows that with it. */
  #against(message: Message): DropReason | null {
    const { from, to, n, t } = message
    if (to !== null && to !== this.#deps.self) return 'misdirected'
    const verdict =
      message.kind === 'meet'
        ? this.#peers.meet(from, n, t, message.echo)
        : this.#peers.judge(from, n, t, message.kind === 'ask' ? message.withinMs : undefined)
    return verdict === 'new' ? null : verdict
  }

  #react(message: Message, reason: DropReason | null): void {
    if (reason === 'misdirected' || reason === 'repeated') return
    const { from, kind, n } = message
    // However old: its answer is worth something to nobody but who has just made the number in it.
    if (kind === 'hello') this.#greeted(message, reason === 'unmet')
    else if (reason !== null) this.#greet(from, true, n)
    else if (kind === 'meet') this.#met(from)
    else {
      if (this.#peers.isStale(from)) this.#greet(from, false, null)
      this.#take(message)
    }
  }

  #take(message: Exclude<Message, { readonly kind: 'hello' | 'meet' }>): void {
    switch (message.kind) {
      case 'answer': {
        const waiting = this.#pending.get(message.id)
        if (waiting?.replica !== message.from) break
        if (message.ok) waiting.answer.resolve(message.body)
        else waiting.answer.reject(new ProxyError('replica_failed', 'proxy', String(message.body)))
        break
      }
      case 'notice':
        this.#notice(message.from, message.body)
        break
      case 'ask':
        void this.#serve(message)
        break
      default:
        message satisfies never
    }
  }

  #greet(replica: string, wantsAll: boolean, dropped: number | null): void {
    if (this.#hellos.allows(replica)) this.#reply(replica, this.#hello(wantsAll, dropped))
  }

  /** Another one asks whether we live. */
  #greeted({ from, nonce, wantsAll, dropped }: MessageOf<'hello'>, isStranger: boolean): void {
    if (isStranger) {
      if (!this.#strangers.allows(from)) return
      this.#owed.set(from, true)
      // Before our answer: what it says after that is said after its answer, and is taken.
      this.#greet(from, true, null)
    }
    this.#reply(from, { kind: 'meet', echo: nonce })
    if (isStranger) return
    for (const pending of this.#pending.values()) {
      if (pending.replica !== from || pending.n === null || pending.n !== dropped) continue
      this.#sendAsk(pending).catch((error: unknown) => pending.answer.reject(error))
    }
    if (wantsAll) this.#wanted(from)
  }

  /** It has shown that it lives. */
  #met(from: string): void {
    for (const { replica, met } of this.#meeting) if (replica === from) met()
    if (this.#owed.get(from) !== true) return
    this.#owed.delete(from)
    this.#wanted(from)
  }

  async #serve({ id, from, what, body }: MessageOf<'ask'>): Promise<void> {
    const handler = this.#handlers.get(what)
    let answer: Content
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
    this.#reply(from, answer)
  }

  #drop(reason: DropReason): void {
    const { now, log, dropped } = this.#deps
    dropped(reason)
    // Everybody is a stranger at first.
    if (reason === 'unmet' || now() < (this.#nextWarnings.get(reason) ?? Number.NEGATIVE_INFINITY)) return
    this.#nextWarnings.set(reason, now() + warnEveryMs)
    log.warn({ reason }, `a message between replicas was dropped: ${dropWords[reason]}`)
  }
}

const dropWords: Readonly<Record<Exclude<DropReason, 'unmet'>, string>> = {
  sealed: 'it was not sealed with our key (store.sealingKeyFile differs), or is of another version',
  misdirected: 'it was made for another replica',
  repeated: 'it was here before, or is older than its sender: somebody repeats messages',
  late: 'it was on its way for too long: this process, another one or the server stood still',
}

/** Dead, or cut off: nobody has to wait for its answer. */
function requireHeard(heard: number | null): void {
  if (heard === 0) throw new ProxyError('replica_silent', 'proxy', 'the other replica does not listen')
}
