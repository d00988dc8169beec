import { splitPem } from '../../pki/certificate.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import type { RootStore } from '../../store/store.ts'
import { type Root, readRoot } from './root.ts'

/**
 * The certificates of roots that operators gave, here or by the configuration: what hash data mean, and
 * who may have signed a new one.
 */
export interface KnownRoots {
  all(): Promise<readonly Root[]>
  /** Durable when fulfilled. */
  add(root: Root): Promise<void>
  /** `root` was met on a charge point: what only the configuration knew so far is kept. */
  met(root: Root): Promise<void>
}

/** Read once: campaigns ask for every charge point. */
const maxCached = 500
/** Certificates of the configuration that are looked at. */
const maxConfigured = 200

/** `configured`: PEM of what the listeners show and trust, as the last reload left it. */
export function createKnownRoots(
  store: Pick<RootStore, 'addKnown' | 'known'>,
  now: () => number,
  configured: () => readonly string[],
): KnownRoots {
  const cache = new BoundedMap<string, Root>(maxCached)

  /** null: it is none, so that it signs nothing. */
  function read(pem: string): Root | null {
    const known = cache.get(pem)
    if (known !== undefined) return known
    const root = readRoot(pem)
    if ('code' in root) return null
    cache.set(pem, root)
    return root
  }

  async function stored(): Promise<Root[]> {
    return (await store.known()).flatMap(({ pem }) => read(pem) ?? [])
  }

  function ofConfiguration(): readonly Root[] {
    const blocks = configured().flatMap(splitPem).slice(0, maxConfigured)
    return blocks.flatMap((pem) => read(pem) ?? []).filter(({ facts }) => facts.isCa)
  }

  async function add(root: Root): Promise<void> {
    const { fingerprint, subject, notAfter } = root.facts
    await store.addKnown({ fingerprint, pem: root.pem, subject, notAfter, usedAt: now() })
  }

  return {
    async all() {
      const roots = new Map(
        [...ofConfiguration(), ...(await stored())].map((root) => [root.facts.fingerprint, root]),
      )
      return [...roots.values()]
    },
    add,
    async met({ facts }) {
      const root = ofConfiguration().find((one) => one.facts.fingerprint === facts.fingerprint)
      if (root === undefined) return
      const isKept = (await store.known()).some(({ fingerprint }) => fingerprint === facts.fingerprint)
      if (!isKept) await add(root)
    },
  }
}
