import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Operator } from './operator.ts'
import type { TestProxy } from './proxy.ts'
import { keep } from './transcript.ts'

export interface CommandOutcome {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** The command line as an operator runs it, through a running proxy. */
export function cliOf(proxy: TestProxy, { section }: Operator) {
  return (...words: readonly string[]): Promise<CommandOutcome> => {
    const where = ['--admin-url', `http://127.0.0.1:${proxy.port('admin')}`]
    const all = [main, ...words, ...where, '--admin-token-file', section.tokenFile]
    return new Promise((resolve) => {
      execFile(process.execPath, all, (error, out, err) => {
        keep('command', out + err)
        resolve({ exitCode: error === null ? 0 : Number(error.code), out, err })
      })
    })
  }
}
