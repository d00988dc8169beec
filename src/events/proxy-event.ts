import type { ReasonCode } from '../policy/reasons.ts'

/** A security-relevant act or finding of the proxy itself (A00.FR.323, A00.FR.408). */
export interface ProxyEvent {
  /** Of the white paper's list where one fits; at most 50 characters. */
  readonly type: string
  readonly identity: string | null
  /** For people; never a secret; cut to 255 characters. */
  readonly techInfo: string
  readonly reason?: ReasonCode
  readonly listener?: string
  readonly address?: string
}

/** Answers at once; the event is stored soon after. */
export type NoteEvent = (event: ProxyEvent) => void
