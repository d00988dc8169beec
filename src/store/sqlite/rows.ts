import type { SQLOutputValue } from 'node:sqlite'
import { ProxyError } from '../../policy/error.ts'

/** A row as node:sqlite gives it, and its columns as the types that the tables promise (STRICT). */
export type Row = Readonly<Record<string, SQLOutputValue>>

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column]
  if (value === null || typeof value === 'string') return value
  throw unexpected(column)
}

export function text(row: Row, column: string): string {
  return textOrNull(row, column) ?? fail(column)
}

export function integerOrNull(row: Row, column: string): number | null {
  const value = row[column]
  if (value === null || typeof value === 'number') return value
  throw unexpected(column)
}

export function integer(row: Row, column: string): number {
  return integerOrNull(row, column) ?? fail(column)
}

/** One of a closed list of values. */
export function oneOf<Value extends string | number>(
  values: readonly Value[],
  value: string | number | null,
  column: string,
): Value | null {
  if (value === null) return null
  return values.find((known) => known === value) ?? fail(column)
}

export function parseJson(row: Row, column: string): unknown {
  const json = textOrNull(row, column)
  if (json === null) return null
  try {
    return JSON.parse(json)
  } catch {
    throw unexpected(column)
  }
}

function fail(column: string): never {
  throw unexpected(column)
}

/** The value itself is not told: it may be a credential. */
function unexpected(column: string): ProxyError {
  return new ProxyError('store_corrupt', 'operator', `the store holds an unexpected value in ${column}`)
}
