import { BoundedMap } from '../../policy/bounded-map.ts'
import type { RootStore } from '../../store/store.ts'
import { type Root, readRoot } from './root.ts'

/** The certificates of roots that operators gave: what hash data mean, and who may have signed a new one. */
export interface KnownRoots {
  all(): Promise<readonly Root[]>
  /** Durable when fulfilled. */
  add(root: Root): Promise<void>
}

/** Read once: campaigns ask for every charge point. */
const maxCached = 500

export function createKnownRoots(
  store: Pick<RootStore, 'addKnown' | 'known'>,
  now: () => number,
): KnownRoots {
  const cache = new BoundedMap<string, Root>(maxCached)
  return {
    async all() {
      const roots: Root[] = []
      for (const { fingerprint, pem } of await store.known()) {
        const root = cache.get(fingerprint) ?? readRoot(pem)
        // What cannot be read any more signs nothing.
        if ('code' in root) continue
        cache.set(fingerprint, root)
        roots.push(root)
      }
      return roots
    },
    async add(root) {
      const { fingerprint, subject, notAfter } = root.facts
      cache.set(fingerprint, root)
      await store.addKnown({ fingerprint, pem: root.pem, subject, notAfter, usedAt: now() })
    },
  }
}
