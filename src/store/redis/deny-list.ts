import { boundedEntry, denyKey, keysOf } from '../deny-key.ts'
import type { DenyEntry, DenyList } from '../deny-list.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyOf } from './keys.ts'
import { lexPage, pruneByScore } from './pages.ts'
import { type Revisions, transact } from './transaction.ts'

/** Who has not looked for so many changes reads everything that it remembers again. */
const maxChanged = 20_000

/** Keys of entries that somebody has changed. */
export function denyRevisions(key: KeyOf): Revisions {
  return {
    counter: key('revision'),
    members: key('changed'),
    floor: key('changed-floor'),
    bound: maxChanged,
  }
}

export function redisDenyList(connection: RedisConnection, key: KeyOf): DenyList {
  const revisions = denyRevisions(key)
  const [records, ids, ends] = [key('records'), key('ids'), key('ends')]

  return {
    add: (entry) =>
      transact(connection, async (transaction) => {
        const given: DenyEntry = boundedEntry(entry)
        const text = await transaction.get(records, given.key)
        const known = text === null ? null : parse(text)
        // What the operator denied stays the operator's, and has no end.
        const stays = known !== null && known.by === 'operator' && given.by !== 'operator'
        const merged =
          known === null ? given : { ...given, identity: given.identity ?? known.identity, at: known.at }
        const kept = stays ? known : merged
        transaction.set(records, kept.key, JSON.stringify(kept))
        transaction.score(ids, kept.key, 0)
        transaction.score(ends, kept.key, kept.expiresAt)
        transaction.revise(revisions, kept.key)
        return kept
      }),

    remove: (target) =>
      transact(connection, async (transaction) => {
        const id = denyKey(target)
        if ((await transaction.get(records, id)) === null) return false
        transaction.set(records, id, null)
        transaction.score(ids, id, null)
        transaction.score(ends, id, null)
        transaction.revise(revisions, id)
        return true
      }),

    async get(id) {
      const text = await connection.run((client) => client.hget(records, id))
      return text === null ? null : parse(text)
    },

    async find(subject) {
      const texts = await connection.run((client) => client.hmget(records, ...keysOf(subject)))
      const text = texts.find((one) => one !== null)
      return text === undefined || text === null ? null : parse(text)
    },

    list: ({ after, identity, limit }) => {
      const fits = identity === undefined ? null : (entry: DenyEntry) => entry.identity === identity
      return lexPage(connection, { records, ids, parse }, after, limit, fits)
    },

    count: () => connection.run((client) => client.hlen(records)),
    revision: async () => Number((await connection.run((client) => client.get(revisions.counter))) ?? 0),

    // An entry that goes denies nobody who could come: that is no change.
    prune: (before) =>
      pruneByScore(connection, ends, before, (expired) =>
        transact(connection, async (transaction) => {
          const texts = await transaction.getAll(records, expired)
          for (const id of expired) {
            transaction.set(records, id, null)
            transaction.score(ids, id, null)
            transaction.score(ends, id, null)
          }
          return texts.filter((text) => text !== null).length
        }),
      ),
  }
}

function parse(text: string): DenyEntry {
  const value = parseObject(text, 'a denial')
  const { key, target, note, by, at } = value
  if (typeof key !== 'string' || typeof note !== 'string' || typeof at !== 'number') throw corrupt('a denial')
  if (typeof target !== 'object' || (by !== 'operator' && by !== 'superseded')) throw corrupt('a denial')
  return value as unknown as DenyEntry
}
