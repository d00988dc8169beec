import type { Store } from '../../src/store/store.ts'

/** What leaves the disk as it was. Everything else counts as a write. */
const reads: ReadonlySet<string> = new Set([
  'get',
  'findBySerialNumber',
  'list',
  'count',
  'listCredentialChanges',
  'keyOwner',
  'keysOf',
  'listExpiringKeys',
  'summary',
  'lastId',
  'countAfter',
  'cursor',
  'find',
  'revision',
  'counts',
  'revoked',
  'byFingerprint',
])

export interface StoreWrite {
  /** Such as registry.update. */
  readonly method: string
  /** The identities, or the reader of events, that it is about. */
  readonly about: readonly string[]
}

/**
 * Called when something is about to be written; the write waits for the promise. What that returns is called
 * when it is written, and whoever asked for it is told when that is fulfilled.
 */
export type StoreWatcher = (write: StoreWrite) => Promise<() => Promise<void>>

/** The same store; `watcher` hears of every write. */
export function watchStore(store: Store, watcher: StoreWatcher): Store {
  const part = <Part extends object>(prefix: string, target: Part): Part =>
    new Proxy(target, {
      get(_target, key) {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        if (reads.has(String(key))) return member.bind(target)
        return async (...args: readonly unknown[]) => {
          const written = await watcher({ method: `${prefix}.${String(key)}`, about: aboutOf(args[0]) })
          const result: unknown = await Reflect.apply(member, target, args)
          await written()
          return result
        }
      },
    })
  return {
    registry: part('registry', store.registry),
    rejections: part('rejections', store.rejections),
    events: part('events', store.events),
    campaigns: part('campaigns', store.campaigns),
    denied: part('denied', store.denied),
    ocspAnswers: part('ocspAnswers', store.ocspAnswers),
    issued: part('issued', store.issued),
    renewals: part('renewals', store.renewals),
    roots: part('roots', store.roots),
    firmware: part('firmware', store.firmware),
    check: () => store.check(),
    close: () => store.close(),
  }
}

/** Of `registry.update(identity, …)`, `events.setCursor(reader, …)` and `events.append(events)`. */
function aboutOf(first: unknown): readonly string[] {
  if (typeof first === 'string') return [first]
  // Of `renewals.begin(renewal)`, `issued.record(certificate)` and `denied.add(entry)`.
  if (typeof first === 'object' && first !== null && !Array.isArray(first)) return aboutOf([first])
  if (!Array.isArray(first)) return []
  const identities = first.map((entry: { readonly identity?: unknown }) => entry.identity)
  return [...new Set(identities.filter((identity) => typeof identity === 'string'))]
}
