import { hintFor } from '../../policy/hints.ts'
import { isReasonCode, reasons } from '../../policy/reasons.ts'
import type { RejectionCount, RejectionRecord } from '../../store/store.ts'
import { fields, printable, table, time } from '../output.ts'

export function rejectionView(record: RejectionRecord) {
  return { ...record, at: time(record.at), hint: hintFor(record) }
}

export function rejectionTable(records: readonly RejectionRecord[]): string {
  return table(
    ['ID', 'TIME', 'REASON', 'IDENTITY', 'ADDRESS', 'LISTENER', 'COUNT', 'DETAIL'],
    records.map(cells),
  )
}

/** One line of `tail`: no columns, because what comes later is not known. */
export function rejectionLine(record: RejectionRecord): string {
  return `${printable(cells(record).join('  ')).replaceAll('\n', ' ')}\n`
}

function cells(record: RejectionRecord): string[] {
  const reason = record.mode === 'report' ? `${record.reason} (report)` : record.reason
  const { identity, address, listener, count, detail } = record
  const times = count === 1 ? '-' : `${count}x`
  return [String(record.id), time(record.at), reason, identity ?? '-', address, listener, times, detail]
}

export function rejectionDetails(record: RejectionRecord): string {
  const reason = isReasonCode(record.reason) ? reasons[record.reason] : null
  const lines = fields([
    ['id', String(record.id)],
    ['time', time(record.at)],
    ['count', record.count === 1 ? '1' : `${record.count} within a minute; the time is that of the last`],
    ['reason', record.reason],
    ['meaning', reason?.meaning ?? '-'],
    ['requirements', reason?.requirements.join(', ') ?? '-'],
    ['stage', record.stage],
    ['mode', record.mode === 'report' ? 'report: it was admitted' : 'enforce: it was refused'],
    ['security event', record.event ?? '-'],
    ['listener', `${record.listener} (profile ${record.profile})`],
    ['from', `${record.address} port ${record.port}`],
    ['identity', record.identity ?? '-'],
    ['detail', record.detail],
    ['hint', hintFor(record)],
  ])
  return `${lines}facts\n${printable(JSON.stringify(record.facts, null, 2))}\n`
}

export function summaryTable(counts: readonly RejectionCount[]): string {
  const rows = counts.map(({ reason, mode, count, lastAt }) => [String(count), reason, mode, time(lastAt)])
  return table(['COUNT', 'REASON', 'MODE', 'LAST'], rows)
}

export function summaryView(count: RejectionCount) {
  return { ...count, lastAt: time(count.lastAt) }
}
