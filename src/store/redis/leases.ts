import { randomUUID } from 'node:crypto'
import type { LeaseKind, Leases } from '../shared.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { type Owner, ownerText, parseOwner, released } from './fence.ts'

const pageSize = 1000

/**
 * Owners stand in a hash, and each replica has a key that expires when it does not beat. All in the slot
 * of the registry, so that a write about a charge point can be fenced by its owner.
 */
export function redisLeases(
  connection: RedisConnection,
  keys: RegistryKeys,
  self: string,
  leaseMs: number,
): Leases {
  const hash = (kind: LeaseKind) => (kind === 'sessions' ? keys.owners : keys.jobs)
  const alive = (replicas: readonly string[]) =>
    Promise.all(
      replicas.map(async (one) => (await connection.run((client) => client.exists(keys.replica(one)))) === 1),
    )

  /** Its last token stays: what was begun under it may be written down until somebody takes the name. */
  async function leave(kind: LeaseKind, name: string, owner: Owner): Promise<boolean> {
    const left = ownerText({ ...owner, replica: released })
    return (await connection.script('ospRelease', [hash(kind)], name, ownerText(owner), left)) === 1
  }

  /** As of the last sweep: what was released a moment ago still fences the last words of its session. */
  let releasedBefore: ReadonlySet<string> = new Set()

  return {
    alive,

    async beat() {
      const life = await connection.script('ospBeat', [keys.replica(self)], randomUUID(), leaseMs)
      if (typeof life === 'string') return life
      throw corrupt('leases')
    },

    async acquire(kind, name, life) {
      const place = [hash(kind), keys.fence, keys.replica(self)]
      const result = await connection.script('ospAcquire', place, name, self, keys.replica(''), life)
      const [outcome, told] = Array.isArray(result) ? result : []
      if (outcome === 1) return { ok: true, token: Number(told) }
      if (outcome === -1) return { ok: false, owner: null }
      if (typeof told === 'string') return { ok: false, owner: told }
      throw corrupt('leases')
    },

    async release(kind, name, token) {
      return leave(kind, name, { token, replica: self })
    },

    async abandon(kind, name) {
      const text = await connection.run((client) => client.hget(hash(kind), name))
      const owner = text === null ? null : parseOwner(text)
      if (owner?.replica === self) await leave(kind, name, owner)
    },

    async held(kind, names) {
      const found: (number | null)[] = []
      for (let at = 0; at < names.length; at += pageSize) {
        const page = names.slice(at, at + pageSize)
        const texts = await connection.run((client) => client.hmget(hash(kind), ...page))
        for (const text of texts) {
          const owner = text === null ? null : parseOwner(text)
          found.push(owner?.replica === self ? owner.token : null)
        }
      }
      return found
    },

    async owner(kind, name) {
      const text = await connection.run((client) => client.hget(hash(kind), name))
      const owner = text === null ? null : parseOwner(text)
      if (owner === null) return null
      const [isAlive] = await alive([owner.replica])
      return isAlive === true ? owner.replica : null
    },

    async sweep() {
      let swept = 0
      const known = new Map<string, boolean>([[released, false]])
      const releasedNow = new Set<string>()
      for (const kind of ['sessions', 'jobs'] as const) {
        let cursor = '0'
        do {
          const [next, flat] = await connection.run((client) =>
            client.hscan(hash(kind), cursor, 'COUNT', pageSize),
          )
          cursor = next
          for (let at = 0; at + 1 < flat.length; at += 2) {
            const [name = '', text = ''] = [flat[at], flat[at + 1]]
            const replica = parseOwner(text)?.replica ?? ''
            if (!known.has(replica)) known.set(replica, (await alive([replica]))[0] === true)
            if (known.get(replica)) continue
            if (replica === released) {
              const seen = `${kind} ${text} ${name}`
              releasedNow.add(seen)
              if (!releasedBefore.has(seen)) continue
            }
            swept += Number(await connection.script('ospForget', [hash(kind)], name, text))
          }
        } while (cursor !== '0')
      }
      releasedBefore = releasedNow
      return swept
    },
  }
}
