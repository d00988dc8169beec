import { serialNumberTaken } from '../charge-point-record.ts'
import type { ChargePointRecord } from '../store.ts'
import { chargePointText, type KeptChargePoint, parseChargePoint } from './charge-point-value.ts'
import type { KeyOf } from './keys.ts'
import type { Revisions, Transaction } from './transaction.ts'

/** The charge points inside of a transaction: their records, and the indexes that go with them. */
export interface ChargePointTable {
  find(transaction: Transaction, identity: string): Promise<KeptChargePoint | null>
  /** In the order of `identities`; later reads of them and of their serial numbers are free. */
  findAll(
    transaction: Transaction,
    identities: readonly string[],
  ): Promise<readonly (KeptChargePoint | null)[]>
  /** Throws ProxyError `serial_number_taken`. */
  save(
    transaction: Transaction,
    before: KeptChargePoint | null,
    after: KeptChargePoint,
    isChange?: boolean,
  ): Promise<void>
  /** So that serial numbers can move between charge points of one transaction. */
  freeSerialNumber(transaction: Transaction, record: ChargePointRecord): Promise<void>
  remove(transaction: Transaction, kept: KeptChargePoint): Promise<void>
}

/** Who has not looked for so many changes reads everything that it remembers again. */
const maxChanged = 20_000

/** Names of the keys of the registry. */
export function registryKeys(key: KeyOf) {
  return {
    /** Hash: identity to record. */
    records: key('charge-points'),
    /** Sorted set of identities, all with score 0: in order of their bytes. */
    identities: key('identities'),
    /** Hash: serial number to identity (A00.FR.429). */
    serials: key('serials'),
    /** Sorted set of identities whose change of password is not settled, by its beginning. */
    changes: key('changes'),
    /** Hash: fingerprint of a public key to its record (A00.FR.427). */
    keys: key('keys'),
    /** Set of the fingerprints of one identity. */
    keysOf: (identity: string) => key('keys-of', identity),
    /** Hash: identity to the fingerprint of the key that it was seen with last. */
    lastKey: key('last-key'),
    /** Sorted set of those keys by the end of their certificates. */
    expiring: key('expiring'),
    renewals: {
      records: key('renewals'),
      ids: key('renewal-ids'),
      /** Hash: fingerprint of the key of a request to identity. */
      keys: key('renewal-keys'),
      /** Sorted set of identities by the time of the last step. */
      inPhase: (phase: string) => key('renewals-in', phase),
    },
    roots: { inventories: key('inventories'), known: key('known-roots'), used: key('known-roots-used') },
    firmware: { entries: key('firmware'), updates: key('firmware-updates') },
    /** Hash: identity to who has its session, and with which fencing token. */
    owners: key('owners'),
    /** Counter of fencing tokens. */
    fence: key('fence'),
    /** Hash: name of a job to who does it. */
    jobs: key('jobs'),
    /** Identities that somebody changed or removed; visits do not count. */
    changed: {
      counter: key('revision'),
      members: key('changed'),
      floor: key('changed-floor'),
      bound: maxChanged,
    } satisfies Revisions,
    /** Is there as long as a replica beats. */
    replica: (id: string) => key('replica', id),
  }
}

export type RegistryKeys = ReturnType<typeof registryKeys>

export function chargePointTable(keys: RegistryKeys): ChargePointTable {
  async function find(transaction: Transaction, identity: string): Promise<KeptChargePoint | null> {
    const text = await transaction.get(keys.records, identity)
    return text === null ? null : parseChargePoint(text)
  }

  async function freeSerialNumber(transaction: Transaction, record: ChargePointRecord): Promise<void> {
    const { identity, serialNumber } = record
    if (serialNumber === null || (await transaction.get(keys.serials, serialNumber)) !== identity) return
    transaction.set(keys.serials, serialNumber, null)
  }

  async function moveSerialNumber(
    transaction: Transaction,
    before: ChargePointRecord | undefined,
    { identity, serialNumber }: ChargePointRecord,
  ): Promise<void> {
    if (before !== undefined && before.serialNumber !== serialNumber)
      await freeSerialNumber(transaction, before)
    if (serialNumber === null) return
    const owner = await transaction.get(keys.serials, serialNumber)
    if (owner !== null && owner !== identity) throw serialNumberTaken(serialNumber, owner)
    if (owner === null) transaction.set(keys.serials, serialNumber, identity)
  }

  return {
    find,
    freeSerialNumber,

    async findAll(transaction, identities) {
      const texts = await transaction.getAll(keys.records, identities)
      const found = texts.map((text) => (text === null ? null : parseChargePoint(text)))
      const serials = found.flatMap((kept) => kept?.record.serialNumber ?? [])
      await transaction.getAll(keys.serials, serials)
      return found
    },

    async save(transaction, before, after, isChange = true) {
      const { record } = after
      await moveSerialNumber(transaction, before?.record, record)
      if (before === null) transaction.score(keys.identities, record.identity, 0)
      const since = before?.record.credentialChange?.startedAt ?? null
      const until = record.credentialChange?.startedAt ?? null
      if (since !== until) transaction.score(keys.changes, record.identity, until)
      transaction.set(keys.records, record.identity, chargePointText(after))
      if (isChange) transaction.revise(keys.changed, record.identity)
    },

    async remove(transaction, { record }) {
      const { identity } = record
      await freeSerialNumber(transaction, record)
      transaction.score(keys.identities, identity, null)
      transaction.score(keys.changes, identity, null)
      transaction.set(keys.records, identity, null)
      transaction.revise(keys.changed, identity)
    },
  }
}
