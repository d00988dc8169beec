import { accessSync, constants, statSync } from 'node:fs'
import { type ReadFile, readFileBounded } from '../../config/read.ts'
import type { Config } from '../../config/schema.ts'
import { messageOf } from '../../policy/error.ts'
import { readSealedPasswords, type SealedPassword } from '../../store/sqlite/sealed-passwords.ts'

/** What the checks see of the world: given, so that a test can make any world. */
export interface CheckContext {
  readonly config: Config
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly readFile: ReadFile
  /** null: there is no such file. */
  stat(path: string): { readonly mode: number; readonly isDirectory: boolean } | null
  /** Passwords for the central system in a store that is there. */
  sealedPasswords(path: string): readonly SealedPassword[]
  /** May this process write to the file, or make files in the folder? */
  isWritable(path: string): boolean
}

/** The context of the machine itself. */
export function machineContext(config: Config, now: number): CheckContext {
  return {
    config,
    now,
    readFile: readFileBounded,
    stat: (path) => {
      const facts = statSync(path, { throwIfNoEntry: false })
      return facts ? { mode: facts.mode, isDirectory: facts.isDirectory() } : null
    },
    sealedPasswords: readSealedPasswords,
    isWritable: (path) => {
      try {
        accessSync(path, constants.W_OK)
        return true
      } catch {
        return false
      }
    },
  }
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string }

/** Longer than any chain or list of roots that a charge point operator has. */
const maxPemBytes = 1024 * 1024

export function readPem(context: CheckContext, path: string): Outcome<string> {
  const bytes = readBytes(context, path)
  return bytes.ok ? { ok: true, value: bytes.value.toString('utf8') } : bytes
}

export function readBytes(context: CheckContext, path: string): Outcome<Buffer> {
  try {
    return { ok: true, value: context.readFile(path, maxPemBytes) }
  } catch (error) {
    return { ok: false, problem: `the file ${path} ${messageOf(error)}` }
  }
}
