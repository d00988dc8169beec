import type { Paint } from '../demo/paint.ts'
import { printable } from '../output.ts'

/** Fields of a log line that `rejections explain` shows better than a line on a terminal. */
const leftOut: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'reason',
  'detail',
  'type',
  'techInfo',
  'origin',
  'identity',
  'stage',
  'mode',
  'event',
  'port',
  'profile',
  'certificate',
  'refusedAt',
  'ja4',
])

/** A JSON log line of the proxy as a short line for people; null for one that they need not see. */
export function compactLogLine(json: string, paint: Paint): string | null {
  const line = parseLine(json)
  if (line === null) return printable(json).trimEnd()
  const text = (name: string) => (line[name] === undefined ? '' : String(line[name]))
  // What listens where is printed by itself.
  if (text('msg') === 'listening') return null
  const rest = Object.entries(line).filter(([name, value]) => !leftOut.has(name) && value !== null)
  const words = [
    text('identity') === 'null' ? '' : text('identity'),
    text('msg'),
    text('reason'),
    text('type'),
    ...['detail', 'techInfo'].map((name) => (text(name) === '' ? '' : `(${text(name)})`)),
    ...rest.map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`),
  ]
  const said = printable(words.filter((word) => word !== '').join(' ')).replaceAll('\n', ' ')
  return shortLine(text('time'), 'proxy', colourOf(text('level'), paint)(said), paint)
}

/** The shape of every line below the summary: time of day, who speaks, what. */
export function shortLine(iso: string, who: string, text: string, paint: Paint): string {
  return `${paint('dim', `${iso.slice(11, 19)} ${who.padEnd(7)}`)} ${text}`
}

function colourOf(level: string, paint: Paint): (text: string) => string {
  switch (level) {
    case 'error':
    case 'fatal':
      return (text) => paint('red', text)
    case 'warn':
      return (text) => paint('yellow', text)
    default:
      return (text) => text
  }
}

function parseLine(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : null
  } catch {
    return null
  }
}
