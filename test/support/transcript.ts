import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'

/**
 * Copies of what the suite makes the product say, for scripts/grep-secrets.ts. They are kept only when
 * transcript-hooks.ts is loaded, as `npm test` does; a single test that is run by hand leaves none.
 */
export const transcriptVariable = 'OCPP_TRANSCRIPT'

/** Where something was said. */
export const channels = {
  process: 'what a process of ours wrote: log lines, the output of commands',
  http: 'what was answered over HTTP: admin API, metrics, refusals',
  command: 'what a command wrote that ran in the process of its test',
  log: 'log lines of parts that ran in the process of their test',
  simulator: 'what a simulator told',
  sink: 'what a sink of security events delivered',
  store: 'SQLite files',
} as const

export type Channel = keyof typeof channels

const files = new Map<string, number>()

/** One file per process and channel. */
export function keep(channel: Channel, text: string | Uint8Array): void {
  const folder = process.env[transcriptVariable]
  if (folder === undefined) return
  writeSync(fileOf(join(folder, channel)), typeof text === 'string' ? Buffer.from(`${text}\n`) : text)
}

/** A copy of a file, if it is there. */
export function keepFile(channel: Channel, path: string): void {
  const folder = process.env[transcriptVariable]
  if (folder === undefined || !existsSync(path)) return
  const copies = join(folder, channel)
  mkdirSync(copies, { recursive: true })
  copyFileSync(path, join(copies, `${crypto.randomUUID()}-${basename(path)}`))
}

/** A copy of a SQLite file, and of what is not in it yet. */
export function keepDatabase(path: string): void {
  const folder = process.env[transcriptVariable]
  if (folder === undefined) return
  const copies = join(folder, 'store' satisfies Channel)
  mkdirSync(copies, { recursive: true })
  const copy = join(copies, `${crypto.randomUUID()}.db`)
  for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, copy + part)
}

/** Open until the process ends, of which there is one per test file. */
function fileOf(folder: string): number {
  const known = files.get(folder)
  if (known !== undefined) return known
  mkdirSync(folder, { recursive: true })
  const file = openSync(join(folder, `${process.pid}.txt`), 'a', 0o600)
  process.once('exit', () => closeSync(file))
  files.set(folder, file)
  return file
}
