import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SecurityProfile } from '../policy/facts.ts'
import type { CertificateKeyRecord, ChargePointRecord, Registry } from '../store/store.ts'
import type { CampaignSelection } from './campaigns.ts'
import { type CampaignKind, campaignKinds, type UpgradeTarget } from './kinds.ts'
import { invalid } from './settings.ts'

/** Charge points of one campaign: each is held in memory while it runs. */
export const maxChargePoints = 100_000
const pageSize = 1000

export interface SelectionDeps {
  readonly registry: Pick<Registry, 'get' | 'list' | 'listExpiringKeys'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly isConnected: (identity: string) => boolean
}

export interface Selected {
  /** Those that can be begun: canaries are taken from them. */
  readonly ready: readonly string[]
  /** Blocked, or with nothing to do: they come last. */
  readonly rest: readonly string[]
  /** How many are meant, and left out because there is nothing to do for them as far as the registry knows. */
  readonly leftOut: number
}

/**
 * Who is meant, connected ones first, so that canaries are such that can show something. Named ones
 * are all taken; of the others those for which there is nothing to do are left out. Throws ProxyError
 * `campaign_invalid`.
 */
export async function select(
  { registry, isConnected, now }: SelectionDeps,
  kind: CampaignKind,
  toProfile: UpgradeTarget | null,
  selection: CampaignSelection,
): Promise<Selected> {
  checkSelection(selection)
  const ending = await endingWithin(registry, selection.certificateEndsWithinDays, now())
  const source =
    selection.identities === undefined
      ? registered(registry, selection)
      : named(registry, new Set(selection.identities))
  const [connected, absent, rest]: [string[], string[], string[]] = [[], [], []]
  let leftOut = 0
  for await (const record of source) {
    if (!isMeant(record, selection) || ending?.has(record.identity) === false) continue
    const isConcerned = campaignKinds[kind].concerns(record, toProfile)
    if (!isConcerned && selection.identities === undefined) {
      leftOut += 1
      continue
    }
    const list = record.blocked || !isConcerned ? rest : isConnected(record.identity) ? connected : absent
    list.push(record.identity)
    if (connected.length + absent.length + rest.length > maxChargePoints) throw tooMany()
  }
  return { ready: [...connected, ...absent], rest, leftOut }
}

function checkSelection(selection: CampaignSelection): void {
  const { all, identities, securityProfile, neverRotated, certificateEndsWithinDays } = selection
  const filters = [
    identities !== undefined,
    securityProfile !== undefined,
    neverRotated === true,
    certificateEndsWithinDays !== undefined,
  ]
  const isFiltered = filters.includes(true)
  if (all !== true && !isFiltered) throw invalid('the selection must say which charge points are meant')
  if (all === true && isFiltered) throw invalid('the selection says all, and something narrower')
  if (identities !== undefined && identities.length > maxChargePoints) throw tooMany()
}

const dayMs = 86_400_000

/** Whose certificate ends by then; null: nobody asked. */
async function endingWithin(
  registry: SelectionDeps['registry'],
  days: number | undefined,
  now: number,
): Promise<ReadonlySet<string> | null> {
  if (days === undefined) return null
  const before = now + days * dayMs
  const ending = new Set<string>()
  for (let last: CertificateKeyRecord | undefined; ; ) {
    const after = last === undefined ? {} : { after: last }
    const page = await registry.listExpiringKeys({ before, limit: pageSize, ...after })
    for (const { identity } of page) ending.add(identity)
    if (ending.size > maxChargePoints) throw tooMany()
    last = page.at(-1)
    if (last === undefined || page.length < pageSize) return ending
    await nextTurn()
  }
}

function isMeant(record: ChargePointRecord, { securityProfile, neverRotated }: CampaignSelection): boolean {
  if (securityProfile !== undefined && presentProfile(record) !== securityProfile) return false
  return neverRotated !== true || !hasRandomKey(record)
}

/** Profile 0 is not kept from a visit there: who is marked for it and has reached no other is on it. */
function presentProfile({ securityProfile, migrating }: ChargePointRecord): SecurityProfile | null {
  return securityProfile ?? (migrating ? 0 : null)
}

/** We store random keys as HMAC, and passwords that people chose as scrypt. */
function hasRandomKey({ credential, credentialChange }: ChargePointRecord): boolean {
  return (credentialChange?.next ?? credential)?.scheme === 'hmac-sha256'
}

async function* registered(
  registry: SelectionDeps['registry'],
  { securityProfile }: CampaignSelection,
): AsyncGenerator<ChargePointRecord> {
  let after = ''
  for (;;) {
    const page = await registry.list({
      after,
      limit: pageSize,
      // Those on profile 0 are not found by what is kept.
      ...(securityProfile === undefined || securityProfile === 0 ? {} : { securityProfile }),
    })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.identity
    // The process has sockets to read between two pages.
    await nextTurn()
  }
}

async function* named(
  registry: SelectionDeps['registry'],
  identities: ReadonlySet<string>,
): AsyncGenerator<ChargePointRecord> {
  let count = 0
  for (const identity of identities) {
    count += 1
    if (count % pageSize === 0) await nextTurn()
    const record = await registry.get(identity)
    if (record === null) throw invalid(`no charge point ${identity} is registered`)
    yield record
  }
}

/**
 * The order of a campaign. Canaries are spread over `ready`: neighbours by name often are neighbours
 * at one site, of one make, and would all show the same.
 */
export function ordered({ ready, rest }: Selected, canary: number): readonly string[] {
  const count = Math.min(canary, ready.length)
  const first = new Set<string>()
  for (let index = 0; index < count; index += 1) {
    first.add(ready[Math.floor((index * ready.length) / count)] as string)
  }
  return [...first, ...ready.filter((identity) => !first.has(identity)), ...rest]
}

function tooMany() {
  return invalid(`a campaign has at most ${maxChargePoints} charge points`)
}
