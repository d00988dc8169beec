import { randomUUID } from 'node:crypto'
import {
  buildMessage,
  type CallMessage,
  type ErrorCode,
  type ErrorMessage,
  type OcppMessage,
  type Payload,
  parseMessage,
  type ResultMessage,
} from '../ocpp/message.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { pause } from './backoff.ts'
import type { EventListener } from './event.ts'
import { createRecentIds } from './recent-ids.ts'
import { redactMessage } from './redact.ts'
import { createTraffic, type Traffic } from './traffic.ts'

/** What became of a CALL. `closed`: the connection ended first, or there is none. */
export type CallOutcome =
  | { readonly kind: 'result'; readonly payload: Payload }
  | { readonly kind: 'error'; readonly code: string; readonly description: string; readonly details: Payload }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed' }

/** The answer to a CALL of the other side; `afterwards` runs when it is on the wire. */
export type Answer =
  | {
      readonly kind: 'result'
      readonly payload: Payload
      readonly afterwards?: () => void
      readonly delivery?: Delivery
    }
  | {
      readonly kind: 'error'
      readonly code: ErrorCode
      readonly description: string
      readonly delivery?: Delivery
    }
  /** Not a word; `afterwards` runs all the same. */
  | { readonly kind: 'none'; readonly afterwards?: () => void }

/** How an answer misbehaves on its way. Those that follow wait for it. */
export interface Delivery {
  readonly delayMs?: number
  /** How often it is sent; once by default. */
  readonly copies?: number
}

export interface EndpointOptions {
  readonly identity: string
  /** Writes one text message; must not throw. */
  readonly send: (text: string) => void
  readonly answer: (call: CallMessage) => Answer | Promise<Answer>
  readonly onEvent: EventListener
  /** Milliseconds until a CALL counts as unanswered. */
  readonly callTimeoutMs: number
  /** 1 is what OCPP-J 1.6 4.1.1 asks for; more pipelines, as some charge points do. */
  readonly maxOutstanding: number
  /** CALLs that wait here; one more is refused. Also the bound for unanswered CALLs of the other side. */
  readonly maxQueued: number
  readonly newId?: () => string
  /** Counts what is sent and received, over several connections where it is shared. */
  readonly traffic?: Traffic
}

export interface Endpoint {
  /** @throws ProxyError `queue_full`; `message_invalid` when the CALL cannot be built. */
  call(action: string, payload: Payload, options?: { readonly timeoutMs?: number }): Promise<CallOutcome>
  /** Takes what came from the wire. Never throws. */
  receive(text: string): void
  /**
   * This side sends its Close frame (RFC 6455 5.5.1: nothing after it): what waits never goes out, and
   * what is open may still be answered.
   */
  hangUp(): void
  /** Ends every CALL with `closed`; nothing runs afterwards. */
  close(): void
}

interface PendingCall {
  readonly id: string
  readonly action: string
  readonly text: string
  readonly message: CallMessage
  readonly timeoutMs: number
  readonly settle: (outcome: CallOutcome) => void
  timer: NodeJS.Timeout | null
}

/** One side of an OCPP-J connection: a queue of own CALLs, and answers in order for those of the peer. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { identity, onEvent } = options
  const newId = options.newId ?? randomUUID
  const traffic = options.traffic ?? createTraffic()
  const ended = new AbortController()
  const queued: PendingCall[] = []
  const outstanding = new Map<string, PendingCall>()
  const timedOut = createRecentIds(64)
  const answered = createRecentIds(64)
  let answering: Promise<void> = Promise.resolve()
  let unanswered = 0
  let open = true
  let hungUp = false
  const mayWrite = (): boolean => open && !hungUp

  function dropQueued(): readonly PendingCall[] {
    for (const _call of queued) traffic.count('unsent')
    return queued.splice(0)
  }

  function write(message: OcppMessage, action: string, text = buildMessage(message)): void {
    if (!mayWrite()) return
    options.send(text)
    onEvent({ kind: 'sent', identity, message: redactMessage(message, action) })
  }

  function advance(): void {
    while (mayWrite() && outstanding.size < options.maxOutstanding) {
      const next = queued.shift()
      if (next === undefined) return
      outstanding.set(next.id, next)
      traffic.count('sent')
      next.timer = setTimeout(() => {
        timedOut.add(next.id)
        traffic.count('timeouts')
        finish(next, { kind: 'timeout' })
      }, next.timeoutMs)
      write(next.message, next.action, next.text)
    }
  }

  function finish(call: PendingCall, outcome: CallOutcome): void {
    if (call.timer !== null) clearTimeout(call.timer)
    outstanding.delete(call.id)
    call.settle(outcome)
    advance()
  }

  function onAnswer(message: ResultMessage | ErrorMessage): void {
    const call = outstanding.get(message.id)
    if (call === undefined) {
      onEvent({ kind: strayAnswer(message.id), identity, detail: `answer to ${message.id}` })
      return
    }
    traffic.count(message.kind === 'result' ? 'results' : 'errors')
    onEvent({ kind: 'received', identity, message: redactMessage(message, call.action) })
    answered.add(message.id)
    finish(call, outcomeOf(message))
  }

  function strayAnswer(id: string): 'late-answer' | 'duplicate-answer' | 'unexpected-answer' {
    if (timedOut.has(id)) {
      traffic.count('late')
      return 'late-answer'
    }
    const again = answered.has(id)
    traffic.count(again ? 'duplicates' : 'foreign')
    return again ? 'duplicate-answer' : 'unexpected-answer'
  }

  function onCall(call: CallMessage): void {
    onEvent({ kind: 'received', identity, message: redactMessage(call, call.action) })
    traffic.count('received')
    if (unanswered >= options.maxQueued) {
      const refusal = { kind: 'error', code: 'GenericError', description: 'too many CALLs at once' } as const
      write(messageOfAnswer(call, refusal), call.action)
      return
    }
    unanswered += 1
    // One after the other: a peer that pipelines gets its answers in the order of its CALLs.
    answering = answering
      .then(() => answerCall(call))
      .finally(() => {
        unanswered -= 1
      })
  }

  async function answerCall(call: CallMessage): Promise<void> {
    if (!mayWrite()) return traffic.count('unanswered')
    const answer = await answerOrError(call)
    try {
      if (answer.kind === 'none') {
        traffic.count('unanswered')
        if (open) answer.afterwards?.()
        return
      }
      const { delayMs = 0, copies = 1 } = answer.delivery ?? {}
      if (delayMs > 0) await pause(delayMs, ended.signal)
      if (!mayWrite()) return traffic.count('unanswered')
      for (let copy = 0; copy < copies; copy += 1) write(messageOfAnswer(call, answer), call.action)
      if (open && answer.kind === 'result') answer.afterwards?.()
    } catch (error) {
      traffic.count('unanswered')
      onEvent({ kind: 'note', identity, detail: `no answer to ${call.action}: ${messageOf(error)}` })
    }
  }

  async function answerOrError(call: CallMessage): Promise<Answer> {
    try {
      return await options.answer(call)
    } catch (error) {
      return { kind: 'error', code: 'InternalError', description: messageOf(error) }
    }
  }

  return {
    call(action, payload, callOptions = {}) {
      if (!mayWrite()) return Promise.resolve({ kind: 'closed' })
      if (queued.length >= options.maxQueued) {
        return Promise.reject(new ProxyError('queue_full', 'proxy', `${queued.length} CALLs wait already`))
      }
      const message: CallMessage = { kind: 'call', id: newId(), action, payload }
      const timeoutMs = callOptions.timeoutMs ?? options.callTimeoutMs
      return new Promise((settle) => {
        const text = buildMessage(message)
        queued.push({ id: message.id, action, text, message, timeoutMs, settle, timer: null })
        advance()
      })
    },
    receive(text) {
      if (!open) return
      const parsed = parseMessage(text)
      if (!parsed.ok) {
        traffic.count('invalid')
        onEvent({ kind: 'invalid-message', identity, detail: `${parsed.problem}: ${parsed.detail}` })
        if (parsed.callId !== null) {
          const answer = { kind: 'error', code: 'FormationViolation', description: parsed.detail } as const
          write(messageOfAnswer({ id: parsed.callId }, answer), 'unknown')
        }
        return
      }
      if (parsed.message.kind === 'call') onCall(parsed.message)
      else onAnswer(parsed.message)
    },
    hangUp() {
      hungUp = true
      for (const call of dropQueued()) call.settle({ kind: 'closed' })
    },
    close() {
      if (!open) return
      open = false
      ended.abort()
      for (const _call of outstanding) traffic.count('interrupted')
      const left = [...outstanding.values(), ...dropQueued()]
      outstanding.clear()
      for (const call of left) {
        if (call.timer !== null) clearTimeout(call.timer)
        call.settle({ kind: 'closed' })
      }
    },
  }
}

function outcomeOf(message: ResultMessage | ErrorMessage): CallOutcome {
  switch (message.kind) {
    case 'result':
      return { kind: 'result', payload: message.payload }
    case 'error':
      return {
        kind: 'error',
        code: message.code,
        description: message.description,
        details: message.details,
      }
  }
}

function messageOfAnswer(
  call: { readonly id: string },
  answer: Exclude<Answer, { readonly kind: 'none' }>,
): OcppMessage {
  switch (answer.kind) {
    case 'result':
      return { kind: 'result', id: call.id, payload: answer.payload }
    case 'error':
      return { kind: 'error', id: call.id, code: answer.code, description: answer.description, details: {} }
  }
}
