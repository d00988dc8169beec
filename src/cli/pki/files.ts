import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readFileBounded } from '../../config/read.ts'
import { readSecretText } from '../../config/secrets.ts'
import { writeAtomically, writeNew } from '../../pki/files.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { usageError } from '../store-command.ts'

/** Files that the pki commands read and write. */

export interface OutputFile {
  readonly path: string
  readonly content: string | Buffer
  readonly mode: number
}

/** A00.FR.602: keys are their owner's; certificates are for everybody. */
export const secretMode = 0o600
export const publicMode = 0o644

const maxFileBytes = 1024 * 1024

/** Throws ProxyError `pki_exists` when one of them is there. */
export function requireFree(paths: readonly string[], force: boolean): void {
  const there = force ? [] : paths.filter((path) => existsSync(path))
  const [first] = there
  if (first === undefined) return
  const more = there.length > 1 ? ` and ${there.length - 1} more` : ''
  throw new ProxyError(
    'pki_exists',
    'operator',
    `${first}${more} exists already; --force writes over it, and what was there is gone`,
  )
}

/**
 * Writes all of them or none: nothing is written over without `force`, folders are made. Keys should
 * come first: a certificate without its key looks complete. Throws ProxyError `pki_exists`, `pki_file`.
 */
export async function writeFiles(files: readonly OutputFile[], force: boolean): Promise<void> {
  requireFree(
    files.map(({ path }) => path),
    force,
  )
  const written: string[] = []
  for (const { path, content, mode } of files) {
    try {
      await mkdir(dirname(path), { recursive: true })
      await (force ? writeAtomically : writeNew)(path, content, mode)
      written.push(path)
    } catch (cause) {
      if (!force) await Promise.all(written.map((one) => rm(one, { force: true })))
      throw new ProxyError('pki_file', 'operator', `${path}: ${messageOf(cause)}`, { cause })
    }
  }
}

/** A whole file of at most 1 MiB. Throws ProxyError `usage`: a file that was named wrong is used wrong. */
export function readInput(path: string): Buffer {
  try {
    return readFileBounded(path, maxFileBytes)
  } catch (error) {
    throw usageError(`the file ${path} ${messageOf(error)}`)
  }
}

/** The passphrase in a file, for an option; undefined without the option. Throws ProxyError `usage`. */
export function readPassphrase(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const read = readSecretText(path, readFileBounded)
  if (!read.ok) throw usageError(read.problem)
  return read.value
}
