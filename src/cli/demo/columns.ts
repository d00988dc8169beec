import { printable } from '../output.ts'

export interface Column {
  readonly title: string
  readonly width: number
  /** What it may shrink to on a narrow terminal; 0: it may go. It stays as wide as it is when left out. */
  readonly least?: number
}

/** A column narrower than this says nothing. */
const narrowest = 8
const gap = '  '

/** Makes columns fit: those at the end shrink first. `room`: Infinity when there is no terminal. */
export function fitColumns(columns: readonly Column[], room: number): readonly Column[] {
  let excess = columns.reduce((sum, { width }) => sum + width + gap.length, -gap.length) - room
  const fitted: Column[] = []
  for (const column of columns.toReversed()) {
    const { width, least = width } = column
    const taken = Math.max(0, Math.min(excess, width - least))
    const left = width - taken
    const goes = left < narrowest && taken > 0
    excess -= goes ? width + gap.length : taken
    fitted.unshift({ ...column, width: goes ? 0 : left })
  }
  return fitted
}

/** One line of a table; `cells` in the order of the columns. */
export function lineOf(columns: readonly Column[], cells: readonly string[]): string {
  return columns
    .map(({ width }, index) => ({ width, text: printable(cells[index] ?? '').replaceAll('\n', ' ') }))
    .filter(({ width }) => width > 0)
    .map(({ width, text }) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`).padEnd(width))
    .join(gap)
    .trimEnd()
}

export function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length))
}
