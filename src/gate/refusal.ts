import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Metrics } from '../observe/metrics.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { reasons } from '../policy/reasons.ts'
import type { SessionFacts } from '../relay/session.ts'
import type { NewRejection } from '../store/store.ts'
import type { GateConnection } from './connection.ts'
import { storedFacts } from './stored-facts.ts'

/** Where refusals are kept; answers at once, and keeps its own bound. */
export interface RejectionRecorder {
  record(rejection: NewRejection): void
}

export interface RefusalDeps {
  readonly metrics: Metrics
  readonly recorder: RejectionRecorder
  readonly now: () => number
}

export type RefusalMode = NewRejection['mode']

/** Characters: a detail may quote what a hostile peer sent. */
const maxDetail = 500

/** Who is refused; the relay refuses too, with what it still knows. */
export interface RefusalSubject {
  readonly listener: { readonly name: string; readonly profile: 0 | 1 | 2 | 3 }
  readonly address: string
  readonly port: number
  readonly identity: string | null
  readonly facts: Readonly<Record<string, unknown>>
}

/**
 * The one place that counts and keeps a refusal (A00.FR.323, A00.FR.408): metric, security event,
 * record. `report` marks one that was found but admitted. The log line is written when the record
 * is durable.
 */
export class Refusals {
  readonly #deps: RefusalDeps

  constructor(deps: RefusalDeps) {
    this.#deps = deps
  }

  note(subject: RefusalSubject, reason: ReasonCode, detail: string, mode: RefusalMode): void {
    const { stage, event } = reasons[reason]
    const { name, profile } = subject.listener
    const { metrics, recorder, now } = this.#deps
    metrics.rejections.inc({ listener: name, profile, stage, reason, mode })
    if (event !== null) metrics.securityEvents.inc({ type: event, origin: 'proxy' })
    recorder.record({
      at: now(),
      reason,
      stage,
      mode,
      event,
      listener: name,
      profile,
      address: subject.address,
      port: subject.port,
      identity: subject.identity,
      detail: detail.slice(0, maxDetail),
      facts: subject.facts,
    })
  }

  /** A session broke a rule. */
  noteSession(facts: SessionFacts, reason: ReasonCode, detail: string): void {
    const { listener: name, profile, address, port, identity } = facts
    this.note({ listener: { name, profile }, address, port, identity, facts: {} }, reason, detail, 'enforce')
  }

  noteConnection(connection: GateConnection, reason: ReasonCode, detail: string, mode: RefusalMode): void {
    this.note(subjectOf(connection), reason, detail, mode)
  }
}

export function subjectOf(connection: GateConnection): RefusalSubject {
  const { listener, facts } = connection
  return {
    listener: { name: listener.name, profile: listener.securityProfile },
    address: facts.remote.address,
    port: facts.remote.port,
    identity: facts.identity?.identity ?? null,
    facts: storedFacts(listener, facts),
  }
}

/** Milliseconds that a refused peer has to take note and close. */
const lingerMs = 1_000

/** An HTTP answer to a refused upgrade; then the connection ends. */
export function answerHttp(
  socket: Socket,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${text}\n`
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  if (socket.writable) socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  endSoon(socket)
}

/** Ends politely: what was written goes out; a peer that does not close is not waited for. */
export function endSoon(socket: Socket): void {
  socket.on('error', () => {})
  if (socket.writable) socket.end()
  // Unread bytes would turn the end into a reset, and the answer would be lost.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
