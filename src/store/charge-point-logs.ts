import type { Readable, Writable } from 'node:stream'
import type { LogStatus, LogType } from '../policy/charge-point-log.ts'

/** Logs that charge points were asked for (N01), and what they have uploaded. Times are milliseconds since the epoch. */

export interface LogRequest {
  readonly identity: string
  readonly logType: LogType
  /** central-system: its GetDiagnostics, translated; the upload goes where it said. */
  readonly origin: 'operator' | 'campaign' | 'central-system'
  readonly from: number | null
  readonly to: number | null
}

/** `failed`: no answer that can be used, or an error. */
export type LogAnswer = 'Accepted' | 'AcceptedCanceled' | 'Rejected' | 'failed'

export interface LogRecord extends LogRequest {
  /** Unique for this charge point; in the API. */
  readonly id: string
  /** Of GetLog and of the statuses that belong to it. */
  readonly requestId: number
  readonly requestedAt: number
  /** null: not yet. */
  readonly answer: LogAnswer | null
  /** As the charge point names it; never a path of ours. */
  readonly fileName: string | null
  /** The last one that it reported. */
  readonly status: LogStatus | null
  readonly statusAt: number | null
  /** What is here; null: nothing. */
  readonly upload: LogUpload | null
}

export interface LogUpload {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly receivedAt: number
  /** As it was sent with it. */
  readonly contentType: string | null
}

/** What may be told of a request later; the end of it closes its URL unless it is `Accepted…`. */
export interface LogNews {
  readonly answer?: LogAnswer
  readonly fileName?: string | null
  readonly status?: LogStatus
}

/** An upload that has its place: one at a time for each URL. */
export interface LogClaim {
  readonly record: LogRecord
  readonly sink: Writable
  /** Behind the end of `sink`: it is kept, and its URL is used up. False: the request was removed meanwhile. */
  finish(contentType: string | null): Promise<boolean>
  /** What came is thrown away, and the URL may be tried again. */
  release(): Promise<void>
}

/** Never more than its bounds: requests per charge point, their age, and bytes in all. */
export interface LogArchive {
  /** A new request; `token` opens the URL of its upload for as long as the settings say. Throws what the disk throws. */
  begin(request: LogRequest): Promise<{ readonly record: LogRecord; readonly token: string }>
  find(identity: string, requestId: number): Promise<LogRecord | null>
  /** null: there is no such request any more. */
  note(identity: string, requestId: number, news: LogNews): Promise<LogRecord | null>
  /** Newest first. */
  list(identity: string): Promise<readonly LogRecord[]>
  /** The log itself; null: it is not here. */
  open(identity: string, id: string): Promise<{ readonly record: LogRecord; readonly body: Readable } | null>
  /** busy: an upload to this URL is under way. full: the bytes in all are used up. null: nothing is awaited there. */
  claim(token: string): Promise<LogClaim | 'busy' | 'full' | null>
  /** What is too old goes; bytes are counted anew. Rejected with what the disk throws. */
  prune(): Promise<void>
}
