import type { Config } from '../config/schema.ts'
import type { RefusalEvents } from '../events/refusal-events.ts'
import { RejectionRecorder } from '../events/rejection-recorder.ts'
import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import type { NewRejection, RejectionLog } from '../store/store.ts'

export interface RejectionsDeps {
  readonly rejections: RejectionLog
  /** Of the security log. */
  readonly events: RefusalEvents
  readonly log: Logger
  /** As the last reload left it. */
  readonly config: () => Config
  /** So many were stored just now. */
  readonly stored: (count: number) => void
}

/** Wires what becomes of a refusal once it is counted: its record, its event, and whoever reads along. */
export class Rejections {
  readonly #deps: RejectionsDeps
  readonly #recorder: RejectionRecorder
  readonly #readers = new Set<() => void>()
  /** Stored since old ones were removed. */
  #recordedSince = 0

  constructor(deps: RejectionsDeps) {
    this.#deps = deps
    this.#recorder = new RejectionRecorder(deps.rejections, deps.log, (count) => this.#recorded(count))
  }

  /** A refusal is a record of its own, and an event of the security log (A00.FR.323, A00.FR.408). */
  record(rejection: NewRejection): void {
    this.#recorder.record(rejection)
    this.#deps.events.take(rejection)
  }

  /** `reader` is called when there are new records; the result ends that. */
  subscribe(reader: () => void): () => void {
    this.#readers.add(reader)
    return () => void this.#readers.delete(reader)
  }

  /** Other replicas have stored some. */
  heard(): void {
    for (const reader of this.#readers) reader()
  }

  /** Removes old records; what fails is logged. */
  prune(): void {
    this.#recordedSince = 0
    const { keep, age } = this.#deps.config().store.rejections
    this.#deps.rejections.prune(Date.now() - age, keep).catch((error: unknown) => {
      this.#deps.log.error({ err: messageOf(error) }, 'old rejection records cannot be removed')
    })
  }

  close(): Promise<void> {
    return this.#recorder.close()
  }

  /** A flood of refusals must not fill the disk until the hour is over (CWE-400). */
  #recorded(count: number): void {
    for (const reader of this.#readers) reader()
    this.#deps.stored(count)
    this.#recordedSince += count
    if (this.#recordedSince >= this.#deps.config().store.rejections.keep / 10) this.prune()
  }
}
