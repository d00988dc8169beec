import type { Payload } from '../ocpp/message.ts'
import type { CallOutcome } from './endpoint.ts'
import type { EventListener } from './event.ts'

/** Security events of the charge point that wait for a connection (A04). */
export interface SecurityEvents {
  raise(type: string): void
  /** Sends what waits, oldest first; what the connection breaks off stays. */
  flush(): Promise<void>
}

export interface SecurityEventsDeps {
  readonly identity: string
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly onEvent: EventListener
  readonly now: () => Date
}

/** The oldest go first when more than this many wait. */
const maxPending = 32

export function createSecurityEvents(deps: SecurityEventsDeps): SecurityEvents {
  const pending: { readonly type: string; readonly timestamp: string }[] = []
  return {
    raise(type) {
      deps.onEvent({ kind: 'security-event', identity: deps.identity, type })
      if (pending.length >= maxPending) pending.shift()
      pending.push({ type, timestamp: deps.now().toISOString() })
    },
    async flush() {
      for (let event = pending.shift(); event !== undefined; event = pending.shift()) {
        const outcome = await deps.call('SecurityEventNotification', { ...event })
        // An error counts as an answer: a central system that does not know the message would be asked for ever.
        if (outcome.kind === 'result' || outcome.kind === 'error') continue
        pending.unshift(event)
        return
      }
    },
  }
}
