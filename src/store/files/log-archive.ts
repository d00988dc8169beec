import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { uploadTokenBytes } from '../../policy/charge-point-log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { LogArchive, LogRecord, LogRequest } from '../charge-point-logs.ts'
import { LogFiles, readJson, type StoredRequest, type StoredToken, sizeOf, writeJson } from './log-files.ts'
import { readRecordId, recordId, sha256 } from './log-names.ts'
import { createTurns } from './log-turns.ts'
import { type Budget, claimUpload } from './log-upload.ts'

export interface LogArchiveSettings {
  /** Requests of one charge point. */
  readonly keep: number
  /** Milliseconds. */
  readonly age: number
  readonly openFor: number
  /** Milliseconds without a byte behind which an upload is given up, and one that a killed process left is nobody's. */
  readonly timeout: number
  readonly maxTotalBytes: number
}

export interface LogArchiveDeps {
  /** Asked for each request: a reload may change them. */
  readonly settings: () => LogArchiveSettings
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What a charge point sends is at most this long (GetLog.conf). */
const maxFileName = 255

/**
 * Logs as files of one folder, which replicas may share: requests and tokens are small JSON files, so that a
 * restart, or another replica, knows them. Throws ProxyError `logs_cannot_open`.
 */
export function openLogArchive(folder: string, { settings, now }: LogArchiveDeps): LogArchive {
  try {
    mkdirSync(join(folder, 'tokens'), { recursive: true, mode: 0o700 })
  } catch (cause) {
    const message = `the folder of charge point logs ${folder} cannot be made: ${messageOf(cause)}`
    throw new ProxyError('logs_cannot_open', 'operator', message, { cause })
  }
  const files = new LogFiles(folder)
  const inTurn = createTurns()
  const budget: Budget = { used: 0, uploads: new Set() }

  async function idOf(identity: string, requestId: number): Promise<string | null> {
    return (await files.ids(identity)).findLast((id) => readRecordId(id)?.requestId === requestId) ?? null
  }

  /**
   * So that one more is within the bounds: the oldest go. A central system that asks every hour takes its own
   * places first, else it would push out what operators have fetched.
   */
  async function makeRoom({ identity, origin }: LogRequest): Promise<void> {
    let ids = await files.ids(identity)
    const excess = ids.length - settings().keep + 1
    if (excess > 0 && origin === 'central-system') {
      const [own, others]: [string[], string[]] = [[], []]
      for (const id of ids) ((await files.record(identity, id))?.origin === origin ? own : others).push(id)
      ids = [...own, ...others]
    }
    for (const id of ids.slice(0, Math.max(0, excess))) await drop(identity, id)
  }

  async function drop(identity: string, id: string): Promise<void> {
    const bytes = await sizeOf(files.path(identity, id, 'log'))
    await files.remove(identity, id)
    budget.used = Math.max(0, budget.used - bytes)
  }

  async function begin(request: LogRequest) {
    const { identity } = request
    return inTurn(identity, async () => {
      await makeRoom(request)
      const taken = new Set((await files.ids(identity)).map((id) => readRecordId(id)?.requestId))
      let requestId = 0
      // Positive, and below 2^31: no charge point has trouble with it.
      while (requestId === 0 || taken.has(requestId)) requestId = randomBytes(4).readUInt32BE() >>> 1
      const token = randomBytes(uploadTokenBytes).toString('base64url')
      const requestedAt = now()
      const id = recordId(requestedAt, requestId)
      const noNews = { answer: null, fileName: null, status: null, statusAt: null }
      const stored: StoredRequest = {
        ...{ ...request, id, requestId, requestedAt, ...noNews },
        tokenHash: sha256(token),
      }
      await writeJson(files.path(identity, id, 'json'), stored)
      if (request.origin !== 'central-system') {
        const until = requestedAt + settings().openFor
        await writeJson(files.tokenPath(stored.tokenHash), { identity, id, until } satisfies StoredToken)
      }
      return { record: plain({ ...stored, upload: null }), token }
    })
  }

  async function prune(): Promise<void> {
    const { age, keep } = settings()
    for await (const { identity, ids } of files.chargePoints()) {
      const old = ids.filter((id, index) => {
        const at = readRecordId(id)?.requestedAt ?? 0
        return at < now() - age || index < ids.length - keep
      })
      for (const id of old) await inTurn(identity, () => drop(identity, id))
    }
    for (const hash of await files.tokens()) {
      const token = await readJson<StoredToken>(files.tokenPath(hash))
      if (token === null || token.until < now()) await rm(files.tokenPath(hash), { force: true })
    }
    // Of parts that nobody writes any more the next upload takes the place; here they count.
    budget.used = await files.bytes()
  }

  return {
    begin,
    prune,
    async find(identity, requestId) {
      const id = await idOf(identity, requestId)
      const record = id === null ? null : await files.record(identity, id)
      return record === null ? null : plain(record)
    },
    note: (identity, requestId, news) =>
      inTurn(identity, async () => {
        const id = await idOf(identity, requestId)
        const found = id === null ? null : await files.record(identity, id)
        if (id === null || found === null) return null
        const { upload, ...before } = found
        const { status = before.status, fileName = before.fileName, answer = before.answer } = news
        const statusAt = news.status === undefined ? before.statusAt : now()
        const shortName = fileName?.slice(0, maxFileName) ?? null
        const stored = { ...before, answer, fileName: shortName, status, statusAt } satisfies StoredRequest
        await writeJson(files.path(identity, id, 'json'), stored)
        // Nothing will come of it: its URL is closed.
        if (answer === 'Rejected' || answer === 'failed')
          await rm(files.tokenPath(before.tokenHash), { force: true })
        return plain({ ...stored, upload })
      }),
    async list(identity) {
      const records: LogRecord[] = []
      for (const id of (await files.ids(identity)).toReversed()) {
        const record = await files.record(identity, id)
        if (record !== null) records.push(plain(record))
      }
      return records
    },
    async open(identity, id) {
      const record = readRecordId(id) === null ? null : await files.record(identity, id)
      if (record === null || record.upload === null) return null
      const file = await open(files.path(identity, id, 'log'), 'r').catch(() => null)
      return file === null ? null : { record: plain(record), body: file.createReadStream() }
    },
    claim: (token) => claimUpload({ files, budget, settings, now }, token),
  }
}

/** Without the hash of its token, which is nobody's business. */
function plain({ tokenHash: _, ...record }: LogRecord & { readonly tokenHash: string }): LogRecord {
  return record
}
