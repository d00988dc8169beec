import type { Payload } from '../../ocpp/message.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { type Answer, type Call, type CallFate, forward, type UseCase } from '../../relay/use-case.ts'
import type { Clock } from '../operation/clock.ts'
import { transactionEvents } from './transaction-events.ts'
import { unsureChargePoints } from './unsure.ts'

/** Who wants to disturb a charge point only while nobody charges. */
export interface TransactionWatch {
  /**
   * True: its own messages say so, or they cannot tell yet: a charge point that this process sees for the
   * first time may charge since before. That ends with its BootNotification, or when it was silent about
   * a transaction for a quarter of an hour. Who has no session counts as idle.
   */
  hasOpen(identity: string): boolean
  /** Calls `listener` when a charge point had a transaction open and has none any more. Returns what ends that. */
  onIdle(listener: (identity: string) => void): () => void
}

/** OCPP 1.6, 7.7: the connector belongs to a transaction, or its driver has not left yet. */
const busyStatuses: ReadonlySet<unknown> = new Set(['Charging', 'SuspendedEV', 'SuspendedEVSE', 'Finishing'])
/** These cannot be while a transaction is open; Preparing and Faulted say nothing about it. */
const idleStatuses: ReadonlySet<unknown> = new Set(['Available', 'Reserved', 'Unavailable'])

/** A charge point that names more connectors than this is kept as busy by those it named first. */
const maxConnectors = 64

/** Busy connectors and the transaction on each, as far as its id is known. */
type Connectors = Map<number, { transactionId: number | null }>

/**
 * Reads along which charge points have a transaction open; changes nothing. Kept by identity, so that
 * a reconnect changes nothing; `maxChargePoints` that are busy at once, those unheard of longest go first.
 */
export function transactions(options: { readonly maxChargePoints: number; readonly clock: Clock }): {
  readonly useCase: UseCase
  /** The same of OCPP 2.0.1. */
  readonly useCase201: UseCase
  readonly watch: TransactionWatch
} {
  // Only the busy ones: an idle charge point costs nothing.
  const busy = new BoundedMap<string, Connectors>(options.maxChargePoints)
  const listeners = new Set<(identity: string) => void>()
  const unsure = unsureChargePoints({ max: options.maxChargePoints, clock: options.clock }, tellIdle)

  const events = transactionEvents({ maxChargePoints: options.maxChargePoints, unsure, ended: tellIdle })

  function hasOpen(identity: string): boolean {
    return busy.get(identity) !== undefined || events.has(identity) || unsure.has(identity)
  }

  function tellIdle(identity: string): void {
    if (hasOpen(identity)) return
    for (const listener of listeners) listener(identity)
  }

  function occupy(identity: string, connector: number): { transactionId: number | null } | null {
    const connectors: Connectors = busy.get(identity) ?? new Map()
    const known = connectors.get(connector)
    if (known !== undefined) return known
    if (connectors.size >= maxConnectors) return null
    const entry = { transactionId: null }
    connectors.set(connector, entry)
    busy.set(identity, connectors)
    return entry
  }

  function release(identity: string, connector: number | null): void {
    const connectors = busy.get(identity)
    if (connectors === undefined || connector === null || !connectors.delete(connector)) return
    if (connectors.size > 0) return
    busy.delete(identity)
    tellIdle(identity)
  }

  /** It stops what was open (OCPP 1.6 4.2), and says of each connector how it is. */
  function booted(identity: string): void {
    const wasUnsure = unsure.has(identity)
    unsure.clear(identity)
    if (wasUnsure) tellIdle(identity)
  }

  function started(identity: string, payload: Payload): CallFate {
    const connector = connectorOf(payload)
    const entry = connector === null ? null : occupy(identity, connector)
    if (entry === null) return forward
    return {
      kind: 'forward',
      answered: (answer) => {
        entry.transactionId = transactionIdOf(answer) ?? entry.transactionId
        return forward
      },
    }
  }

  function stopped(identity: string, payload: Payload): void {
    const connectors = busy.get(identity)
    if (connectors === undefined) return
    release(identity, connectorOfTransaction(connectors, payload.transactionId))
  }

  function reported(identity: string, payload: Payload): void {
    const connector = connectorOf(payload)
    if (connector === null) return
    if (busyStatuses.has(payload.status)) occupy(identity, connector)
    else if (idleStatuses.has(payload.status)) release(identity, connector)
  }

  function onCall({ action, payload }: Call, identity: string): CallFate {
    if (action === 'StartTransaction') return started(identity, payload)
    if (action === 'StopTransaction') stopped(identity, payload)
    else if (action === 'StatusNotification') reported(identity, payload)
    else if (action === 'BootNotification') booted(identity)
    // No busy connector: one that is sent late, after the stop, would keep it busy for ever.
    else if (action === 'MeterValues') unsure.reported(identity, Number.isSafeInteger(payload.transactionId))
    return forward
  }

  return {
    useCase: {
      name: 'transactions',
      watches: [
        { direction: 'to-central-system', action: 'StartTransaction' },
        { direction: 'to-central-system', action: 'StopTransaction' },
        { direction: 'to-central-system', action: 'StatusNotification' },
        { direction: 'to-central-system', action: 'BootNotification' },
        // The most frequent message of a fleet: parsed only where nothing else tells, and not each of them.
        {
          direction: 'to-central-system',
          action: 'MeterValues',
          only: ({ facts }) => unsure.wantsReport(facts.identity),
        },
      ],
      // In onboarding nothing is accepted: no transaction begins or ends, and none goes on unheard.
      onCall: (call, { facts }) => (facts.stage === 'onboarding' ? forward : onCall(call, facts.identity)),
      started({ facts }) {
        if (facts.stage !== 'onboarding') unsure.seen(facts.identity)
      },
    },
    useCase201: events.useCase,
    watch: {
      hasOpen,
      onIdle(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  }
}

/** Null: it is none, or connector 0, which is the charge point as a whole and has no transactions. */
function connectorOf({ connectorId }: Payload): number | null {
  return typeof connectorId === 'number' && Number.isSafeInteger(connectorId) && connectorId > 0
    ? connectorId
    : null
}

/** An error, or no answer at all, means that the charge point sends it again: the transaction stays open. */
function transactionIdOf(answer: Answer | null): number | null {
  if (answer?.kind !== 'result') return null
  const { transactionId } = answer.payload
  return typeof transactionId === 'number' && Number.isSafeInteger(transactionId) ? transactionId : null
}

/** A transaction whose id nobody saw is taken for the one that stops where there is only one of them. */
function connectorOfTransaction(connectors: Connectors, transactionId: unknown): number | null {
  const nameless: number[] = []
  for (const [connector, entry] of connectors) {
    if (entry.transactionId === null) nameless.push(connector)
    else if (entry.transactionId === transactionId) return connector
  }
  return nameless.length === 1 ? (nameless[0] ?? null) : null
}
