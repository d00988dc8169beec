import type { FirmwareAnswer } from '../../admin/firmware-view.ts'
import { fields, table } from '../output.ts'

export function pathOf(name: string): string {
  return `/firmware/${encodeURIComponent(name)}`
}

export function firmwareTable(items: readonly FirmwareAnswer[]): string {
  const rows = items.map(({ name, size, location, verifiedAt, problem }) => [
    name,
    String(size),
    verifiedAt?.slice(0, 19) ?? 'never',
    problem ?? '-',
    location,
  ])
  return table(['NAME', 'BYTES', 'VERIFIED', 'PROBLEM', 'LOCATION'], rows)
}

export function firmwareText(entry: FirmwareAnswer): string {
  return fields([
    ['name', entry.name],
    ['location', entry.location],
    ['fetched by the proxy', entry.fetchable ? 'yes' : 'no: neither http nor https'],
    ['bytes', String(entry.size)],
    ['SHA-256', entry.sha256],
    ['signed by', entry.signer],
    ['until', entry.signerNotAfter],
    ['added', entry.addedAt],
    ['verified', entry.verifiedAt ?? 'never'],
    ['problem', entry.problem ?? 'none known'],
  ])
}
