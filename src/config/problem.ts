/** What is wrong with a configuration, and where: the same shape for loading, checking and starting. */

/** `error`: the proxy does not start. `warning`: it does, and says so. */
export type Level = 'error' | 'warning'

/** A key's place in the configuration: ['listeners', 0, 'tls']. */
export type KeyPath = readonly (string | number)[]

export interface Position {
  readonly line: number
  readonly column: number
}

export interface Finding {
  readonly level: Level
  readonly file: string
  /** null: the finding is about the file as a whole. Lines and columns count from 1. */
  readonly position: Position | null
  /** As people write it: listeners[0].tls.legacy; empty for the whole file. */
  readonly key: string
  /** Never holds a secret. */
  readonly text: string
  readonly requirements: readonly string[]
}

/** A finding before anybody knew the file and the line: what rules and the schema return. */
export interface KeyFinding {
  readonly level: Level
  readonly path: KeyPath
  readonly text: string
  readonly requirements?: readonly string[]
  /** Point at the key instead of its value. */
  readonly atKey?: boolean
}

export function problem(path: KeyPath, text: string, requirements: readonly string[] = []): KeyFinding {
  return { level: 'error', path, text, requirements }
}

export function warning(path: KeyPath, text: string, requirements: readonly string[] = []): KeyFinding {
  return { level: 'warning', path, text, requirements }
}

const plainKey = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/

/** The path as people write it. Odd keys are quoted and cut, so that they cannot forge a line of output. */
export function formatKey(path: KeyPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (plainKey.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${quote(part)}]`
  }
  return text
}

/** A text from a file, made safe to print on one line. */
export function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    '?',
  )
}

/** `file:line:column key: text [ids]`, one line. */
export function formatFinding(finding: Finding): string {
  const place = finding.position ? `:${finding.position.line}:${finding.position.column}` : ''
  const key = finding.key === '' ? '' : ` ${finding.key}:`
  const separator = finding.key === '' ? ':' : ''
  const ids = finding.requirements.length > 0 ? ` [${finding.requirements.join(', ')}]` : ''
  return `${finding.file}${place}${separator}${key} ${finding.text}${ids}`
}

/** In order of position; findings without one come first. */
export function byPosition(a: Finding, b: Finding): number {
  return (
    (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0)
  )
}
