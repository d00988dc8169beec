import { commonNameProblem } from '../../policy/common-name.ts'
import { identityProblem } from '../../policy/identity.ts'
import { type KeyTypeName, keyTypeNames } from '../../policy/key-types.ts'
import { parseCsv } from '../charge-points/csv.ts'

/** One charge point of a manufacturer's list. */
export interface ListedChargePoint {
  readonly identity: string
  /** The CN (A00.FR.405). */
  readonly serialNumber: string
  readonly keyType: KeyTypeName
  /** Of its files, without ending: the identity, so written that it cannot leave the folder. */
  readonly fileName: string
}

export interface BulkList {
  readonly chargePoints: readonly ListedChargePoint[]
  /** "line 7: …"; empty: the list is in order. */
  readonly problems: readonly string[]
}

/** More than any factory makes in a batch; each is two files and a key pair. */
const maxRows = 200_000
const columns = ['identity', 'serialNumber', 'key'] as const
type Column = (typeof columns)[number]

/**
 * Reads a list, CSV with a header: identity, serialNumber (left out or empty: the identity is it), key
 * (left out or empty: `usual`). Total: everything that is wrong is among the problems.
 */
export function parseBulkList(text: string, usual: KeyTypeName): BulkList {
  const { rows, problem } = parseCsv(text)
  if (problem !== null) return failed(`line ${problem.line}: ${problem.text}`)
  const [header, ...body] = rows
  if (header === undefined || body.length === 0) return failed('the list is empty; line 1 names its columns')
  if (body.length > maxRows) return failed(`the list has more than ${maxRows} rows; make it several`)
  const names = header.cells.map((cell) => cell.trim())
  const unknown = names.filter((name) => !columns.some((column) => column === name))
  if (unknown.length > 0 || !names.includes('identity') || new Set(names).size < names.length)
    return failed(`line 1: must name the columns identity, and where they are there serialNumber and key`)
  const problems: string[] = []
  const chargePoints: ListedChargePoint[] = []
  const seen = new Map<string, number>()
  for (const { line, cells } of body) {
    const cell = (column: Column): string => (cells[names.indexOf(column)] ?? '').trim()
    const { one, wrong } = readRow(cell, usual)
    for (const text of [...wrong, ...repeated(one, line, seen)]) problems.push(`line ${line}: ${text}`)
    chargePoints.push(one)
  }
  return { chargePoints, problems }
}

function readRow(
  cell: (column: Column) => string,
  usual: KeyTypeName,
): { readonly one: ListedChargePoint; readonly wrong: readonly string[] } {
  const identity = cell('identity')
  const serialNumber = cell('serialNumber') || identity
  const named = cell('key').toLowerCase()
  const keyType = named === '' ? usual : keyTypeNames.find((name) => name === named)
  const atIdentity = identityProblem(identity)
  const atSerial = commonNameProblem(serialNumber)
  const wrong = [
    ...(atIdentity === null ? [] : [atIdentity]),
    ...(atSerial === null ? [] : [`the serial number ${atSerial} (A00.FR.511)`]),
    ...(keyType === undefined ? [`key must be one of ${keyTypeNames.join(', ')}`] : []),
  ]
  const fileName = encodeURIComponent(identity.toWellFormed())
  return { one: { identity, serialNumber, keyType: keyType ?? usual, fileName }, wrong }
}

/** A00.FR.429: serial numbers and identities are each charge point's own. */
function repeated({ identity, serialNumber }: ListedChargePoint, line: number, seen: Map<string, number>) {
  const found: string[] = []
  for (const [what, value] of [
    ['identity', identity],
    ['serial number', serialNumber],
  ] as const) {
    const before = seen.get(`${what} ${value}`)
    if (before !== undefined) found.push(`its ${what} stands in line ${before} already`)
    else seen.set(`${what} ${value}`, line)
  }
  return found
}

const failed = (text: string): BulkList => ({ chargePoints: [], problems: [text] })
