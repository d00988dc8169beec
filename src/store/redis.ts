import { campaignKeys } from './redis/campaign-value.ts'
import { redisCampaigns } from './redis/campaigns.ts'
import { registryKeys } from './redis/charge-points.ts'
import { createClient, RedisConnection } from './redis/client.ts'
import { denyRevisions, redisDenyList } from './redis/deny-list.ts'
import { redisFirmware } from './redis/firmware.ts'
import { redisIssued } from './redis/issued.ts'
import { keysOf, type Part } from './redis/keys.ts'
import { takeLead } from './redis/lead.ts'
import { redisOcspAnswers } from './redis/ocsp-answers.ts'
import { redisRegistry } from './redis/registry.ts'
import { redisRejections } from './redis/rejections.ts'
import { redisRenewals } from './redis/renewals.ts'
import { redisRoots } from './redis/roots.ts'
import { redisSecurityEvents } from './redis/security-events.ts'
import type { RedisSettings } from './redis/settings.ts'
import { redisShared } from './redis/shared.ts'
import type { Store } from './store.ts'

export interface RedisOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/**
 * The store in Valkey or Redis (6.2 or later; single, sentinels, cluster), which several replicas share.
 * How to add a part is told in redis/README.md. Throws ProxyError `store_unavailable`, `store_denied` …
 */
export async function openRedisStore(settings: RedisSettings, options: RedisOptions = {}): Promise<Store> {
  const now = options.now ?? Date.now
  const connection = new RedisConnection(createClient(settings, 'ocpp-security-proxy'))
  try {
    await connection.connect(settings.timeout * 3)
  } catch (error) {
    connection.close()
    throw error
  }
  const key = (part: Part) => keysOf(settings.keyPrefix, part)
  const registry = registryKeys(key('registry'))
  const campaigns = key('campaigns')
  const bus = redisShared(connection, registry, key('replicas'), denyRevisions(key('denied')), settings)
  return {
    registry: redisRegistry(connection, registry, now),
    rejections: redisRejections(connection, key('rejections')),
    events: redisSecurityEvents(connection, key('events')),
    campaigns: redisCampaigns(connection, campaigns),
    denied: redisDenyList(connection, key('denied')),
    ocspAnswers: redisOcspAnswers(connection, key('ocsp')),
    issued: redisIssued(connection, key('issued')),
    renewals: redisRenewals(connection, registry),
    roots: redisRoots(connection, registry),
    firmware: redisFirmware(connection, registry),
    shared: {
      ...bus,
      fenced: (fenceOf) => ({
        registry: redisRegistry(connection, registry, now, fenceOf),
        renewals: redisRenewals(connection, registry, fenceOf),
        roots: redisRoots(connection, registry, fenceOf),
        firmware: redisFirmware(connection, registry, fenceOf),
      }),
      led: (tokenOf) => redisCampaigns(connection, campaigns, tokenOf),
      takeLead: (token) => takeLead(connection, campaignKeys(campaigns), registry.fence, token),
    },
    // A read-only replica, a full memory and a failing disk show only when something is written.
    async check() {
      await connection.run((client) => client.set(key('registry')('check'), '1', 'PX', 60_000))
    },
    async close() {
      bus.close()
      connection.close()
    },
  }
}
