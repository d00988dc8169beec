import { actions } from './actions.ts'
import { actionNames201 } from './actions-201.ts'
import { fnv1a } from './fnv.ts'

/**
 * Actions of both versions as small numbers, found from bytes without making a string. The names are metric
 * labels: what is not in the list is `other`, so that nobody can make labels from outside.
 */
const names: readonly string[] = [...new Set([...Object.keys(actions), ...actionNames201])]
export const actionNames: readonly string[] = ['none', 'other', ...names]

/** Not a CALL. */
export const noAction = 0
/** A CALL of an action that we do not know. */
export const otherAction = 1

interface Entry {
  readonly index: number
  readonly bytes: Buffer
}

const byHash: ReadonlyMap<number, Entry> = new Map(
  names.map((name, position) => {
    const bytes = Buffer.from(name)
    return [fnv1a(bytes, 0, bytes.length), { index: position + 2, bytes }]
  }),
)

/** The index of the action whose name is `text[from..to)`. */
export function actionIndexOf(text: Uint8Array, from: number, to: number): number {
  const entry = byHash.get(fnv1a(text, from, to))
  if (entry === undefined || entry.bytes.length !== to - from) return otherAction
  const { bytes } = entry
  for (let index = 0; index < bytes.length; index += 1) {
    if (bytes[index] !== text[from + index]) return otherAction
  }
  return entry.index
}
