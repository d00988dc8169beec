import { eventView } from '../../events/sinks/sink.ts'
import type { SecurityEventRecord } from '../../store/store.ts'
import { csvLine } from '../charge-points/csv.ts'
import { printable, table, time } from '../output.ts'

export function eventTable(records: readonly SecurityEventRecord[]): string {
  return table(['ID', 'TIME', 'TYPE', 'ORIGIN', 'IDENTITY', 'ADDRESS', 'INFO'], records.map(cells))
}

/** One line of `tail`: no columns, because what comes later is not known. */
export function eventLine(record: SecurityEventRecord): string {
  return `${printable(cells(record).join('  ')).replaceAll('\n', ' ')}\n`
}

function cells({ id, at, type, origin, identity, address, techInfo }: SecurityEventRecord): string[] {
  return [String(id), time(at), type, origin, identity ?? '-', address ?? '-', techInfo ?? '-']
}

/** One line of JSON, as files and webhooks have it. */
export function eventJson(record: SecurityEventRecord): string {
  return `${JSON.stringify(eventView(record))}\n`
}

const columns = [
  'id',
  'storedAt',
  'origin',
  'type',
  'identity',
  'timestamp',
  'techInfo',
  'reason',
  'listener',
  'address',
] as const satisfies readonly (keyof ReturnType<typeof eventView>)[]

export const csvHeader = csvLine(columns)

export function eventCsv(record: SecurityEventRecord): string {
  const view = eventView(record)
  return csvLine(columns.map((column) => spreadsheetSafe(String(view[column] ?? ''))))
}

/** Charge points and strangers wrote this, and a spreadsheet would run it as a formula (CWE-1236). */
function spreadsheetSafe(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
