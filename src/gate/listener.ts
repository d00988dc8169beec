import type http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { Config, ListenerConfig } from '../config/schema.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { CertificatePath, FactsOf } from '../pki/chain.ts'
import type { Verifies } from '../pki/signature.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { HelloFacts } from '../policy/facts.ts'
import type { CheckMode, ReasonCode } from '../policy/reasons.ts'
import { checkNegotiated, detailOfTlsError, reasonOfTlsError } from '../policy/tls.ts'
import type { Verdict } from '../policy/verdict.ts'
import type { Registry, Renewals } from '../store/store.ts'
import type { AcceptLimits } from './accept-limits.ts'
import {
  type Finding,
  judgeChain,
  type PeerCertificate,
  type PresentedCertificates,
  readChain,
} from './certificate-check.ts'
import { GateConnection, plainAddress } from './connection.ts'
import { readFirstBytes } from './first-bytes.ts'
import { type HandshakeOutcome, handshake } from './handshake.ts'
import { modeOf } from './mode.ts'
import { entryOf, mayBeExpired, mayEnter } from './onboarding.ts'
import type { Refuser } from './refuser.ts'
import { createRequestServer } from './request-server.ts'
import type { RevocationConfig } from './revocation/settings.ts'
import type { RouteForwarders } from './routes/http-routes.ts'
import type { TlsContexts } from './tls-contexts.ts'
import { isTrustedProxy } from './trusted-proxy.ts'
import type { Upstreams } from './upstreams.ts'

/** What a reload may replace; every connection uses that of its beginning. */
export interface LivePolicy {
  readonly config: Config
  readonly listener: ListenerConfig
  /** null: a listener without TLS. */
  readonly contexts: TlsContexts | null
  /** By what a charge point speaks; all that `listener.protocols` names are there. */
  readonly upstreams: Upstreams
  /** Of `listener.routes`. */
  readonly routes: RouteForwarders
}

/** Who says whether a certificate is revoked, on one listener. */
export interface RevocationPort {
  /** Grows with everything that may change a judgement. */
  readonly generation: number
  /** What speaks against a verified path. Rejects when that cannot be found out on our side. */
  judge(
    path: CertificatePath,
    config: RevocationConfig,
    modeOf: (reason: ReasonCode) => CheckMode,
  ): Promise<readonly Finding[]>
}

export interface ListenerDeps {
  readonly limits: AcceptLimits
  readonly refuser: Refuser
  readonly metrics: Metrics
  readonly registry: Registry
  readonly renewals: Pick<Renewals, 'get'>
  readonly revocation: RevocationPort
  readonly presented: PresentedCertificates
  readonly factsOf: FactsOf
  readonly verifies: Verifies
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Takes over with an upgrade request, and ends or relays the connection. Never rejected. */
  readonly upgraded: (
    connection: GateConnection,
    policy: LivePolicy,
    message: http.IncomingMessage,
    head: Buffer,
  ) => Promise<void>
  /** The same for a request that is no upgrade. */
  readonly requested: (
    connection: GateConnection,
    policy: LivePolicy,
    message: http.IncomingMessage,
    response: http.ServerResponse,
  ) => Promise<void>
}

/** One listening address: the way of a connection from accept to its upgrade request. */
export class Listener {
  #policy: LivePolicy
  readonly #deps: ListenerDeps
  readonly #server: net.Server
  readonly #http: http.Server
  readonly #walking = new WeakMap<Socket, { connection: GateConnection; policy: LivePolicy }>()
  /** Connections that are still at the gate; ended when the listener is. */
  readonly #atGate = new Set<GateConnection>()

  constructor(policy: LivePolicy, deps: ListenerDeps) {
    this.#policy = policy
    this.#deps = deps
    this.#http = createRequestServer(policy.config.limits.requestBytes, {
      upgrade: (message, socket, head) => void this.#upgrade(message, socket, head),
      request: (message, response) => void this.#request(message, response),
      malformed: (socket, detail) => this.#refuseSocket(socket, 'request_malformed', detail),
    })
    this.#server = net.createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true })
    this.#server.on('connection', (socket) => void this.#accept(socket))
  }

  get name(): string {
    return this.#policy.listener.name
  }

  /** What new connections are held to. */
  get policy(): LivePolicy {
    return this.#policy
  }

  /** Sessions of before cannot be resumed any more. */
  rotateTickets(): void {
    this.#policy.contexts?.rotateTickets()
  }

  /** Replaces policy and contexts whole; connections that are under way keep theirs. */
  setPolicy(policy: LivePolicy): void {
    // Another profile is another listener: that takes a restart, and until then nothing of it counts.
    if (policy.listener.securityProfile !== this.#policy.listener.securityProfile) return
    if (policy.routes !== this.#policy.routes) for (const one of this.#policy.routes.values()) one.retire()
    this.#policy = policy
  }

  /** Throws ProxyError `listen_failed`. */
  listen(): Promise<AddressInfo> {
    const { host, port } = this.#policy.listener.address
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        const detail = `listener ${this.name} on ${host}:${port}: ${messageOf(error)}`
        reject(new ProxyError('listen_failed', 'operator', detail, { cause: error }))
      })
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.removeAllListeners('error')
        this.#beginSeries()
        // Accepting can fail (EMFILE): the listener outlives it, and the operator hears of it.
        this.#server.on('error', (error) => this.#deps.refuser.acceptFailed(this.name, error))
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /** Series that are there before the first charge point is: an alert cannot see that nothing has become something. */
  #beginSeries(): void {
    const labels = { listener: this.name, profile: String(this.#policy.listener.securityProfile) }
    this.#deps.metrics.connections.inc(labels, 0)
    this.#deps.metrics.connectionsTotal.inc(labels, 0)
  }

  /** No new connections; those at the gate are ended. Relayed ones are not its business. */
  close(): void {
    this.#server.close()
    for (const connection of this.#atGate) {
      this.#deps.refuser.refuse(connection, 'draining', 'the proxy is shutting down')
    }
  }

  async #accept(raw: Socket): Promise<void> {
    const policy = this.#policy
    const address = plainAddress(raw.remoteAddress)
    const remote = { address, port: raw.remotePort ?? 0, proxied: false }
    const connection = new GateConnection(policy.listener, raw, remote)
    raw.on('error', ignore)
    this.#atGate.add(connection)
    connection.onLeave(() => this.#atGate.delete(connection))
    const onClose = () => connection.gone()
    raw.once('close', onClose)
    // A session does not pay for the memory of its way through the gate.
    connection.onLeave(() => raw.off('close', onClose))
    try {
      await this.#walk(connection, policy)
    } catch (error) {
      this.#deps.refuser.failed(connection, error)
    }
  }

  async #walk(connection: GateConnection, policy: LivePolicy): Promise<void> {
    const { raw } = connection
    const { limits } = policy.config
    if (!this.#begin(connection)) return
    const proxied = isTrustedProxy(policy.listener.proxyProtocol, connection.facts.remote.address)
    // Behind a load balancer the limits per address apply to the address in its header.
    if (!proxied && !this.#enter(connection)) return
    connection.setDeadline(limits.handshakeTimeout, () => {
      const reason = policy.contexts === null ? 'request_timeout' : 'handshake_timeout'
      this.#deps.refuser.refuse(connection, reason, `nothing whole within ${limits.handshakeTimeout} ms`)
    })
    const options = { expectProxyHeader: proxied, expectHello: policy.contexts !== null }
    const first = await readFirstBytes(raw, options)
    if (connection.isSettled) return
    if (!first.ok) return this.#deps.refuser.refuse(connection, first.reason, first.detail)
    if (connection.isGone) return
    connection.know({ hello: first.hello })
    if (proxied) {
      if (first.source !== null) connection.know({ remote: { ...first.source, proxied: true } })
      if (!this.#enter(connection)) return
    }
    if (policy.contexts === null || first.hello === null) this.#awaitRequest(connection, policy)
    else await this.#secure(connection, policy, policy.contexts, first.hello)
  }

  /** In total: also what never says where it comes from (CWE-770). */
  #begin(connection: GateConnection): boolean {
    const { limits } = this.#deps
    const verdict = limits.connectionBegins()
    connection.raw.once('close', () => limits.connectionEnded())
    return this.#holds(connection, verdict)
  }

  #enter(connection: GateConnection): boolean {
    const { limits } = this.#deps
    const { address } = connection.facts.remote
    const verdict = limits.entered(address)
    connection.raw.once('close', () => limits.left(address))
    return this.#holds(connection, verdict)
  }

  #holds(connection: GateConnection, verdict: Verdict): boolean {
    if (!verdict.ok) this.#deps.refuser.refuse(connection, verdict.reason, verdict.detail)
    return verdict.ok
  }

  async #secure(
    connection: GateConnection,
    policy: LivePolicy,
    contexts: TlsContexts,
    hello: HelloFacts,
  ): Promise<void> {
    const { limits, metrics, refuser } = this.#deps
    const begun = limits.handshakeBegins()
    if (!begun.ok) return refuser.refuse(connection, begun.reason, begun.detail)
    const startedAt = performance.now()
    const isMutual = policy.listener.securityProfile === 3
    const options = { ...contexts.choose(hello), requestCertificate: isMutual }
    const outcome = await handshake(connection.raw, options).finally(() => limits.handshakeEnded())
    if (!outcome.ok) return this.#handshakeFailed(connection, policy, outcome)
    const { socket, tls } = outcome
    connection.socket = socket
    connection.know({ tls })
    if (connection.isOver) return void socket.destroy()
    metrics.handshakeDuration.observe((performance.now() - startedAt) / 1000)
    metrics.handshakes.inc({
      listener: this.name,
      version: tls.version,
      cipher: tls.cipher,
      resumed: String(tls.resumed),
    })
    const verdict = checkNegotiated(tls, { lane: tls.lane })
    if (!verdict.ok)
      return refuser.refuse(connection, verdict.reason, verdict.detail, { kind: 'close-before-http' })
    if (!isMutual || (await this.#judge(connection, policy, contexts, outcome))) {
      this.#awaitRequest(connection, policy)
    }
  }

  #handshakeFailed(
    connection: GateConnection,
    policy: LivePolicy,
    failure: Extract<HandshakeOutcome, { ok: false }>,
  ): void {
    const { tls } = policy.listener
    const { hello } = connection.facts
    const tlsPolicy = tls && {
      legacy: tls.legacy,
      minVersion: tls.minVersion,
      edition: policy.config.edition,
      ciphers: tls.ciphers,
      missingSignatureAlgorithms: tls.compat.missingSignatureAlgorithms,
    }
    const reason = reasonOfTlsError(failure.code, hello, tlsPolicy)
    this.#deps.refuser.refuse(connection, reason, detailOfTlsError(failure, reason, hello, tlsPolicy))
  }

  /** A00.FR.401 to 407, before any HTTP is read (TC_A_08); again once the identity is known. */
  async #judge(
    connection: GateConnection,
    policy: LivePolicy,
    contexts: TlsContexts,
    peer: PeerCertificate,
  ): Promise<boolean> {
    const { presented, factsOf, verifies, refuser, registry, renewals } = this.#deps
    const now = this.#deps.now()
    const trust = contexts.material.trust ?? { cpo: [], factory: [] }
    const found = readChain(peer, presented, trust, now, factsOf, verifies)
    if (!found.ok) {
      refuser.refuse(connection, found.reason, found.detail)
      return false
    }
    const { config } = policy
    const entry = entryOf(found.chain, config, now)
    connection.know({ chain: found.chain, entry })
    const mode = (reason: ReasonCode) => modeOf(config.admission.checks, reason)
    const rules = { entry, mayBeExpired: mayBeExpired(config) }
    if (!this.#passes(connection, judgeChain(found.chain, config.cpo.names, now, mode, rules))) return false
    if (!(await this.#isNotRevoked(connection, policy, found, mode))) return false
    if (entry !== null) {
      const verdict = await mayEnter(entry, found.chain, config, { registry, renewals }, now)
      if (verdict.ok) return !connection.isOver
      refuser.refuse(connection, verdict.reason, verdict.detail, { kind: 'close-before-http' })
      return false
    }
    const serialNumber = found.chain.leaf.commonNames[0] ?? ''
    const learns = config.admission.unknownChargePoints === 'learn'
    if (learns || mode('client_cert_common_name') !== 'enforce') return !connection.isOver
    if ((await registry.findBySerialNumber(serialNumber)) === null) {
      const detail = `no charge point with serial number ${JSON.stringify(serialNumber)} is registered`
      refuser.refuse(connection, 'client_cert_common_name', detail, { kind: 'close-before-http' })
      return false
    }
    return !connection.isOver
  }

  /**
   * A00.FR.702, 704: at every connection, resumed ones too. Of a path that is not verified (it was
   * admitted by report) only the deny list can tell: its addresses and issuers are a stranger's.
   */
  async #isNotRevoked(
    connection: GateConnection,
    { listener }: LivePolicy,
    { chain, certificates }: CertificatePath,
    mode: (reason: ReasonCode) => CheckMode,
  ): Promise<boolean> {
    const config = listener.tls?.clientCertificates?.revocation
    if (config === undefined) return !connection.isOver
    const path = { chain, certificates: chain.anchor === null ? certificates.slice(0, 1) : certificates }
    const { revocation } = this.#deps
    connection.judged = { path, generation: revocation.generation }
    const findings = await revocation.judge(path, config, mode)
    return !connection.isOver && this.#passes(connection, findings)
  }

  #passes(connection: GateConnection, findings: readonly Finding[]): boolean {
    const { refuser } = this.#deps
    for (const { reason, detail, mode } of findings) {
      if (mode === 'report') refuser.report(connection, reason, detail)
      if (mode !== 'enforce') continue
      refuser.refuse(connection, reason, detail)
      return false
    }
    return true
  }

  #awaitRequest(connection: GateConnection, policy: LivePolicy): void {
    const { requestTimeout } = policy.config.limits
    connection.setDeadline(requestTimeout, () => {
      const detail = `no whole upgrade request within ${requestTimeout} ms`
      this.#deps.refuser.refuse(connection, 'request_timeout', detail)
    })
    this.#walking.set(connection.socket, { connection, policy })
    this.#http.emit('connection', connection.socket)
    // Reading a PROXY header has paused a plain socket, and nobody else would wake it.
    connection.socket.resume()
  }

  async #upgrade(message: http.IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const walk = this.#walking.get(socket)
    if (walk === undefined || walk.connection.isOver) return void socket.destroy()
    const { connection, policy } = walk
    this.#walking.delete(socket)
    connection.clearDeadline()
    socket.on('error', ignore)
    try {
      await this.#deps.upgraded(connection, policy, message, head)
    } catch (error) {
      this.#deps.refuser.failed(connection, error)
    }
  }

  async #request(message: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const walk = this.#walking.get(message.socket)
    // A second request on the connection, which ends behind the answer to the first: nothing more is read.
    if (walk === undefined) return void message.socket.pause()
    if (walk.connection.isOver) return void message.socket.destroy()
    const { connection, policy } = walk
    this.#walking.delete(message.socket)
    connection.clearDeadline()
    message.socket.on('error', ignore)
    try {
      await this.#deps.requested(connection, policy, message, response)
    } catch (error) {
      this.#deps.refuser.failed(connection, error)
    }
  }

  #refuseSocket(socket: Socket, reason: ReasonCode, detail: string): void {
    const walk = this.#walking.get(socket)
    if (walk === undefined) socket.destroy()
    else this.#deps.refuser.refuse(walk.connection, reason, detail)
  }
}

/** The stage that waits for the socket learns of its end by other events. */
function ignore(): void {}
