import type { Config, ListenerConfig } from '../config/schema.ts'
import type { LockoutBounds } from '../gate/credentials/lockout.ts'
import type { LivePolicy } from '../gate/listener.ts'
import { type RouteConfig, RouteForwarder } from '../gate/routes/forward.ts'
import type { RouteForwarders } from '../gate/routes/http-routes.ts'
import { createTlsContexts, type TicketKeys } from '../gate/tls-contexts.ts'
import { type IssueCertificates, loadTlsMaterial } from '../gate/tls-material.ts'
import type { Upstream, Upstreams } from '../gate/upstreams.ts'
import type { Protocol } from '../policy/protocol.ts'
import { upstreamTarget } from '../relay/target.ts'

/** What the listeners of a configuration do; everything that can fail has been tried. Throws ProxyError. */
export async function buildPolicies(
  config: Config,
  issue: IssueCertificates,
  ticketKeys: TicketKeys | undefined,
): Promise<readonly LivePolicy[]> {
  const upstreams = upstreamsOf(config)
  return Promise.all(
    config.listeners.map(async (listener): Promise<LivePolicy> => {
      const routes = forwardersOf(listener)
      if (listener.tls === undefined) return { config, listener, contexts: null, upstreams, routes }
      const material = await loadTlsMaterial(listener.tls, issue)
      const contexts = createTlsContexts(listener, listener.tls, material, ticketKeys)
      return { config, listener, contexts, upstreams, routes }
    }),
  )
}

function forwardersOf({ routes }: ListenerConfig): RouteForwarders {
  return new Map(routes.map((route): [RouteConfig, RouteForwarder] => [route, new RouteForwarder(route)]))
}

export function lockoutBounds({ limits }: Config): LockoutBounds {
  return { failures: limits.failuresPerIdentity, lockMs: limits.lockout }
}

/** Throws where `ca` cannot be read. */
function upstreamsOf({ centralSystem, centralSystem201 }: Config): Upstreams {
  const upstreams = new Map<Protocol, Upstream>()
  upstreams.set('ocpp1.6', { target: upstreamTarget(centralSystem), centralSystem })
  if (centralSystem201 !== undefined) {
    const section = { preset: 'generic' as const, ...centralSystem201 }
    upstreams.set('ocpp2.0.1', { target: upstreamTarget(centralSystem201), centralSystem: section })
  }
  return upstreams
}
