import { BoundedMap } from '../../policy/bounded-map.ts'
import type { Protocol } from '../../policy/protocol.ts'
import { type Answer, forward, type UseCase, type UseCaseSession, type Watch } from '../../relay/use-case.ts'
import type { NewSecurityEvent } from '../../store/store.ts'
import { type EventForm, type MainStatus, mainStatuses } from './message.ts'
import { SessionDelivery, type SessionDeliveryDeps } from './session.ts'

/** Last statuses that are remembered: a charge point does not repeat its own when it reconnects. */
const maxStatuses = 50_000

export interface EventDeliveryDeps extends Omit<SessionDeliveryDeps, 'statusOf' | 'needsStatus'> {
  /** Fixed for the life of the process: what is watched depends on it. */
  readonly form: EventForm
  /** Whose sessions; OCPP 1.6 when left out. */
  readonly protocol?: Protocol
  /** Asked when a session begins; left out: yes. */
  readonly isOn?: () => boolean
}

export interface EventDelivery extends UseCase {
  /** For `SecurityLog.subscribe`. */
  readonly stored: (events: readonly NewSecurityEvent[]) => void
  /** Events of these charge points were stored by another replica. */
  readonly woken: (identities: readonly string[]) => void
  /** Has this identity a session over which its events go? */
  readonly isLive: (identity: string) => boolean
}

/**
 * A04 into a central system, over the charge point's own session and in its name. Nothing is said before
 * the charge point's BootNotification, if it sends one: see `SessionDelivery`.
 */
export function eventDelivery(deps: EventDeliveryDeps): EventDelivery {
  const sessions = new Map<string, SessionDelivery>()
  const statuses = new BoundedMap<string, MainStatus>(maxStatuses)
  const statusOf = (identity: string) => statuses.get(identity) ?? null
  const needsStatus = deps.form === 'StatusNotification'
  const deliveryOf = (session: UseCaseSession) => {
    const found = sessions.get(session.facts.identity)
    return found?.session === session ? found : undefined
  }
  return {
    name: 'security-events-delivery',
    protocols: [deps.protocol ?? 'ocpp1.6'],
    watches: watchesOf(deps.form, (session) => deliveryOf(session) !== undefined),
    onCall({ action, payload }, session) {
      if (action === 'StatusNotification') {
        const status = mainStatuses.find((one) => one === payload.status)
        if (payload.connectorId === 0 && status !== undefined) {
          statuses.set(session.facts.identity, status)
          deliveryOf(session)?.statusSeen()
        }
        return forward
      }
      const delivery = deliveryOf(session)
      delivery?.bootSeen()
      const answered = (answer: Answer | null) => {
        const { identity } = session.facts
        // One that boots reports every connector, and 0 where it is anything else (OCPP 1.6 4.9).
        if (isAccepted(answer) && statusOf(identity) === null) statuses.set(identity, 'Available')
        delivery?.bootAnswered(answer)
        return forward
      }
      return { kind: 'forward', answered }
    },
    started(session) {
      const { identity, stage } = session.facts
      sessions.get(identity)?.stop()
      // A00.FR.806: there is no central system behind it.
      if (stage === 'onboarding' || deps.isOn?.() === false) return void sessions.delete(identity)
      const delivery = new SessionDelivery(session, { ...deps, statusOf, needsStatus })
      sessions.set(identity, delivery)
      delivery.start()
    },
    ended(session) {
      const delivery = deliveryOf(session)
      delivery?.stop()
      if (delivery !== undefined) sessions.delete(session.facts.identity)
    },
    stored(events) {
      for (const { identity } of events) if (identity !== null) sessions.get(identity)?.wake()
    },
    woken(identities) {
      for (const identity of identities) sessions.get(identity)?.wake()
    },
    isLive: (identity) => sessions.has(identity),
  }
}

function isAccepted(answer: Answer | null): boolean {
  return answer?.kind === 'result' && answer.payload.status === 'Accepted'
}

function watchesOf(form: EventForm, only: NonNullable<Watch['only']>): readonly Watch[] {
  const boot: Watch = { direction: 'to-central-system', action: 'BootNotification', only }
  const status: Watch = { direction: 'to-central-system', action: 'StatusNotification' }
  return form === 'StatusNotification' ? [boot, status] : [boot]
}
