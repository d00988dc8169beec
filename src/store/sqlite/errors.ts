import { messageOf, ProxyError } from '../../policy/error.ts'

/** Primary result codes of SQLite (its documentation, "Result and Error Codes"). */
const resultCodes = {
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const

/** SQLITE_CONSTRAINT_UNIQUE, an extended code. */
const uniqueViolation = 2067

const told: Readonly<Record<number, readonly [code: string, message: string]>> = {
  [resultCodes.perm]: ['store_denied', 'access was denied'],
  [resultCodes.busy]: ['store_busy', 'another process keeps it locked'],
  [resultCodes.locked]: ['store_busy', 'another process keeps it locked'],
  [resultCodes.readOnly]: ['store_read_only', 'the file or its folder is read-only'],
  [resultCodes.ioError]: ['store_io', 'the disk reported an error'],
  [resultCodes.corrupt]: ['store_corrupt', 'the file is damaged; restore it from a backup'],
  [resultCodes.full]: ['store_full', 'the disk is full'],
  [resultCodes.cannotOpen]: [
    'store_cannot_open',
    'the file cannot be opened; see its folder and their modes',
  ],
  [resultCodes.notADatabase]: ['store_foreign', 'the file is no SQLite database'],
}

/** The extended result code of an error of node:sqlite, or null. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error)
  return code !== null && (code & 0xff) === resultCodes.busy
}

export function isUniqueViolation(error: unknown): boolean {
  return resultCodeOf(error) === uniqueViolation
}

/** What the store throws instead of an error of SQLite: what happened, in words for an operator. */
export function storeError(error: unknown, path: string): ProxyError {
  if (error instanceof ProxyError) return error
  const code = resultCodeOf(error)
  const [name, text] = (code === null ? undefined : told[code & 0xff]) ?? ['store_failed', messageOf(error)]
  return new ProxyError(name, 'operator', `store ${path}: ${text}`, { cause: error })
}
