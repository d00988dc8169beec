import type { NoteEvent } from '../events/proxy-event.ts'
import type { Logger } from '../observe/log.ts'

export interface WithoutProofDeps {
  readonly log: Logger
  readonly note: NoteEvent
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly startTimer: (ms: number, callback: () => void) => () => void
}

/** A fleet that comes back while the responder is away is one event a minute, not thousands. */
const quietMs = 60_000

interface Tally {
  count: number
  missing: string
  until: number
  callOff: (() => void) | null
}

/** Tells that certificates were admitted although nobody vouched for them: the first time at once, then summed up. */
export class WithoutProof {
  readonly #deps: WithoutProofDeps
  /** By listener, of which the configuration has 64 at the most. */
  readonly #tallies = new Map<string, Tally>()

  constructor(deps: WithoutProofDeps) {
    this.#deps = deps
  }

  add(listener: string, missing: string): void {
    const now = this.#deps.now()
    const tally = this.#tallies.get(listener) ?? { count: 0, missing, until: 0, callOff: null }
    this.#tallies.set(listener, tally)
    tally.count += 1
    tally.missing = missing
    if (tally.callOff !== null) return
    if (now >= tally.until) this.#tell(listener, tally)
    else tally.callOff = this.#deps.startTimer(tally.until - now, () => this.#tell(listener, tally))
  }

  /** What was counted and not told is told now. */
  close(): void {
    for (const [listener, tally] of this.#tallies) {
      tally.callOff?.()
      if (tally.count > 0) this.#tell(listener, tally)
    }
    this.#tallies.clear()
  }

  #tell(listener: string, tally: Tally): void {
    const { count, missing } = tally
    Object.assign(tally, { count: 0, until: this.#deps.now() + quietMs, callOff: null })
    const connections = `${count} ${count === 1 ? 'connection' : 'connections'}`
    const techInfo = `${connections} admitted without a proof that the certificate is not revoked: ${missing}`
    this.#deps.log.warn({ listener, count, missing }, 'admitted without a proof of revocation status')
    this.#deps.note({ type: 'RevocationNotProven', identity: null, techInfo, listener })
  }
}
