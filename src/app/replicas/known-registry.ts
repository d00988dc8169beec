import { BoundedMap } from '../../policy/bounded-map.ts'
import { isVisit } from '../../store/charge-point-record.ts'
import type { ChargePointRecord, Fence, Registry, SuccessfulConnection } from '../../store/store.ts'
import type { Outage } from './outage.ts'

/** Records of one read. */
const pageSize = 500

export interface KnownRegistryDeps {
  readonly registry: Registry
  /** For who writes with the lease of the identity. */
  readonly fenced: Pick<Registry, 'claimKey'>
  readonly outage: Outage
  /** Charge points that are remembered. */
  readonly maxKnown: number
  /** Of the identity while it is being admitted. */
  readonly fenceOf: (identity: string) => Fence
}

/** The registry as the gate sees it where replicas share a store. */
export interface KnownRegistry extends Registry {
  /** Somebody has changed these charge points: what is remembered of them is read again. null: of all. */
  refresh(identities: readonly string[] | null): Promise<void>
  /** Writes what connections during an outage were. Rejected when the store is away again. */
  catchUp(): Promise<void>
}

/**
 * While the store is away, charge points that were admitted by this process are judged by what was known
 * of them then, for `store.redis.grace`. Nothing durable moves meanwhile: whoever would step the ratchet,
 * settle a change of password or end an onboarding has to wait (A05.FR.09). That somebody was here is
 * written when the store is back.
 */
export function knownRegistry(deps: KnownRegistryDeps): KnownRegistry {
  const { registry, fenced, outage, maxKnown, fenceOf } = deps
  const known = new BoundedMap<string, ChargePointRecord>(maxKnown)
  const bySerial = new BoundedMap<string, string>(maxKnown)
  const keyOwners = new BoundedMap<string, string>(maxKnown)
  const unwritten = new Map<string, SuccessfulConnection>()

  /** What the store says, or, when it is away, what is remembered; undefined: nothing is. */
  async function bridged<Result>(
    ask: () => Promise<Result>,
    recall: () => Result | undefined,
  ): Promise<Result> {
    try {
      return await ask()
    } catch (error) {
      const remembered = outage.isAway(error) && outage.isBridged ? recall() : undefined
      if (remembered === undefined) throw error
      return remembered
    }
  }

  function remember(record: ChargePointRecord | null, identity: string): ChargePointRecord | null {
    // Only who was admitted is remembered; of those, always the latest.
    if (record === null) known.delete(identity)
    else if (known.has(identity)) known.set(identity, record)
    return record
  }

  return {
    ...registry,

    get: (identity) =>
      bridged(
        async () => remember(await registry.get(identity), identity),
        () => known.get(identity),
      ),

    findBySerialNumber: (serialNumber) =>
      bridged(
        () => registry.findBySerialNumber(serialNumber),
        () => known.get(bySerial.get(serialNumber) ?? ''),
      ),

    keyOwner: (fingerprint) =>
      bridged(
        () => registry.keyOwner(fingerprint),
        () => keyOwners.get(fingerprint),
      ),

    claimKey: (identity, key, now) =>
      bridged(
        async () => {
          const owner = await fenced.claimKey(identity, key, now)
          keyOwners.set(key.keyFingerprint, owner)
          return owner
        },
        () => keyOwners.get(key.keyFingerprint),
      ),

    async recordSuccess(identity, seen) {
      const record = known.get(identity)
      await bridged(
        async () => {
          await registry.recordSuccess(identity, { ...seen, fence: fenceOf(identity) })
          const kept = await registry.get(identity)
          if (kept === null) return
          known.set(identity, kept)
          if (kept.serialNumber !== null) bySerial.set(kept.serialNumber, identity)
        },
        () => {
          if (record === undefined || !isVisit(record, seen)) return undefined
          if (unwritten.size < maxKnown || unwritten.has(identity)) unwritten.set(identity, seen)
          return null
        },
      )
    },

    async refresh(identities) {
      const remembered = (identities ?? known.keys()).filter((identity) => known.has(identity))
      for (let at = 0; at < remembered.length; at += pageSize) {
        const page = remembered.slice(at, at + pageSize)
        const records = await registry.getAll(page)
        for (const [index, identity] of page.entries()) remember(records[index] ?? null, identity)
      }
    },

    async catchUp() {
      for (const [identity, seen] of [...unwritten]) {
        unwritten.delete(identity)
        try {
          await registry.recordSuccess(identity, { ...seen, fence: 'unleased' })
        } catch (error) {
          if (!outage.isAway(error)) continue
          unwritten.set(identity, seen)
          throw error
        }
      }
    },
  }
}
