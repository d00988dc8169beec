import type {
  IssuedIndex,
  IssuedRecord,
  Revocation,
  RevokedEntry,
} from '../../src/pki/authority/issued-index.ts'

/** An index of issued certificates without a store. */
export interface MemoryIssuedIndex extends IssuedIndex {
  readonly records: readonly IssuedRecord[]
  revoke(authority: string, serialNumber: string, revocation: Revocation): void
}

export function memoryIssuedIndex(): MemoryIssuedIndex {
  const records: IssuedRecord[] = []
  const revocations = new Map<string, Revocation>()
  const keyOf = (authority: string, serialNumber: string): string => `${authority} ${serialNumber}`
  return {
    records,
    async record(certificate) {
      records.push(certificate)
    },
    async find(authority, serialNumber) {
      const found = records.some((one) => one.authority === authority && one.serialNumber === serialNumber)
      return found ? { revocation: revocations.get(keyOf(authority, serialNumber)) ?? null } : null
    },
    async revoked(authority, now) {
      return records
        .filter((one) => one.authority === authority && one.notAfter > now)
        .flatMap(({ serialNumber }): RevokedEntry[] => {
          const revocation = revocations.get(keyOf(authority, serialNumber))
          return revocation === undefined ? [] : [{ serialNumber, ...revocation }]
        })
    },
    revoke(authority, serialNumber, revocation) {
      revocations.set(keyOf(authority, serialNumber), revocation)
    },
  }
}
