import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pkiCommand } from '../../src/cli/pki.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { secret } from '../support/secrets.ts'
import { keep } from '../support/transcript.ts'
import type { Outcome } from './fake-shell.ts'

/** The pki commands in a folder of their own. */
export interface PkiSetting {
  readonly folder: string
  path(name: string): string
  write(name: string, content: string | Buffer): string
  read(name: string): Buffer
  mode(name: string): number
  /** Words; those that begin with "@" are names in the folder. */
  run(...words: readonly string[]): Promise<Outcome>
}

class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

export function setUpPki(context: Pick<TestContext, 'after'>, now: () => number = Date.now): PkiSetting {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-pki-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string): string => join(folder, name)
  return {
    folder,
    path,
    write(name, content) {
      writeFileSync(path(name), content, { mode: 0o600 })
      return path(name)
    },
    read(name) {
      const content = readFileSync(path(name))
      if (name.endsWith('.key')) secret('private key', content.toString())
      return content
    },
    mode: (name) => statSync(path(name)).mode & 0o777,
    async run(...words) {
      let [code, out, err] = [0, '', '']
      const shell: Shell = {
        out: async (text) => {
          out += text
        },
        err: (text) => {
          err += text
        },
        input: async () => null,
        exit: (status) => {
          throw new Exit(status)
        },
        setExitCode: (status) => {
          code = status
        },
        now,
        wait: async () => false,
        env: {},
      }
      const args = words.map((word) => (word.startsWith('@') ? path(word.slice(1)) : word))
      try {
        await pkiCommand(shell).parseAsync(args, { from: 'user' })
      } catch (error) {
        if (!(error instanceof Exit)) throw error
        code = error.code
      }
      keep('command', out + err)
      return { code, out, err }
    },
  }
}
