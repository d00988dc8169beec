import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Metrics } from '../observe/metrics.ts'
import type { CertificatePath } from '../pki/chain.ts'
import { parseIdentity, reservedIdentity, reservedProblem } from '../policy/identity.ts'
import type { Stage } from '../policy/onboarding-stage.ts'
import { movesRatchet, pendingUpgrade } from '../policy/profile.ts'
import { chooseProtocol, type Protocol } from '../policy/protocol.ts'
import { type PeerView, type ReasonCode, reasons } from '../policy/reasons.ts'
import type { Verdict } from '../policy/verdict.ts'
import type { SessionFacts } from '../relay/session.ts'
import type { Claim, Claimant } from '../relay/sessions.ts'
import type { UpstreamLink, UpstreamOutcome, UpstreamRequest, UpstreamTarget } from '../relay/upstream.ts'
import type { ChargePointRecord, Registry } from '../store/store.ts'
import { type AdmissionResult, type SecondLook, stillHolds } from './admission.ts'
import { type AdmitConnectionDeps, admitConnection } from './admit-connection.ts'
import type { GateConnection } from './connection.ts'
import { firstSign } from './first-sign.ts'
import { offersMandatorySuites } from './hello/mandatory-suites.ts'
import type { LivePolicy } from './listener.ts'
import { modeOf } from './mode.ts'
import { changedMeanwhile, learnsFactory, mayBeServed, standingOf } from './onboarding.ts'
import { acceptingAnswer, closingAnswer, httpView } from './upgrade-answer.ts'
import { readUpgradeRequest, type UpgradeRequest } from './upgrade-request.ts'
import { upstreamRequest } from './upstream-request.ts'
import { type NoteSecret, noteSecret, type OtherSecret, otherSecret } from './upstream-secret.ts'

/** What the relay does for the gate. */
export interface RelayPort {
  readonly isDraining: boolean
  claim(identity: string, claimant: Claimant, isWanted: () => boolean): Promise<Claim>
  /** `signal` ends the attempt. */
  dial(target: UpstreamTarget, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome>
  /** In place of the one that `dial` opens, for onboarding: nothing gets through. */
  noCentralSystem(): UpstreamLink
  start(facts: SessionFacts, downstream: Socket, link: UpstreamLink, early: Buffer): void
  /** A ping whose pong goes no further. */
  pingFrame(): Buffer
}

export interface UpgradeDeps extends AdmitConnectionDeps {
  readonly metrics: Metrics
  readonly relay: RelayPort
  readonly registry: Registry
  /** Fewer charge points are in onboarding than `onboarding.sessions` allows. */
  readonly hasOnboardingRoom: () => boolean
  readonly note: NoteSecret
  /** A session with a client certificate relays from now on: it is judged again when the lists change. */
  readonly admitted: (facts: SessionFacts, path: CertificatePath, generation: number) => void
}

type Walk = {
  readonly connection: GateConnection
  readonly policy: LivePolicy
  readonly request: UpgradeRequest
  readonly protocol: Protocol
  readonly early: Buffer
}

/** The stages from the upgrade request to the relay: identity, sub-protocol, admission, upstream, 101. */
export class Upgrades {
  readonly #deps: UpgradeDeps

  constructor(deps: UpgradeDeps) {
    this.#deps = deps
  }

  async take(
    connection: GateConnection,
    policy: LivePolicy,
    message: IncomingMessage,
    head: Buffer,
  ): Promise<void> {
    const { relay } = this.#deps
    const read = readUpgradeRequest(message)
    if (!read.ok) return this.#refuse(connection, read.reason, read.detail)
    const { request } = read
    const { listener } = policy
    const identity = parseIdentity(request.target, listener.path)
    if (!identity.ok) return this.#refuse(connection, identity.reason, identity.detail)
    connection.know({ identity: identity.identity })
    const reserved = reservedIdentity(policy.config.securityEvents)
    const problem = reservedProblem(identity.identity.identity, reserved)
    if (problem !== null) return this.#refuse(connection, 'identity_invalid', problem)
    const protocol = chooseProtocol(request.protocols, listener.protocols)
    if (protocol === null) return this.#refuseProtocol(connection, policy, request)
    const walk: Walk = { connection, policy, request, protocol, early: Buffer.from(head) }
    if (relay.isDraining) {
      return this.#refuse(connection, 'draining', 'the proxy is shutting down')
    }
    const result = await this.#admit(walk)
    if (result === null || connection.isOver) return
    await this.#connect(walk, result)
  }

  async #admit({ connection, policy, request }: Walk): Promise<(AdmissionResult & { ok: true }) | null> {
    const { identity } = connection.facts
    if (identity === null) return null
    return admitConnection(this.#deps, connection, policy, {
      identity,
      authorization: request.authorization,
      learn:
        connection.facts.entry === null
          ? policy.config.admission.unknownChargePoints === 'learn'
          : learnsFactory(policy.config),
    })
  }

  /** Upstream first: the charge point is answered after the central system did (design, section 4). */
  async #connect(walk: Walk, result: AdmissionResult & { ok: true }): Promise<void> {
    const { connection } = walk
    const { relay } = this.#deps
    const { identity, remote, chain } = connection.facts
    if (identity === null) return
    const proven = this.#provenBy(walk, result)
    const { config } = walk.policy
    const standing = standingOf(result.chargePoint, proven, config, this.#deps.now())
    const { stage } = standing
    const verdict = mayBeServed(standing, proven.profile, config, this.#deps.hasOnboardingRoom)
    if (!verdict.ok) return this.#refuseAdmitted(walk, verdict)
    const claimant = { address: remote.address, certificate: chain?.leaf.fingerprint ?? null }
    const claim = await relay.claim(identity.identity, claimant, () => !connection.isOver)
    if (claim.kind !== 'granted') return this.#refuseClaim(walk, claim)
    try {
      if (connection.isOver || connection.socket.destroyed) return
      // A charge point that is yet to be learned gets its key when it is registered.
      if (result.learn === null && !(await this.#claimKey(walk))) return
      await (stage === 'operation' ? this.#open(walk, result) : this.#hold(walk, result))
    } finally {
      claim.release()
    }
  }

  #provenBy(
    { connection, policy }: Walk,
    { credential }: Pick<AdmissionResult & { ok: true }, 'credential'>,
  ) {
    const { entry, chain } = connection.facts
    const fingerprint = chain?.leaf.fingerprint ?? null
    return { profile: policy.listener.securityProfile, entry, fingerprint, credential }
  }

  /** A00.FR.806: nothing of it reaches the central system. */
  async #hold(walk: Walk, result: AdmissionResult & { ok: true }): Promise<void> {
    const { connection, request, policy } = walk
    const protocol = 'ocpp1.6'
    if (!request.protocols.includes(protocol) || !policy.listener.protocols.includes(protocol))
      return this.#refuse(connection, 'subprotocol', 'onboarding is for ocpp1.6 only')
    const link = this.#deps.relay.noCentralSystem()
    await this.#accept({ ...walk, protocol }, result, { kind: 'open', link, protocol }, 'onboarding', null)
  }

  /** It has proven who it is, and is not served all the same. */
  #refuseAdmitted({ connection, policy }: Walk, { reason, detail }: Verdict & { ok: false }): void {
    this.#refuse(connection, reason, detail, httpView(reason, policy))
  }

  #refuseClaim({ connection, policy }: Walk, claim: Exclude<Claim, { kind: 'granted' }>): void {
    switch (claim.kind) {
      case 'taken': {
        const detail = 'the connection that this identity has answers, and comes from elsewhere'
        this.#refuse(connection, 'duplicate_identity', detail)
        break
      }
      case 'crowded': {
        const detail = 'too many connections of this identity wait for their turn'
        this.#refuse(connection, 'capacity', detail, httpView('capacity', policy))
        break
      }
      case 'unavailable':
        this.#refuse(connection, 'lease_unavailable', claim.detail)
        break
      case 'left':
        break
      default:
        claim satisfies never
    }
  }

  /** A00.FR.427: from its first use on, a key belongs to one identity. */
  async #claimKey({ connection, policy }: Walk): Promise<boolean> {
    const { registry, now } = this.#deps
    const { identity, chain } = connection.facts
    if (identity === null || chain === null) return true
    const { keyFingerprint, fingerprint, subject, notAfter } = chain.leaf
    const key = { keyFingerprint, certificateFingerprint: fingerprint, subject, notAfter }
    const owner = await registry.claimKey(identity.identity, key, now())
    if (owner === identity.identity) return true
    // Admission has looked before, and reported it where it is not enforced.
    if (modeOf(policy.config.admission.checks, 'client_cert_shared') !== 'enforce') return true
    this.#refuse(connection, 'client_cert_shared', `the key belongs to ${JSON.stringify(owner)}`)
    return false
  }

  async #open(walk: Walk, result: AdmissionResult & { ok: true }): Promise<void> {
    const { connection, policy, protocol } = walk
    const { relay, metrics } = this.#deps
    const startedAt = performance.now()
    const upstream = policy.upstreams.get(protocol)
    if (upstream === undefined) throw new Error(`no central system is configured for ${protocol}`)
    const { target, centralSystem } = upstream
    const asked = { ...walk, upstream, credential: result.credential }
    const request = upstreamRequest(asked)
    // Refused meanwhile (a drain), or gone: the central system must not wait for a session that never comes.
    if (connection.isOver) return
    const abandoned = new AbortController()
    let isDialling = true
    // An abort makes an error, stack and all: not for every connection that is admitted.
    connection.onLeave(() => {
      if (isDialling) abandoned.abort()
    })
    let outcome = await relay.dial(target, request, abandoned.signal)
    const secrets = { centralSystem, store: policy.config.store }
    const retry = outcome.kind === 'refused' ? otherSecret(secrets, outcome.status, result) : null
    if (retry !== null) {
      const again = upstreamRequest(asked, retry.taken)
      outcome = await relay.dial(target, again, abandoned.signal)
    }
    isDialling = false
    metrics.upstreamConnectDuration.observe((performance.now() - startedAt) / 1000)
    switch (outcome.kind) {
      case 'unreachable':
        return this.#refuse(connection, 'central_system_unreachable', outcome.detail)
      case 'timeout':
        return this.#refuse(connection, 'central_system_timeout', outcome.detail)
      case 'refused':
        return this.#passRefusal(connection, outcome.status, outcome.headers)
      case 'open':
        return this.#accept(walk, result, outcome, 'operation', retry)
      case 'aborted':
        return
      default:
        return outcome satisfies never
    }
  }

  async #accept(
    walk: Walk,
    result: AdmissionResult & { ok: true },
    { link, protocol }: Extract<UpstreamOutcome, { kind: 'open' }>,
    stage: Stage,
    retry: OtherSecret | null,
  ): Promise<void> {
    const { connection, request, early, policy } = walk
    const { relay, registry, now } = this.#deps
    const { socket } = connection
    const { identity, remote, chain, tls, hello } = connection.facts
    if (protocol === null || identity === null || socket.destroyed || connection.isOver) {
      link.socket.destroy()
      if (protocol === null)
        this.#refuse(connection, 'subprotocol', 'the central system chose no sub-protocol')
      return
    }
    const { chargePoint } = result
    const { securityProfile: profile } = policy.listener
    let standing = standingOf(chargePoint, this.#provenBy(walk, result), policy.config, now())
    let use: Pick<SecondLook & { ok: true }, 'credential' | 'changeStartedAt'> = {
      credential: result.credential,
      changeStartedAt: null,
    }
    // A05.FR.08 holds for the end of an onboarding as well: its way back stays open until it is heard.
    const isFirst = () =>
      standing.stage === 'operation' &&
      (movesRatchet(chargePoint?.securityProfile ?? null, profile) || standing.seen !== null)
    const record = async () => {
      await registry.recordSuccess(identity.identity, {
        profile,
        address: remote.address,
        tls: tls === null ? null : `${tls.version} ${tls.cipher}`,
        passwordForm: result.passwordForm,
        credential: use.credential,
        changeStartedAt: use.changeStartedAt,
        offersMandatorySuites: hello === null ? null : offersMandatorySuites(hello),
        ...(retry === null ? {} : { upstreamSecret: retry }),
        onboarding: standing.seen,
        at: now(),
      })
      const where = { identity: identity.identity, listener: policy.listener.name, address: remote.address }
      if (retry !== null) noteSecret(this.#deps.note, where)
    }
    const lookAgain = (before: ChargePointRecord, present: ChargePointRecord | null) => {
      const mode = modeOf(policy.config.admission.checks, 'profile_mismatch')
      return stillHolds({ record: before, credential: result.credential, profile }, present, mode)
    }
    // The wait for it is long, and there is no session yet that a block could end.
    const recordFirst = async () => {
      const present = chargePoint === null ? null : await registry.get(identity.identity)
      if (chargePoint !== null && !lookAgain(chargePoint, present).ok) return false
      await record()
      return true
    }
    try {
      if (chargePoint !== null) {
        const present = await registry.get(identity.identity)
        const look = lookAgain(chargePoint, present)
        if (look.ok) {
          standing = standingOf(present, this.#provenBy(walk, look), policy.config, now())
          use = look
        }
        const changed = standing.stage === stage ? standing.verdict : changedMeanwhile(profile)
        const verdict = look.ok ? changed : look
        if (!verdict.ok) {
          link.socket.destroy()
          return this.#refuseAdmitted(walk, verdict)
        }
      }
      if (result.learn !== null) {
        await result.learn()
        if (!(await this.#claimKey(walk))) return void link.socket.destroy()
      }
      if (!isFirst()) await record()
    } catch (error) {
      // Without the ratchet on disk there is no session (A05.FR.09).
      link.socket.destroy()
      throw error
    }
    if (socket.destroyed || connection.isOver) return void link.socket.destroy()
    connection.leave()
    socket.write(acceptingAnswer(request.key, protocol))
    const first = isFirst() ? await this.#firstSign(socket, link, recordFirst) : Buffer.alloc(0)
    if (first === null) return
    const facts: SessionFacts = {
      identity: identity.identity,
      listener: policy.listener.name,
      profile,
      protocol: walk.protocol,
      address: remote.address,
      port: remote.port,
      certificate: chain?.leaf.fingerprint ?? null,
      serialNumber: chargePoint?.serialNumber ?? null,
      credential: use.credential,
      pendingUpgrade: chargePoint === null ? null : pendingUpgrade(chargePoint),
      ...(stage === 'onboarding' ? { stage } : {}),
      ...(standing.seen?.kind === 'over' ? { isOnboarded: true } : {}),
    }
    relay.start(facts, socket, link, Buffer.concat([early, first]))
    const { judged } = connection
    if (judged !== null) this.#deps.admitted(facts, judged.path, judged.generation)
    connection.forget()
  }

  /**
   * A05.FR.08 and FR.09: one that never heard that it is connected may fall back, and must find the old
   * profile open; so the ratchet moves when it is heard for the first time. Null: it is gone again, or `record`
   * gave false: it would not be admitted any more.
   */
  async #firstSign(
    socket: Socket,
    link: UpstreamLink,
    record: () => Promise<boolean>,
  ): Promise<Buffer | null> {
    socket.write(this.#deps.relay.pingFrame())
    const first = await firstSign(socket)
    try {
      if (first !== null && (await record())) return first
      link.socket.destroy()
      socket.destroy()
      return null
    } catch (error) {
      // Without the ratchet on disk there is no session (A05.FR.09).
      link.socket.destroy()
      socket.destroy()
      throw error
    }
  }

  /** The central system's own refusal is passed on, so that a charge point can tell it from an outage. */
  #passRefusal(connection: GateConnection, status: number, headers: ReadonlyMap<string, string>): void {
    const isError = status >= 400 && status <= 599
    const view = { kind: 'http', status: isError ? status : 502 } as const
    const retryAfter = headers.get('retry-after')
    const passed: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': retryAfter }
    this.#refuse(connection, 'central_system_refused', `it answered ${status}`, view, passed)
  }

  /** OCPP-J 3.2 wants the handshake completed and then closed; the test tool wants a refusal (TC_088). */
  #refuseProtocol(connection: GateConnection, policy: LivePolicy, request: UpgradeRequest): void {
    const detail = request.protocols.length === 0 ? 'none offered' : `offered ${request.protocols.join(', ')}`
    if (policy.listener.subprotocolMismatch === 'reject') {
      this.#refuse(connection, 'subprotocol', detail)
    } else {
      connection.socket.write(closingAnswer(request.key))
      this.#refuse(connection, 'subprotocol', detail, { kind: 'websocket', code: 1002 })
    }
  }

  #refuse(
    connection: GateConnection,
    reason: ReasonCode,
    detail: string,
    view: PeerView = reasons[reason].peer,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.#deps.refuser.refuse(connection, reason, detail.slice(0, 500), view, headers)
  }
}
