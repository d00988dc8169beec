import { setTimeout as delay } from 'node:timers/promises'
import type { NoteEvent } from '../events/proxy-event.ts'
import type { LivePolicy, RevocationPort } from '../gate/listener.ts'
import { modeOf } from '../gate/mode.ts'
import type { RefusalSubject, Refusals } from '../gate/refusal.ts'
import { ListenerRevocation } from '../gate/revocation/listener-revocation.ts'
import { type LiveListener, LiveSessions } from '../gate/revocation/live-sessions.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { FactsOf } from '../pki/chain.ts'
import { messageOf } from '../policy/error.ts'
import type { SessionFacts } from '../relay/session.ts'
import type { SessionDirectory } from '../relay/use-case.ts'
import type { DenyList, Store } from '../store/store.ts'
import { readCrlFile } from './crl-file.ts'
import { DenyListWatch } from './deny-list-watch.ts'
import { WithoutProof } from './without-proof.ts'

export interface RevocationsDeps {
  readonly store: Store
  /** With replicas, what is known of it while the store is away. */
  readonly denied: DenyList
  readonly log: Logger
  readonly metrics: Metrics
  readonly sessions: SessionDirectory
  readonly factsOf: FactsOf
  readonly note: NoteEvent
  /** A session that is found revoked or expired is counted and recorded like every refusal. */
  readonly refusals: Refusals
  /** Sessions of before cannot be resumed any more. */
  readonly rotateTickets: (listener: string) => void
}

/** How often is looked whether somebody else has changed the deny list: a session ends within a second. */
const pollMs = 500
/** A campaign of renewals changes the deny list often; every resumed session is judged anyway. */
const rotateMs = 60_000
const recheckTickMs = 5_000
/** An entry outlives its certificate by so much: clocks differ. */
const keepDeniedMs = 30 * 86_400_000

/** Wires who says what is revoked: one `ListenerRevocation` for each listener with client certificates. */
export class Revocations {
  readonly live: LiveSessions
  readonly #deps: RevocationsDeps
  readonly #listeners = new Map<string, ListenerRevocation>()
  readonly #denyList: DenyListWatch
  readonly #withoutProof: WithoutProof
  readonly #timers: NodeJS.Timeout[] = []
  readonly #askedAt = new Map<string, number>()
  readonly #asking = new Set<string>()
  #policies = new Map<string, LivePolicy>()
  #rotatedAt = Number.NEGATIVE_INFINITY
  #wantsRotation = false

  constructor(deps: RevocationsDeps) {
    this.#deps = deps
    const { log, note } = deps
    this.#denyList = new DenyListWatch(deps)
    this.#withoutProof = new WithoutProof({ log, note, now: () => performance.now(), startTimer })
    this.live = new LiveSessions({
      sessions: deps.sessions,
      listener: (name) => this.#liveListener(name),
      found: (facts, reason, detail, mode) => deps.refusals.note(subjectOf(facts), reason, detail, mode),
      failed: (error) => log.error({ err: messageOf(error) }, 'a session could not be judged again'),
      now: Date.now,
      startTimer,
    })
  }

  /** For a listener, whose policy each connection brings along. */
  port(name: string): RevocationPort {
    const { live } = this
    return {
      get generation() {
        return live.generation
      },
      judge: (path, config, modes) => this.#revocationOf(name).judge(path, config, modes),
    }
  }

  /** Takes these listeners and reads their CRLs; fulfilled when all have been tried. Never rejected. */
  async use(policies: readonly LivePolicy[]): Promise<void> {
    this.#policies = new Map(policies.map((policy) => [policy.listener.name, policy]))
    for (const [name, revocation] of this.#listeners) {
      if (this.#configOf(name) !== null) continue
      revocation.close()
      this.#listeners.delete(name)
    }
    await Promise.all(
      policies.map(({ listener: { name }, config }) => {
        const revocation = this.#configOf(name)
        return revocation === null
          ? null
          : this.#revocationOf(name).use(revocation, config.limits.connections)
      }),
    )
    this.#setMetrics()
    // What is on the list from here on is a change: nobody was admitted by it so far.
    await this.look()
  }

  /** Looks at the deny list and at the sessions from time to time. */
  start(): void {
    this.#every(pollMs, () => void this.look())
    this.#every(recheckTickMs, () => this.#askAgain())
  }

  /** The store was away, and may have lost what came last. */
  missed(): void {
    this.#denyList.missed()
  }

  /** Has the deny list changed? At once after a change of our own. Never rejected. */
  async look(): Promise<void> {
    if (this.#listeners.size === 0) return
    if (await this.#denyList.look()) this.#denyListChanged()
    this.#rotate()
  }

  /** Entries of certificates that ended, and answers that are of no use any more. */
  async prune(): Promise<void> {
    const { store, log } = this.#deps
    const now = Date.now()
    try {
      await store.ocspAnswers.prune(now, maxAnswers)
      // Who admits expired certificates needs the entries of theirs.
      const admits = [...this.#policies.values()].some(
        ({ config }) => modeOf(config.admission.checks, 'client_cert_expired') !== 'enforce',
      )
      if (!admits) await store.denied.prune(now - keepDeniedMs)
    } catch (error) {
      log.error({ err: messageOf(error) }, 'old revocations cannot be removed')
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.live.close()
    this.#withoutProof.close()
    for (const revocation of this.#listeners.values()) revocation.close()
    // Requests that were ended settle in the next turn; the store is still open then.
    await delay(0)
  }

  #revocationOf(name: string): ListenerRevocation {
    const known = this.#listeners.get(name)
    if (known !== undefined) return known
    const { store, denied, metrics, log, factsOf } = this.#deps
    const created = new ListenerRevocation(name, {
      denied,
      answers: store.ocspAnswers,
      metrics,
      log,
      factsOf,
      readFile: readCrlFile,
      now: Date.now,
      startTimer,
      crlChanged: (listener) => this.#crlChanged(listener),
      revoked: (listener, fingerprint) => this.live.revoked(listener, fingerprint),
      withoutProof: (listener, missing) => this.#withoutProof.add(listener, missing),
    })
    this.#listeners.set(name, created)
    return created
  }

  #configOf(name: string) {
    return this.#policies.get(name)?.listener.tls?.clientCertificates?.revocation ?? null
  }

  #liveListener(name: string): LiveListener | null {
    const [policy, revocation, config] = [
      this.#policies.get(name),
      this.#listeners.get(name),
      this.#configOf(name),
    ]
    if (policy === undefined || revocation === undefined || config === null) return null
    return { revocation, config, modeOf: (reason) => modeOf(policy.config.admission.checks, reason) }
  }

  #crlChanged(listener: string): void {
    this.#setMetrics()
    // Design, section 4: ticket keys change at once on every change of a CRL.
    this.#deps.rotateTickets(listener)
    this.live.recheck({ listener })
  }

  #denyListChanged(): void {
    this.live.recheck('deny list')
    this.#wantsRotation = true
  }

  #rotate(): void {
    const now = performance.now()
    if (!this.#wantsRotation || now - this.#rotatedAt < rotateMs) return
    this.#wantsRotation = false
    this.#rotatedAt = now
    for (const name of this.#listeners.keys()) this.#deps.rotateTickets(name)
  }

  #askAgain(): void {
    const now = performance.now()
    for (const name of this.#listeners.keys()) {
      const config = this.#configOf(name)
      const askedAt = this.#askedAt.get(name) ?? now
      this.#askedAt.set(name, askedAt)
      if (config === null || config.ocsp === 'off' || config.liveSessions.recheck === 0) continue
      if (this.#asking.has(name) || now - askedAt < config.liveSessions.recheck) continue
      this.#asking.add(name)
      this.#askedAt.set(name, now)
      void this.live.ask(name).finally(() => this.#asking.delete(name))
    }
  }

  #setMetrics(): void {
    const { crlNextUpdate } = this.#deps.metrics
    crlNextUpdate.reset()
    for (const revocation of this.#listeners.values())
      for (const { name, nextUpdate } of revocation.crlStates())
        crlNextUpdate.set({ name }, Math.floor((nextUpdate ?? 0) / 1000))
  }

  #every(ms: number, task: () => void): void {
    const timer = setInterval(task, ms)
    timer.unref()
    this.#timers.push(timer)
  }
}

/** Some 2 KiB each. */
const maxAnswers = 100_000

function subjectOf(facts: SessionFacts): RefusalSubject {
  const { listener, profile, address, port, identity, certificate } = facts
  const of = { listener: { name: listener, profile }, address, port, identity }
  return { ...of, facts: { session: true, fingerprint: certificate } }
}

function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
