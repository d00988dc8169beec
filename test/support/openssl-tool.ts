import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** For tests that ask a foreign tool: they skip with a line that says so when it is absent. */
export const needsOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? {} : { skip: 'the openssl tool is not installed' }

export interface OpensslFolder {
  path(name: string): string
  write(name: string, content: string | Buffer): string
  read(name: string): Buffer
  /** Runs it in the folder, throws what it said when it fails, and returns both outputs. */
  run(...args: readonly string[]): string
  /** The same for what may fail. */
  try(...args: readonly string[]): { readonly ok: boolean; readonly output: string }
}

/** A folder of its own for the tool, removed when the file's tests are over. */
export function opensslFolder(): OpensslFolder {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-openssl-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string): string => join(folder, name)
  const attempt: OpensslFolder['try'] = (...args) => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    return { ok: status === 0, output: `${stdout}${stderr}` }
  }
  return {
    path,
    write(name, content) {
      writeFileSync(path(name), content, { mode: 0o600 })
      return path(name)
    },
    read: (name) => readFileSync(path(name)),
    run(...args) {
      const { ok, output } = attempt(...args)
      if (!ok) throw new Error(`openssl ${args.join(' ')} failed: ${output}`)
      return output
    },
    try: attempt,
  }
}
