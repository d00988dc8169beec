import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LogArchiveSettings, openLogArchive } from '../../../src/store/files/log-archive.ts'
import type { LogArchive, LogClaim, LogRequest } from '../../../src/store/store.ts'

export interface ArchiveSetting {
  readonly archive: LogArchive
  readonly folder: string
  readonly clock: { now: number }
  /** As after a restart, or on another replica. */
  again(): LogArchive
}

export function archiveSetting(
  t: Pick<TestContext, 'after'>,
  change: Partial<LogArchiveSettings> = {},
): ArchiveSetting {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-logs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const settings: LogArchiveSettings = {
    ...{ keep: 3, age: 86_400_000, openFor: 3_600_000, timeout: 60_000, maxTotalBytes: 1_000 },
    ...change,
  }
  const clock = { now: Date.now() }
  const again = () => openLogArchive(folder, { settings: () => settings, now: () => clock.now })
  return { archive: again(), folder, clock, again }
}

export const request: LogRequest = {
  ...{ identity: 'CP1', logType: 'SecurityLog', origin: 'operator', from: null, to: null },
}

export async function claimed(archive: LogArchive, token: string): Promise<LogClaim> {
  const claim = await archive.claim(token)
  if (claim === null || typeof claim === 'string') throw new Error(`no claim: ${claim}`)
  return claim
}

/** Writes all of it; rejected with the error of the sink. */
export function write(claim: LogClaim, content: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    claim.sink.once('error', reject).once('close', resolve).end(content)
  })
}
