import type { RootHashData } from '../policy/root-certificate.ts'
import type { InstalledRoot } from './roots.ts'

/** Reads the stored list of a charge point's roots; null when it is none. Total: never throws. */
export function parseInstalledRoots(value: unknown): readonly InstalledRoot[] | null {
  return parseAll(value, parseInstalledRoot)
}

function parseInstalledRoot(value: unknown): InstalledRoot | null {
  if (typeof value !== 'object' || value === null) return null
  const { hashData, children, fingerprint } = value as Record<string, unknown>
  const own = parseHashData(hashData)
  const below = parseAll(children, parseHashData)
  if (own === null || below === null) return null
  if (fingerprint !== null && typeof fingerprint !== 'string') return null
  return { hashData: own, children: below, fingerprint }
}

/** Hash data of a store or a campaign: their form only, not whether anybody could have made them. */
export function parseHashData(value: unknown): RootHashData | null {
  if (typeof value !== 'object' || value === null) return null
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = value as Record<string, unknown>
  if (hashAlgorithm !== 'SHA256' && hashAlgorithm !== 'SHA384' && hashAlgorithm !== 'SHA512') return null
  if (typeof issuerNameHash !== 'string' || typeof issuerKeyHash !== 'string') return null
  return typeof serialNumber === 'string'
    ? { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
    : null
}

function parseAll<Item>(value: unknown, parse: (item: unknown) => Item | null): readonly Item[] | null {
  if (!Array.isArray(value)) return null
  const items: Item[] = []
  for (const one of value) {
    const item = parse(one)
    if (item === null) return null
    items.push(item)
  }
  return items
}
