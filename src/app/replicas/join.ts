import type { Config } from '../../config/schema.ts'
import type { Logger } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Relay } from '../../relay/relay.ts'
import type { Store } from '../../store/store.ts'
import { endNotAdmitted } from '../outside-changes.ts'
import type { Rejections } from '../rejections.ts'
import type { SecurityEvents } from '../security-events.ts'
import type { UseCases } from '../use-cases.ts'
import { Replicas } from './replicas.ts'

export interface JoinDeps {
  readonly store: Store
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'replicaMessagesDropped'>
  /** As the last reload left it. */
  readonly config: () => Config
  readonly relay: Relay
  readonly events: SecurityEvents
  readonly rejections: Rejections
  readonly useCases: () => Pick<UseCases, 'campaigns' | 'changes'>
  /** The store was away, and may have lost what came last. */
  readonly missed: () => void
  /** Contexts are to be made anew. */
  readonly ticketsChanged: () => void
}

/** Wires this process to the others that share its store; null: it has one of its own. */
export function joinReplicas(deps: JoinDeps): Replicas | null {
  const { store, log, metrics, config, relay, events, rejections, useCases } = deps
  const { missed, ticketsChanged } = deps
  const { sealingKey } = config().store
  if (store.shared === undefined || sealingKey === null) return null
  const replicas = new Replicas({
    shared: store.shared,
    registry: store.registry,
    denied: store.denied,
    sessions: relay.sessions,
    mayLead: () => !relay.isDraining,
    sealingKey,
    maxKnown: config().limits.connections * 2,
    graceMs: () => config().store.redis?.grace ?? 0,
    log,
    heard(news) {
      if (news.rejections !== undefined) rejections.heard()
      if (news.events !== undefined) events.heard(news.events, news.identities ?? [])
    },
    arrived(session) {
      useCases().changes.arrived(session)
      useCases().campaigns.chargePointStarted(session.facts.identity)
    },
    idle: (identity) => useCases().campaigns.chargePointStarted(identity),
    async lead(isLeading) {
      await events.lead(isLeading)
      const { campaigns } = useCases()
      if (isLeading) await campaigns.start()
      else await campaigns.standDown()
    },
    ticketsChanged,
    missed,
    changed: (identities) => endNotAdmitted(store.registry, relay.sessions, identities),
    dropped: (reason) => metrics.replicaMessagesDropped.inc({ reason }),
  })
  events.log.subscribe((stored) => replicas.notices.stored(stored))
  return replicas
}
