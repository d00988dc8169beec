import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LogRecord, LogUpload } from '../charge-point-logs.ts'
import { chargePointFolder, readRecordId } from './log-names.ts'

/** A request as it is on disk; what was uploaded is a file of its own, so that no writer undoes another. */
export type StoredRequest = Omit<LogRecord, 'upload'> & {
  /** SHA-256 of the token of its URL: who reads the folder cannot upload. */
  readonly tokenHash: string
}

export interface StoredToken {
  readonly identity: string
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** The files of the folder: what is named how, and nothing about rules. */
export class LogFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  path(identity: string, id: string, kind: 'json' | 'upload.json' | 'log' | 'part'): string {
    return join(this.#folder, chargePointFolder(identity), `${id}.${kind}`)
  }

  /** `hash`: hexadecimal. */
  tokenPath(hash: string): string {
    return join(this.#folder, 'tokens', `${hash}.json`)
  }

  /** Ids of a charge point, oldest first. */
  async ids(identity: string): Promise<readonly string[]> {
    return idsIn(await names(join(this.#folder, chargePointFolder(identity))))
  }

  async record(identity: string, id: string): Promise<(LogRecord & { readonly tokenHash: string }) | null> {
    const request = await readJson<StoredRequest>(this.path(identity, id, 'json'))
    if (request === null || request.identity !== identity) return null
    return { ...request, upload: await readJson<LogUpload>(this.path(identity, id, 'upload.json')) }
  }

  async remove(identity: string, id: string): Promise<void> {
    const request = await readJson<StoredRequest>(this.path(identity, id, 'json'))
    if (request !== null) await rm(this.tokenPath(request.tokenHash), { force: true })
    await Promise.all(
      (['json', 'upload.json', 'log', 'part'] as const).map((kind) =>
        rm(this.path(identity, id, kind), { force: true }),
      ),
    )
  }

  /** Every charge point that has a request, with its ids; one folder after the other. */
  async *chargePoints(): AsyncGenerator<{ readonly identity: string; readonly ids: readonly string[] }> {
    for (const name of await names(this.#folder)) {
      if (!name.startsWith('cp-')) continue
      const ids = idsIn(await names(join(this.#folder, name)))
      for (const id of ids) {
        const request = await readJson<StoredRequest>(join(this.#folder, name, `${id}.json`))
        if (request === null || chargePointFolder(request.identity) !== name) continue
        yield { identity: request.identity, ids }
        break
      }
    }
  }

  async tokens(): Promise<readonly string[]> {
    return (await names(join(this.#folder, 'tokens'))).flatMap((name) => {
      const hash = /^([0-9a-f]{64})\.json$/.exec(name)?.[1]
      return hash === undefined ? [] : [hash]
    })
  }

  /** Bytes of everything that was uploaded, and of what is on its way. */
  async bytes(): Promise<number> {
    let total = 0
    for (const name of await names(this.#folder)) {
      if (!name.startsWith('cp-')) continue
      for (const file of await names(join(this.#folder, name))) {
        if (/\.(log|part)$/.test(file)) total += await sizeOf(join(this.#folder, name, file))
      }
    }
    return total
  }
}

/** null: there is none, or nothing that can be read. */
export async function readJson<Value>(path: string): Promise<Value | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Value
  } catch {
    return null
  }
}

/** Whole or not at all: readers never see half of it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await writeFile(draft, JSON.stringify(value), { mode: 0o600, flag: 'wx', flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
}

function idsIn(files: readonly string[]): readonly string[] {
  return files
    .flatMap((name) => {
      const id = name.endsWith('.upload.json') ? null : (/^(.*)\.json$/.exec(name)?.[1] ?? null)
      const read = id === null ? null : readRecordId(id)
      return id === null || read === null ? [] : [{ id, at: read.requestedAt }]
    })
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id)
}
