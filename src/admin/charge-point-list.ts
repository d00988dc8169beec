import type { SecurityProfile } from '../policy/facts.ts'
import type { ChargePointQuery, ChargePointRecord } from '../store/store.ts'
import type { AdminDeps } from './deps.ts'
import { isConnected } from './sessions.ts'

export interface ListQuery {
  readonly after?: string
  readonly limit: number
  readonly blocked?: boolean
  readonly profile?: SecurityProfile
  readonly connected?: boolean
  readonly onboarding?: ChargePointQuery['onboarding']
}

export interface ListPage {
  readonly records: readonly ChargePointRecord[]
  /** The identity to go on from; null: there are no more. */
  readonly next: string | null
}

/** Records that one request may look at to find those that are not connected. */
const maxScanned = 5000

/** A page of the registry. Who is connected is known here, not in the store. */
export async function listChargePoints(
  deps: Pick<AdminDeps, 'registry' | 'sessions'>,
  query: ListQuery,
): Promise<ListPage> {
  if (query.connected === undefined) return listRegistered(deps, query)
  return query.connected ? listConnected(deps, query) : listNotConnected(deps, query)
}

async function listRegistered(
  { registry }: Pick<AdminDeps, 'registry'>,
  query: ListQuery,
): Promise<ListPage> {
  const records = await registry.list(storeQuery(query, query.after, query.limit))
  return { records, next: records.length < query.limit ? null : (records.at(-1)?.identity ?? null) }
}

async function listConnected(
  { registry, sessions }: Pick<AdminDeps, 'registry' | 'sessions'>,
  { after, limit, blocked, profile, onboarding }: ListQuery,
): Promise<ListPage> {
  const identities: string[] = []
  for (const { facts, isOpen } of sessions.all()) {
    if (isOpen && (after === undefined || isAfter(facts.identity, after))) identities.push(facts.identity)
  }
  identities.sort((a, b) => (isAfter(a, b) ? 1 : -1))
  const records: ChargePointRecord[] = []
  for (const [index, identity] of identities.entries()) {
    if (records.length === limit) return { records, next: identities[index - 1] ?? null }
    const record = await registry.get(identity)
    if (record === null) continue
    if (blocked !== undefined && record.blocked !== blocked) continue
    if (profile !== undefined && record.securityProfile !== profile) continue
    if (onboarding !== undefined && !isOnboarding(record, onboarding)) continue
    records.push(record)
  }
  return { records, next: null }
}

async function listNotConnected(
  { registry, sessions }: Pick<AdminDeps, 'registry' | 'sessions'>,
  query: ListQuery,
): Promise<ListPage> {
  const records: ChargePointRecord[] = []
  const step = Math.max(query.limit, 100)
  let { after } = query
  for (let scanned = 0; scanned < maxScanned; scanned += step) {
    const found = await registry.list(storeQuery(query, after, step))
    for (const record of found) {
      after = record.identity
      if (!isConnected(sessions, record.identity)) records.push(record)
      if (records.length === query.limit) return { records, next: after }
    }
    if (found.length < step) return { records, next: null }
  }
  return { records, next: after ?? null }
}

function storeQuery(
  { blocked, profile, onboarding }: ListQuery,
  after: string | undefined,
  limit: number,
): ChargePointQuery {
  return {
    limit,
    ...(after === undefined ? {} : { after }),
    ...(blocked === undefined ? {} : { blocked }),
    ...(profile === undefined ? {} : { securityProfile: profile }),
    ...(onboarding === undefined ? {} : { onboarding }),
  }
}

function isOnboarding({ onboarding }: ChargePointRecord, wanted: NonNullable<ListQuery['onboarding']>) {
  return onboarding !== null && (wanted === 'any' || onboarding.state === wanted)
}

/** The order of the store: bytes of UTF-8. */
function isAfter(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0
}
