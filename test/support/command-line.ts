import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Operator } from './operator.ts'
import type { TestProxy } from './proxy.ts'
import { keep } from './transcript.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

export interface CommandOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line as an operator does. Words are split at spaces. */
export type CommandLine = (line: string) => Promise<CommandOutcome>

/** Through the proxy while that runs, or on its store once it has ended. */
export function commandLine(proxy: TestProxy, boss: Operator): CommandLine {
  const throughProxy = () => [
    '--admin-url',
    `http://127.0.0.1:${proxy.port('admin')}`,
    '--admin-token-file',
    boss.section.tokenFile,
  ]
  const onStore = () => ['--store', join(proxy.pki.folder, 'data', 'proxy.db')]
  return (line) =>
    new Promise((resolve) => {
      const words = [main, ...line.split(' ')]
      const where = proxy.process.hasEnded ? onStore() : throughProxy()
      execFile(process.execPath, [...words, ...where], (error, out, err) => {
        keep('command', out + err)
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      })
    })
}
