import type { Config, ListenerConfig } from '../config/schema.ts'
import type { LockoutBounds } from '../gate/credentials/lockout.ts'
import type { LivePolicy } from '../gate/listener.ts'
import { type RouteConfig, RouteForwarder } from '../gate/routes/forward.ts'
import type { RouteForwarders } from '../gate/routes/http-routes.ts'
import { createTlsContexts, type TicketKeys } from '../gate/tls-contexts.ts'
import { type IssueCertificates, loadTlsMaterial } from '../gate/tls-material.ts'
import { upstreamTarget } from '../relay/target.ts'

/** What the listeners of a configuration do; everything that can fail has been tried. Throws ProxyError. */
export async function buildPolicies(
  config: Config,
  issue: IssueCertificates,
  ticketKeys: TicketKeys | undefined,
): Promise<readonly LivePolicy[]> {
  const target = upstreamTarget(config.centralSystem)
  return Promise.all(
    config.listeners.map(async (listener): Promise<LivePolicy> => {
      const routes = forwardersOf(listener)
      if (listener.tls === undefined) return { config, listener, contexts: null, target, routes }
      const material = await loadTlsMaterial(listener.tls, issue)
      const contexts = createTlsContexts(listener, listener.tls, material, ticketKeys)
      return { config, listener, contexts, target, routes }
    }),
  )
}

function forwardersOf({ routes }: ListenerConfig): RouteForwarders {
  return new Map(routes.map((route): [RouteConfig, RouteForwarder] => [route, new RouteForwarder(route)]))
}

export function lockoutBounds({ limits }: Config): LockoutBounds {
  return { failures: limits.failuresPerIdentity, lockMs: limits.lockout }
}
