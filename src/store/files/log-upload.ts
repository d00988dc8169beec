import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { Writable } from 'node:stream'
import type { LogClaim, LogUpload } from '../charge-point-logs.ts'
import type { LogArchiveSettings } from './log-archive.ts'
import { type LogFiles, readJson, type StoredToken, writeJson } from './log-files.ts'
import { sha256 } from './log-names.ts'

/** Bytes on disk, as far as this process knows; and the hashes of tokens that are being uploaded to. */
export interface Budget {
  used: number
  readonly uploads: Set<string>
}

export interface UploadDeps {
  readonly files: LogFiles
  readonly budget: Budget
  readonly settings: () => LogArchiveSettings
  readonly now: () => number
}

const maxContentType = 200

/** The place of an upload, for whoever has the token. See `LogArchive.claim`. */
export async function claimUpload(
  deps: UploadDeps,
  token: string,
): Promise<LogClaim | 'busy' | 'full' | null> {
  const { files, budget, settings, now } = deps
  const hash = sha256(token)
  if (budget.uploads.has(hash)) return 'busy'
  budget.uploads.add(hash)
  let part: FileHandle | null = null
  try {
    const found = await readJson<StoredToken>(files.tokenPath(hash))
    if (found === null || found.until < now()) return null
    const record = await files.record(found.identity, found.id)
    if (record === null || record.tokenHash !== hash) return null
    if (budget.used >= settings().maxTotalBytes) return 'full'
    const path = files.path(found.identity, found.id, 'part')
    part = await openPart(path, 2 * settings().timeout, now())
    if (part === null) return 'busy'
    const { tokenHash: _, ...known } = record
    return claimOf(deps, hash, part, { ...known, path })
  } finally {
    if (part === null) budget.uploads.delete(hash)
  }
}

function claimOf(
  { files, budget, settings, now }: UploadDeps,
  hash: string,
  part: FileHandle,
  { path, ...record }: LogClaim['record'] & { readonly path: string },
): LogClaim {
  const { identity, id } = record
  const digest = createHash('sha256')
  let bytes = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (budget.used + chunk.length > settings().maxTotalBytes)
        return done(Object.assign(new Error('the room for logs is used up'), { code: 'LOGS_FULL' }))
      bytes += chunk.length
      budget.used += chunk.length
      digest.update(chunk)
      part.writeFile(chunk).then(() => done(), done)
    },
    final: (done) => void part.sync().then(() => done(), done),
    destroy: (error, done) => void part.close().then(() => done(error), done),
  })
  async function release(): Promise<void> {
    if (!sink.closed) await new Promise<void>((resolve) => void sink.once('close', resolve).destroy())
    await rm(path, { force: true })
    budget.used = Math.max(0, budget.used - bytes)
    budget.uploads.delete(hash)
  }
  return {
    record,
    sink,
    release,
    async finish(contentType) {
      // Its request may have made room for younger ones meanwhile.
      if ((await files.record(identity, id)) === null) {
        await release()
        return false
      }
      await rename(path, files.path(identity, id, 'log'))
      const upload: LogUpload = {
        bytes,
        sha256: digest.digest('hex'),
        receivedAt: now(),
        contentType: contentType?.slice(0, maxContentType) ?? null,
      }
      await writeJson(files.path(identity, id, 'upload.json'), upload)
      await rm(files.tokenPath(hash), { force: true })
      budget.uploads.delete(hash)
      return true
    },
  }
}

/** One writer, of all replicas; one that is long silent has been killed. null: somebody writes. */
async function openPart(path: string, staleMs: number, now: number): Promise<FileHandle | null> {
  const create = () =>
    open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return null
      throw error
    })
  const first = await create()
  if (first !== null) return first
  const seen = await stat(path).catch(() => null)
  if (seen !== null && seen.mtimeMs > now - staleMs) return null
  await rm(path, { force: true })
  return create()
}
