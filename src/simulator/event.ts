import type { Payload } from '../ocpp/message.ts'

/** What a simulator says about itself: for logs, the command line and tests. Never a secret. */
export type SimulatorEvent =
  | { readonly kind: 'connected'; readonly identity: string; readonly detail: string }
  | {
      readonly kind: 'disconnected'
      readonly identity: string
      readonly code: number
      readonly reason: string
    }
  | { readonly kind: 'refused'; readonly identity: string; readonly detail: string }
  | { readonly kind: 'sent' | 'received'; readonly identity: string; readonly message: LoggedMessage }
  | {
      readonly kind: 'late-answer' | 'duplicate-answer' | 'unexpected-answer' | 'invalid-message'
      readonly identity: string
      readonly detail: string
    }
  | { readonly kind: 'security-event'; readonly identity: string; readonly type: string }
  | { readonly kind: 'note'; readonly identity: string; readonly detail: string }

/** A message without what must not be logged. */
export type LoggedMessage =
  | { readonly kind: 'call'; readonly id: string; readonly action: string; readonly payload: Payload }
  | { readonly kind: 'result'; readonly id: string; readonly action: string; readonly payload: Payload }
  | { readonly kind: 'error'; readonly id: string; readonly code: string; readonly description: string }

export type EventListener = (event: SimulatorEvent) => void

/** One line for people. */
export function describeEvent(event: SimulatorEvent): string {
  const { identity } = event
  switch (event.kind) {
    case 'connected':
      return `${identity}: connected ${event.detail}`
    case 'disconnected':
      return `${identity}: closed ${event.code} ${event.reason}`.trimEnd()
    case 'refused':
      return `${identity}: refused: ${event.detail}`
    case 'sent':
      return `${identity}: sent ${describeMessage(event.message)}`
    case 'received':
      return `${identity}: received ${describeMessage(event.message)}`
    case 'security-event':
      return `${identity}: security event ${event.type}`
    case 'late-answer':
    case 'duplicate-answer':
    case 'unexpected-answer':
    case 'invalid-message':
      return `${identity}: ${event.kind}: ${event.detail}`
    case 'note':
      return `${identity}: ${event.detail}`
  }
}

function describeMessage(message: LoggedMessage): string {
  switch (message.kind) {
    case 'call':
      return `${message.action} ${JSON.stringify(message.payload)}`
    case 'result':
      return `answer to ${message.action} ${JSON.stringify(message.payload)}`
    case 'error':
      return `CALLERROR ${message.code} ${message.description}`.trimEnd()
  }
}
