import type { AdminFleet, FleetRequest } from '../../admin/fleet.ts'
import type { AdminServer } from '../../admin/server.ts'
import type { LivePolicy } from '../../gate/listener.ts'
import type { RelayPort } from '../../gate/upgrade.ts'
import type { Relay } from '../../relay/relay.ts'
import type { Replicas } from './replicas.ts'

/** Replicas as the gate and the admin API see them. */

/** An operation may take ten minutes (its own bound), and its answer has to come back. */
const askMs = 615_000

/** The relay, where an identity is claimed over all replicas. */
export function sharedRelay(relay: Relay, replicas: Replicas | null): RelayPort {
  if (replicas === null) return relay
  const { ownership } = replicas
  return {
    get isDraining() {
      return relay.isDraining
    },
    claim: (identity, claimant, isWanted) => ownership.claim(identity, claimant, isWanted),
    dial: (target, request, signal) => relay.dial(target, request, signal),
    start: (facts, downstream, link, early) => relay.start(facts, downstream, link, early),
    noCentralSystem: (...values) => relay.noCentralSystem(...values),
    pingFrame: () => relay.pingFrame(),
  }
}

export function fleetOf(replicas: Replicas | null): { readonly fleet?: AdminFleet } {
  if (replicas === null) return {}
  const { directory, leader, wire } = replicas
  const fleet: AdminFleet = {
    self: replicas.self,
    replicaOf: (identity) => directory.remote(identity)?.replica ?? null,
    leader: async () => (leader.isLeader ? null : leader.owner()),
    ask: async (replica, request) => (await wire.ask(replica, 'http', request, askMs)) as never,
  }
  return { fleet }
}

/** Answers requests to the admin API that came in at another replica. */
export function serveAdmin(replicas: Replicas | null, admin: AdminServer): void {
  replicas?.wire.serve('http', (body) => admin.answer(body as FleetRequest))
}

/** Do listeners trust other authorities than before? Then nobody resumes what was judged by the old ones. */
export function hasNewTrust(before: readonly LivePolicy[], after: readonly LivePolicy[]): boolean {
  return after.some(({ listener, contexts }) => {
    const old = before.find((one) => one.listener.name === listener.name)
    return contexts?.material.ca.join() !== old?.contexts?.material.ca.join()
  })
}
