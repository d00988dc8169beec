import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Bus, SharedStore } from '../shared.ts'
import { changesAfter } from './changes.ts'
import type { RegistryKeys } from './charge-points.ts'
import { createClient, RedisConnection, useLogin } from './client.ts'
import type { KeyOf } from './keys.ts'
import { redisLeases } from './leases.ts'
import type { RedisSettings } from './settings.ts'
import { Subscription } from './subscription.ts'
import { type Revisions, transact } from './transaction.ts'

export interface RedisShared extends Omit<SharedStore, 'fenced' | 'led' | 'takeLead'> {
  /** The connection that listens; the others are not its. */
  close(): void
}

export function redisShared(
  connection: RedisConnection,
  keys: RegistryKeys,
  key: KeyOf,
  denied: Revisions,
  settings: RedisSettings,
): RedisShared {
  // For operators: the name of a pod is the name of its host.
  const self = `${hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63)}-${randomBytes(6).toString('hex')}`
  const values = key('values')
  const channel = (to: string | null) => (to === null ? key('all') : key('to', to))
  const listening = new RedisConnection(createClient(settings, 'ocpp-security-proxy-bus'))
  const subscription = new Subscription(listening, [channel(null), channel(self)])

  const bus: Bus = {
    async publish(to, message) {
      const heard = await connection.run((client) => client.publish(channel(to), message))
      // A node of a cluster knows only who listens at itself.
      return settings.mode === 'cluster' ? null : heard
    },

    async listen(listener, again) {
      listening.client.on('message', (_channel: string, message: string) => listener(message))
      await listening.connect(settings.timeout * 3)
      await subscription.begin(again)
    },

    problem: () => subscription.problem,
  }

  return {
    self,
    leaseMs: settings.lease,
    leases: redisLeases(connection, keys, self, settings.lease),
    bus,
    denialsAfter: (revision) => changesAfter(connection, denied, revision),
    changesAfter: (revision) => changesAfter(connection, keys.changed, revision),
    get: (name) => connection.run((client) => client.hget(values, name)),
    replace: (name, before, value) =>
      transact(connection, async (transaction) => {
        if ((await transaction.get(values, name)) !== before) return false
        transaction.set(values, name, value)
        return true
      }),
    useLogin(login) {
      for (const { client } of [connection, listening]) useLogin(client, login, settings)
    },
    close: () => listening.close(),
  }
}
