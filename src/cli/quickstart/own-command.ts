import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

/** How this program was started: what has to be typed to start it again. */
export interface Invocation {
  /** `process.argv[1]`. */
  readonly script: string
  readonly folder: string
  readonly exists?: (path: string) => boolean
}

const name = 'ocpp-security-proxy'

/**
 * The words before a sub-command that work in `folder`: with the Node of the checkout when there is
 * one, because the machine's own may be too old.
 */
export function ownCommand({ script, folder, exists = existsSync }: Invocation): string {
  if (basename(script) === name) return script.includes('node_modules') ? `npx ${name}` : name
  const local = join('node_modules', '.bin', 'node')
  const node = exists(join(folder, local)) ? local : 'node'
  const nearby = relative(folder, script)
  return `${node} ${shellWord(nearby.startsWith('..') ? script : nearby)}`
}

/** A path as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
