import { messageOf } from '../../policy/error.ts'
import { parseCsv } from './csv.ts'
import { importColumns, type RawRow, type RowProblem } from './rows.ts'

export interface ImportFile {
  readonly rows: readonly RawRow[]
  readonly problems: readonly RowProblem[]
}

/** Reads an import file, CSV with a header or a JSON array of objects. Total: never throws. */
export function parseImportFile(text: string): ImportFile {
  return /^\s*[[{]/.test(text) ? parseJsonFile(text) : parseCsvFile(text)
}

function parseCsvFile(text: string): ImportFile {
  const { rows, problem } = parseCsv(text)
  const problems: RowProblem[] =
    problem === null ? [] : [{ where: `line ${problem.line}`, text: problem.text }]
  const [header, ...body] = rows
  if (header === undefined) return fileProblem('the file is empty')
  const columns = header.cells.map((cell) => cell.trim())
  problems.push(...headerProblems(columns))
  if (problems.length > 0) return { rows: [], problems }

  const parsed: RawRow[] = []
  for (const { line, cells } of body) {
    const where = `line ${line}`
    if (cells.length !== columns.length) {
      problems.push({ where, text: `has ${cells.length} cells, the header has ${columns.length}` })
    } else {
      parsed.push({ where, values: Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) })
    }
  }
  return { rows: parsed, problems }
}

function headerProblems(columns: readonly string[]): RowProblem[] {
  const where = 'line 1'
  const problems = unknownNames(columns).map((text) => ({ where, text }))
  if (!columns.includes('identity')) problems.push({ where, text: 'the column identity is missing' })
  if (new Set(columns).size !== columns.length) problems.push({ where, text: 'a column occurs twice' })
  return problems
}

function parseJsonFile(text: string): ImportFile {
  let items: unknown
  try {
    items = JSON.parse(text)
  } catch (error) {
    // V8 quotes the text around the fault, and that may be a password: only the place is told.
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(messageOf(error))?.[0]
    return fileProblem(`the file is no valid JSON${place === undefined ? '' : `, at ${place}`}`)
  }
  if (!Array.isArray(items)) return fileProblem('the JSON is no array of charge points')
  const rows: RawRow[] = []
  const problems: RowProblem[] = []
  for (const [index, item] of items.entries()) {
    const where = `item ${index + 1}`
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      problems.push({ where, text: 'is no object' })
      continue
    }
    problems.push(...unknownNames(Object.keys(item)).map((text) => ({ where, text })))
    const values: Record<string, string> = {}
    for (const [key, value] of Object.entries(item).filter(([name]) => isColumn(name))) {
      const cell = cellOf(key, value)
      if (cell === null) problems.push({ where, text: `${key} has the wrong type` })
      else values[key] = cell
    }
    rows.push({ where, values })
  }
  return { rows, problems }
}

/** A JSON value as the text that a CSV cell would hold; null when it can be none. */
function cellOf(key: string, value: unknown): string | null {
  if (value === null) return ''
  if (key === 'passwordHash' && typeof value === 'object') return JSON.stringify(value)
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? String(value) : null
}

function isColumn(name: string): boolean {
  return (importColumns as readonly string[]).includes(name)
}

/** Without the name identity they are no names, but data that a header should precede: not repeated. */
function unknownNames(names: readonly string[]): string[] {
  const shown = (name: string) => (names.includes('identity') ? ` "${name.slice(0, 40)}"` : '')
  return names
    .filter((name) => !isColumn(name))
    .map((name) => `unknown column${shown(name)}; known are ${importColumns.join(', ')}`)
}

function fileProblem(text: string): ImportFile {
  return { rows: [], problems: [{ where: 'file', text }] }
}
