import type { ChargePointRecord, Registry } from '../store/store.ts'

/** How the fleet stands, from the registry. Keys of the maps are bounded: profiles and TLS versions. */
export interface Posture {
  readonly registered: number
  readonly blocked: number
  readonly learned: number
  readonly migrating: number
  readonly legacyTls: number
  readonly upgrading: number
  readonly changingPassword: number
  readonly neverSeen: number
  /** By the profile that they are kept on; `unknown`: not seen yet. */
  readonly byProfile: Readonly<Record<string, number>>
  /** By the TLS version of the last connection; `none`: without TLS, or not seen yet. */
  readonly byTls: Readonly<Record<string, number>>
}

const pageSize = 1000
/** The registry is read whole for it; nobody needs it more often. */
const keepMs = 30_000

/** Counts the registry; one count serves everybody who asks meanwhile and for half a minute after. */
export function createPosture(registry: Registry, now: () => number): () => Promise<Posture> {
  let counted: { readonly at: number; readonly posture: Promise<Posture> } | null = null
  return () => {
    if (counted !== null && now() - counted.at < keepMs) return counted.posture
    const posture = count(registry)
    const mine = { at: now(), posture }
    counted = mine
    posture.catch(() => {
      if (counted === mine) counted = null
    })
    return posture
  }
}

async function count(registry: Registry): Promise<Posture> {
  const totals = {
    registered: 0,
    blocked: 0,
    learned: 0,
    migrating: 0,
    legacyTls: 0,
    upgrading: 0,
    changingPassword: 0,
    neverSeen: 0,
  }
  const [byProfile, byTls]: [Record<string, number>, Record<string, number>] = [{}, {}]
  let after: string | undefined
  for (;;) {
    const page = await registry.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const record of page) {
      totals.registered += 1
      totals.blocked += Number(record.blocked)
      totals.learned += Number(record.learned)
      totals.migrating += Number(record.migrating)
      totals.legacyTls += Number(record.legacyTls)
      totals.upgrading += Number(record.upgradeTo !== null)
      totals.changingPassword += Number(record.credentialChange !== null)
      totals.neverSeen += Number(record.lastSeenAt === null)
      add(byProfile, String(record.securityProfile ?? 'unknown'))
      add(byTls, tlsVersionOf(record))
    }
    after = page.at(-1)?.identity
    if (page.length < pageSize) return { ...totals, byProfile, byTls }
    // A store that answers at once must not hold up the relay for the whole registry.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

/** `lastTls` is version and suite. */
function tlsVersionOf({ lastTls }: ChargePointRecord): string {
  const version = lastTls?.split(' ')[0] ?? ''
  return /^TLSv1(?:\.[0-3])?$/.test(version) ? version : 'none'
}
