import type { Payload } from '../ocpp/message.ts'
import type { CallOutcome } from './endpoint.ts'
import type { EventListener } from './event.ts'

/** A security event of the charge point (A04). `techInfo` never holds a secret (A01.FR.12). */
export interface RaisedEvent {
  readonly type: string
  readonly timestamp: string
  readonly techInfo?: string
}

/** Security events of the charge point that wait to be confirmed (A04.FR.02: guaranteed delivery). */
export interface SecurityEvents {
  raise(type: string, techInfo?: string): void
  /**
   * Sends what waits, oldest first, one after the other; what is not confirmed stays, and nothing
   * overtakes it. While one is at work another call waits for the same.
   */
  flush(): Promise<void>
  readonly pending: readonly RaisedEvent[]
  /** Confirmed by the other side. */
  readonly confirmed: number
  /** Answered with NotImplemented or NotSupported: the other side has no use for them. */
  readonly refused: number
  /** The oldest of too many that waited. */
  readonly lost: number
}

export interface SecurityEventsDeps {
  readonly identity: string
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly onEvent: EventListener
  readonly now: () => Date
}

/** The oldest go first when more than this many wait. */
const maxPending = 256

export function createSecurityEvents(deps: SecurityEventsDeps): SecurityEvents {
  const pending: RaisedEvent[] = []
  let flushing: Promise<void> | null = null
  let confirmed = 0
  let refused = 0
  let lost = 0

  async function sendAll(): Promise<void> {
    for (let event = pending[0]; event !== undefined; event = pending[0]) {
      const outcome = await deps.call('SecurityEventNotification', { ...event })
      if (outcome.kind === 'result') confirmed += 1
      else if (outcome.kind === 'error' && isFinal(outcome.code)) refused += 1
      else return
      // It may have been dropped meanwhile, as the oldest of too many.
      if (pending[0] === event) pending.shift()
    }
  }

  return {
    raise(type, techInfo) {
      deps.onEvent({ kind: 'security-event', identity: deps.identity, type })
      if (pending.length >= maxPending) {
        pending.shift()
        lost += 1
      }
      const timestamp = deps.now().toISOString()
      pending.push({ type, timestamp, ...(techInfo === undefined ? {} : { techInfo }) })
    },
    flush() {
      flushing ??= sendAll().finally(() => {
        flushing = null
      })
      return flushing
    },
    get pending() {
      return [...pending]
    },
    get confirmed() {
      return confirmed
    },
    get refused() {
      return refused
    },
    get lost() {
      return lost
    },
  }
}

/** A central system that does not know the message would be asked for ever; any other error may pass. */
function isFinal(code: string): boolean {
  return code === 'NotImplemented' || code === 'NotSupported'
}
