import { X509Certificate } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { certificateFields } from '../../pki/certificate-fields.ts'
import type { CertificatePath } from '../../pki/chain.ts'
import type { CrlSubject } from '../../pki/revocation/crl-set.ts'
import type { CheckMode, ReasonCode } from '../../policy/reasons.ts'
import type { SessionFacts } from '../../relay/session.ts'
import type { DenyEntry, DenySubject } from '../../store/store.ts'
import type { ListenerRevocation } from './listener-revocation.ts'
import type { RevocationConfig } from './settings.ts'

/** What is known of a listener now. */
export interface LiveListener {
  readonly revocation: ListenerRevocation
  readonly config: RevocationConfig
  readonly modeOf: (reason: ReasonCode) => CheckMode
}

/** A session as it is judged again. */
export interface LiveSession {
  readonly facts: SessionFacts
  readonly isOpen: boolean
  end(code: number, text: string): void
}

export type LiveFinding = (
  facts: SessionFacts,
  reason: ReasonCode,
  detail: string,
  mode: 'enforce' | 'report',
) => void

export interface LiveSessionsDeps {
  readonly sessions: { all(): Iterable<LiveSession>; get(identity: string): LiveSession | null }
  /** null: the listener is none with client certificates any more. */
  readonly listener: (name: string) => LiveListener | null
  /** Counted and recorded like every refusal. */
  readonly found: LiveFinding
  readonly failed: (error: unknown) => void
  readonly now: () => number
  readonly startTimer: (ms: number, callback: () => void) => () => void
}

/** What is kept of a session to judge it again. Issuers are objects that many share. */
interface LivePath {
  readonly subject: DenySubject
  readonly number: CrlSubject
  /** The DER of its certificate. */
  readonly leaf: Buffer
  readonly issuers: readonly X509Certificate[]
  /** When the first certificate of the path ends, in milliseconds since the epoch. */
  readonly expiresAt: number
  /** What was reported of it and not acted on. */
  reported: ReasonCode | null
}

/** Sessions that are looked at before others have a turn: each costs some 50 microseconds at the most. */
const batch = 64
/** Responders are asked about so many at once. */
const concurrency = 8
/** setTimeout counts no more than 24 days; and clocks are set. */
const maxWaitMs = 60 * 60_000
/** RFC 6455 7.4.1: the policy is violated. */
const closeCode = 1008

/** The whole deny list, or the CRLs of one listener. */
type Change = 'deny list' | { readonly listener: string }

/**
 * Sessions of profile 3 that go on while the world changes: judged again when a CRL or the deny list
 * changes, when the responder says "revoked", and when a certificate ends. Costs nothing in between.
 */
export class LiveSessions {
  readonly #deps: LiveSessionsDeps
  readonly #paths = new WeakMap<SessionFacts, LivePath>()
  readonly #pending = new Set<string>()
  #generation = 0
  #isRunning = false
  #nextExpiry = Number.POSITIVE_INFINITY
  #callOff: (() => void) | null = null
  #isClosed = false

  constructor(deps: LiveSessionsDeps) {
    this.#deps = deps
  }

  /** Grows with everything that may change a judgement. */
  get generation(): number {
    return this.#generation
  }

  /** A session relays from now on; its path was judged when `generation` was that. */
  admitted(facts: SessionFacts, { chain, certificates }: CertificatePath, generation: number): void {
    const listener = this.#deps.listener(facts.listener)
    const [leaf, ...issuers] = certificates
    if (listener === null || leaf === undefined) return
    const { fingerprint, serialNumber, issuer } = chain.leaf
    const end = Math.min(chain.leaf.notAfter, ...chain.issuers.map(({ notAfter }) => notAfter))
    const shared = issuers.map((one) => listener.revocation.shared(one))
    const path: LivePath = {
      subject: { fingerprint, serialNumber, issuer },
      number: numberOf(leaf, shared),
      leaf: Buffer.from(leaf.raw),
      issuers: shared,
      // Expired when it came, and admitted (client_cert_expired: report): that was told already.
      expiresAt: end < this.#deps.now() ? Number.POSITIVE_INFINITY : end,
      reported: null,
    }
    this.#paths.set(facts, path)
    this.#expiresAt(path.expiresAt)
    const session = this.#deps.sessions.get(facts.identity)
    if (generation !== this.#generation && session?.facts === facts) void this.#judge(session)
  }

  /** Judges the sessions that a change concerns, soon and in turns; the same again meanwhile is one more round. */
  recheck(change: Change): void {
    this.#generation += 1
    this.#pending.add(change === 'deny list' ? '' : change.listener)
    this.#start()
  }

  #start(): void {
    if (this.#isRunning || this.#isClosed || this.#pending.size === 0) return
    this.#isRunning = true
    void this.#work().finally(() => {
      this.#isRunning = false
      this.#start()
    })
  }

  /** The responder says that this certificate is revoked. */
  revoked(listener: string, fingerprint: string): void {
    this.#generation += 1
    for (const session of [...this.#deps.sessions.all()]) {
      const { facts } = session
      if (facts.listener === listener && facts.certificate === fingerprint) void this.#judge(session)
    }
  }

  /** Asks the responder about all sessions of a listener. Never rejected. */
  async ask(listener: string): Promise<void> {
    const waiting = [...this.#deps.sessions.all()].filter(({ facts }) => facts.listener === listener).values()
    const work = async () => {
      for (const session of waiting) if (!this.#isClosed) await this.#judge(session)
    }
    await Promise.all(Array.from({ length: concurrency }, work))
  }

  close(): void {
    this.#isClosed = true
    this.#callOff?.()
  }

  async #work(): Promise<void> {
    for (const listener of this.#pending) {
      // Taken first: what changes from here on makes another round.
      this.#pending.delete(listener)
      if (listener === '') await this.#round(() => true, this.#deniedJudge())
      else
        await this.#round(
          (facts) => facts.listener === listener,
          (session) => this.#judgeByCrl(session),
        )
    }
  }

  async #round(
    concerns: (facts: SessionFacts) => boolean,
    judge: (session: LiveSession) => Promise<void> | void,
  ): Promise<void> {
    let seen = 0
    for (const session of [...this.#deps.sessions.all()]) {
      if (this.#isClosed) return
      if (!this.#paths.has(session.facts) || !concerns(session.facts)) continue
      try {
        await judge(session)
      } catch (error) {
        this.#deps.failed(error)
      }
      seen += 1
      if (seen % batch === 0) await nextTurn()
    }
  }

  /** Only the deny list: a campaign of renewals changes it often. Issuers are looked up once a round. */
  #deniedJudge(): (session: LiveSession) => Promise<void> {
    const ofIssuers = new Map<X509Certificate, Promise<DenyEntry | null>>()
    return async (session) => {
      const path = this.#paths.get(session.facts)
      const listener = this.#deps.listener(session.facts.listener)
      if (path === undefined || listener === null || !session.isOpen) return
      const { revocation, config } = listener
      let denied = await revocation.denied(path.subject)
      for (const issuer of path.issuers) {
        const found = ofIssuers.get(issuer) ?? revocation.deniedCertificate(issuer)
        ofIssuers.set(issuer, found)
        // Awaited whatever is known: a rejection that nobody hears would end the process.
        const ofIssuer = await found
        denied ??= ofIssuer
      }
      if (denied === null || !session.isOpen) return
      const what = `it is on the local deny list: ${denied.note}`
      this.#act(session, path, 'client_cert_revoked', what, 'enforce', config.liveSessions.revoked)
    }
  }

  /** Only the CRLs: quick enough for the whole fleet within a moment. */
  #judgeByCrl(session: LiveSession): void {
    const path = this.#paths.get(session.facts)
    const listener = this.#deps.listener(session.facts.listener)
    if (path === undefined || listener === null || !session.isOpen) return
    const { revocation, config, modeOf } = listener
    const what = revocation.revokedByCrl(path.number, path.issuers)
    if (what === null) return
    const mode = modeOf('client_cert_revoked')
    this.#act(session, path, 'client_cert_revoked', what, mode, config.liveSessions.revoked)
  }

  async #judge(session: LiveSession): Promise<void> {
    const path = this.#paths.get(session.facts)
    const listener = this.#deps.listener(session.facts.listener)
    if (path === undefined || listener === null || !session.isOpen) return
    try {
      const { revocation, config, modeOf } = listener
      const certificates = [new X509Certificate(path.leaf), ...path.issuers]
      const revoked = await revocation.revokedNow(certificates, config)
      if (revoked === null || !session.isOpen) return
      // As at the gate: no mode weakens the deny list.
      const mode = revoked.isDenied ? 'enforce' : modeOf('client_cert_revoked')
      const { liveSessions } = config
      this.#act(session, path, 'client_cert_revoked', revoked.detail, mode, liveSessions.revoked)
    } catch (error) {
      this.#deps.failed(error)
    }
  }

  #act(
    session: LiveSession,
    path: LivePath,
    reason: ReasonCode,
    what: string,
    mode: CheckMode,
    policy: 'end' | 'keep',
  ): void {
    if (mode === 'off') return
    const detail = `the session was open: ${what}`
    if (policy === 'end' && mode === 'enforce') {
      this.#deps.found(session.facts, reason, detail, 'enforce')
      session.end(closeCode, reason)
    } else if (path.reported !== reason) {
      path.reported = reason
      this.#deps.found(session.facts, reason, detail, 'report')
    }
  }

  #expiresAt(time: number): void {
    if (this.#isClosed || time >= this.#nextExpiry) return
    this.#nextExpiry = time
    this.#callOff?.()
    const wait = Math.min(maxWaitMs, Math.max(0, time - this.#deps.now() + 1))
    this.#callOff = this.#deps.startTimer(wait, () => this.#expire())
  }

  /** RFC 5280 4.1.2.5: a certificate is valid through notAfter, so it has expired once that is past. */
  #expire(): void {
    const now = this.#deps.now()
    let next = Number.POSITIVE_INFINITY
    for (const session of [...this.#deps.sessions.all()]) {
      const path = this.#paths.get(session.facts)
      if (path === undefined || !session.isOpen) continue
      if (path.expiresAt >= now) next = Math.min(next, path.expiresAt)
      else this.#expired(session, path)
    }
    this.#nextExpiry = Number.POSITIVE_INFINITY
    if (next !== Number.POSITIVE_INFINITY) this.#expiresAt(next)
  }

  #expired(session: LiveSession, path: LivePath): void {
    const listener = this.#deps.listener(session.facts.listener)
    if (listener === null) return
    const { config, modeOf } = listener
    const what = `a certificate of its path ended at ${new Date(path.expiresAt).toISOString()}`
    const mode = modeOf('client_cert_expired')
    this.#act(session, path, 'client_cert_expired', what, mode, config.liveSessions.expired)
  }
}

/** The issuer's name is that of the issuer itself, as a rule: then it is kept once for all. */
function numberOf(leaf: X509Certificate, [issuer]: readonly X509Certificate[]): CrlSubject {
  const { issuer: name, serialNumber } = certificateFields(leaf)
  const shared = issuer === undefined ? null : certificateFields(issuer).subject
  return {
    issuer: shared?.equals(name) ? shared : Buffer.from(name),
    // A copy: it is a part of the whole certificate.
    serialNumber: Buffer.from(serialNumber),
  }
}
