import { closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Matcher } from './matcher.ts'

/** Where a secret was found. */
export interface Finding {
  readonly file: string
  /** 1 for the first line; of a database the number of the row. */
  readonly line: number
  readonly what: string
}

export type Found = (finding: Finding) => void

const chunkSize = 1 << 20
const newline = 0x0a

/** Looks through a file, in pieces; `read` fills a buffer and returns how many bytes there were. */
export function lookThrough(file: string, matcher: Matcher, read: (into: Buffer) => number, found: Found) {
  const buffer = Buffer.alloc(chunkSize + matcher.longest)
  let line = 1
  /** Bytes of the piece before, in which a secret may have begun. */
  let kept = 0
  let total = 0
  for (;;) {
    const length = read(buffer.subarray(kept))
    if (length === 0) return total
    total += length
    const text = buffer.subarray(0, kept + length)
    matcher.search(text, (start, end, { what }) => {
      // What ended in the piece before was found there.
      if (end > kept) found({ file, line: line + newlines(text.subarray(0, start)), what })
    })
    const next = Math.min(matcher.longest - 1, text.length)
    line += newlines(text.subarray(0, text.length - next))
    text.copyWithin(0, text.length - next)
    kept = next
  }
}

function newlines(text: Buffer): number {
  let count = 0
  for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) count += 1
  return count
}

/** Bytes that were looked at. */
export function lookIntoFile(path: string, file: string, matcher: Matcher, found: Found): number {
  const handle = openSync(path, 'r')
  try {
    return lookThrough(file, matcher, (into) => readSync(handle, into), found)
  } finally {
    closeSync(handle)
  }
}

/** Every value of every table: in the file itself a long one may be in pieces. */
export function lookIntoDatabase(path: string, file: string, matcher: Matcher, found: Found): void {
  const database = new DatabaseSync(path)
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
    for (const { name } of tables) {
      let row = 0
      for (const values of database.prepare(`select * from "${String(name)}"`).iterate()) {
        row += 1
        for (const [column, value] of Object.entries(values)) {
          if (typeof value !== 'string' && !(value instanceof Uint8Array)) continue
          const place = `${file} ${String(name)}.${column}`
          matcher.search(Buffer.from(value), (_start, _end, { what }) =>
            found({ file: place, line: row, what }),
          )
        }
      }
    }
  } finally {
    database.close()
  }
}
