import { BoundedMap } from '../../policy/bounded-map.ts'
import type { DenyEntry, DenyList, DenySubject } from '../../store/store.ts'
import { inParallel } from './in-parallel.ts'
import type { Outage } from './outage.ts'

export interface KnownDenyListDeps {
  readonly denied: DenyList
  readonly outage: Outage
  /** Certificates that are remembered, issuers among them. */
  readonly maxKnown: number
}

/** The deny list as the gate sees it where replicas share a store. */
export interface KnownDenyList extends DenyList {
  /** Somebody has changed these entries: what is remembered of them is read again. null: of all. */
  refresh(keys: readonly string[] | null): Promise<void>
}

interface Answer {
  readonly subject: DenySubject
  readonly entry: DenyEntry | null
}

/** Certificates that are looked up at once. */
const width = 50

/**
 * While the store is away, certificates that were looked up before are judged by what the list said of them
 * last, for `store.redis.grace`: of a charge point that may come back then, all of its path was. About any
 * other one nothing is known, and whoever asks gets the error of the store.
 */
export function knownDenyList({ denied, outage, maxKnown }: KnownDenyListDeps): KnownDenyList {
  const answers = new BoundedMap<string, Answer>(maxKnown)

  async function ask(subject: DenySubject): Promise<DenyEntry | null> {
    const entry = await denied.find(subject)
    answers.set(idOf(subject), { subject, entry })
    return entry
  }

  return {
    ...denied,

    async find(subject) {
      try {
        return await ask(subject)
      } catch (error) {
        const known = outage.isAway(error) && outage.isBridged ? answers.get(idOf(subject)) : undefined
        if (known === undefined) throw error
        return known.entry
      }
    },

    async refresh(keys) {
      const isConcerned = keys === null ? () => true : concernedBy(keys)
      const subjects = answers.values().flatMap(({ subject }) => (isConcerned(subject) ? [subject] : []))
      await inParallel(subjects, width, ask, () => true)
    },
  }
}

function idOf({ fingerprint, serialNumber, issuer }: DenySubject): string {
  return `${fingerprint} ${serialNumber} ${issuer}`
}

/** By the first two parts of a key (store/deny-key.ts): of whatever issuer. */
function concernedBy(keys: readonly string[]): (subject: DenySubject) => boolean {
  const names = new Set(keys.map((key) => key.split(':', 2).join(':')))
  return ({ fingerprint, serialNumber }) =>
    names.has(`fingerprint:${fingerprint.toLowerCase()}`) || names.has(`serial:${serialNumber.toUpperCase()}`)
}
