/** Text for terminals: tables, times, and nothing that a peer could use to forge a line. */

/** Control and invisible characters, all but the line feed. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Escapes what would move the cursor, colour the screen or hide text. Line feeds stay. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) =>
    character === '\n' ? '\n' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** A table with left-aligned columns; one line a row. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** "name  value" lines with the values in one column. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs
    .map(([name, value]) => `${name.padEnd(width)}  ${printable(value).replaceAll('\n', ' ')}\n`)
    .join('')
}

/** ISO 8601 in UTC, to the second; `none` for no time. */
export function time(milliseconds: number | null, none = '-'): string {
  if (milliseconds === null) return none
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? String(milliseconds) : `${date.toISOString().slice(0, 19)}Z`
}
