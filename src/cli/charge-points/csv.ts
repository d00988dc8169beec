/** CSV as of RFC 4180, and as spreadsheets write it: semicolons, a byte order mark, any line end. */

export interface CsvRow {
  /** Where the row begins, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** Null in `problem`: the text was read whole. Total: never throws. */
export interface ParsedCsv {
  readonly rows: readonly CsvRow[]
  readonly problem: { readonly line: number; readonly text: string } | null
}

/** One cell with what ends it: a quoted one, or one without quotes. */
const cellPattern = {
  ',': /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y,
  ';': /(?:"((?:[^"]|"")*)"|([^";\r\n]*))(;|\r\n|\n|\r|$)/y,
} as const

/** Empty lines are left out. */
export function parseCsv(input: string): ParsedCsv {
  const text = input.startsWith('\uFEFF') ? input.slice(1) : input
  const pattern = cellPattern[separatorOf(text)]
  pattern.lastIndex = 0
  const rows: CsvRow[] = []
  let cells: string[] = []
  let line = 1
  let start = 1
  while (pattern.lastIndex < text.length || cells.length > 0) {
    const match = pattern.exec(text)
    if (match === null)
      return { rows, problem: { line, text: 'a quotation mark is out of place or not closed' } }
    const [, quoted, plain = '', end = ''] = match
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (quoted !== undefined) line += lineEnds(quoted)
    if (end === ',' || end === ';') continue
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: start, cells })
    cells = []
    line += 1
    start = line
    if (end === '') break
  }
  return { rows, problem: null }
}

/** The first line decides: spreadsheets of many countries write semicolons. */
function separatorOf(text: string): ',' | ';' {
  const [header = ''] = text.split(/[\r\n]/, 1)
  return header.includes(';') && !header.includes(',') ? ';' : ','
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0
}

/** One row, with a line end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  return /[",;\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
