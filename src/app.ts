import type { AdminDeps } from './admin/deps.ts'
import { type AdminServer, type Health, startAdmin } from './admin/server.ts'
import { type Authorities, createAuthorities, type PreparedAuthorities } from './app/authorities.ts'
import { certificatesOf, serverChainsOf } from './app/certificates.ts'
import { chargePointLogsOf } from './app/charge-point-logs.ts'
import { healthOf } from './app/health.ts'
import { keepHouse } from './app/housekeeping.ts'
import type { Listening } from './app/listening.ts'
import { OutsideChanges } from './app/outside-changes.ts'
import { buildPolicies, lockoutBounds } from './app/policies.ts'
import { Rejections } from './app/rejections.ts'
import { joinReplicas } from './app/replicas/join.ts'
import { fleetOf, hasNewTrust, serveAdmin, sharedRelay } from './app/replicas/ports.ts'
import type { Replicas } from './app/replicas/replicas.ts'
import { Revocations } from './app/revocation.ts'
import { SealedPasswords } from './app/sealed-passwords.ts'
import { SecurityEvents } from './app/security-events.ts'
import { ServerCertificates } from './app/server-certificates.ts'
import { createUseCases, type UseCases } from './app/use-cases.ts'
import type { LoadedConfig } from './config/load.ts'
import { diffReload } from './config/reload.ts'
import type { Config } from './config/schema.ts'
import { AcceptLimits } from './gate/accept-limits.ts'
import type { AdmitConnectionDeps } from './gate/admit-connection.ts'
import { PresentedCertificates } from './gate/certificate-check.ts'
import { hashKey } from './gate/credentials/hash.ts'
import { createLockout, type Lockout } from './gate/credentials/lockout.ts'
import { createPasswordVerifier } from './gate/credentials/verifier.ts'
import { Listener, type LivePolicy } from './gate/listener.ts'
import { Refusals } from './gate/refusal.ts'
import { Refuser } from './gate/refuser.ts'
import { HttpRoutes } from './gate/routes/http-routes.ts'
import { ticketLifetime } from './gate/tls-contexts.ts'
import { warnOfUnsecured } from './gate/unsecured.ts'
import { Upgrades } from './gate/upgrade.ts'
import { setExpiryMetrics } from './observe/expiry.ts'
import type { Logger } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { createCertificateCache } from './pki/certificate.ts'
import type { FactsOf } from './pki/chain.ts'
import { createSignatureCache } from './pki/signature.ts'
import { messageOf } from './policy/error.ts'
import { reservedIdentity } from './policy/identity.ts'
import { Relay } from './relay/relay.ts'
import type { LogArchive, Store } from './store/store.ts'
import { entryOf } from './usecases/signed-firmware/entry.ts'

const [hourMs, minuteMs, lookMs, secondMs] = [3_600_000, 60_000, 10_000, 1_000]

export interface AppDeps {
  readonly version: string
  readonly store: Store
  readonly log: Logger
  readonly metrics: Metrics
}

/** The whole proxy: wires everybody, and is the only one who knows everybody. */
export class App {
  readonly #deps: AppDeps
  readonly #listeners = new Map<string, Listener>()
  readonly #factsOf: FactsOf
  readonly #limits: AcceptLimits
  readonly #lockout: Lockout
  readonly #rejections: Rejections
  readonly #events: SecurityEvents
  readonly #logs: LogArchive | null
  readonly #useCases: UseCases
  /** Null: this process is alone with its store. */
  readonly #replicas: Replicas | null
  readonly #relay: Relay
  readonly #authorities: Authorities
  readonly #serverCertificates: ServerCertificates
  readonly #refuser: Refuser
  readonly #revocations: Revocations
  readonly #sealed: SealedPasswords
  readonly #upgrades: Upgrades
  readonly #routes: HttpRoutes
  readonly #timers: NodeJS.Timeout[] = []
  readonly #health: Health
  #admin: AdminServer | null = null
  #config: Config
  #policies: readonly LivePolicy[] = []
  #reloadProblem: string | null = null
  #isStopping = false

  constructor(config: Config, deps: AppDeps) {
    this.#config = config
    this.#deps = deps
    const { store, log, metrics } = deps
    const monotonic = () => performance.now()
    this.#events = new SecurityEvents({ ...deps, config: () => this.#config })
    this.#rejections = new Rejections({
      rejections: store.rejections,
      events: this.#events.refusals,
      log,
      config: () => this.#config,
      stored: (count) => this.#replicas?.notices.rejected(count),
    })
    const refusals = new Refusals({ metrics, recorder: this.#rejections, now: Date.now })
    this.#refuser = new Refuser(refusals, log)
    const certificates = createCertificateCache(config.limits.connections)
    this.#factsOf = (certificate) => certificates.factsOf(certificate)
    this.#limits = new AcceptLimits(config.limits, monotonic)
    this.#lockout = createLockout({ ...lockoutBounds(config), now: Date.now })
    this.#relay = new Relay(config.limits, [], { metrics, log, refused: refusals.noteSession.bind(refusals) })
    this.#authorities = createAuthorities({ store, log, config: () => this.#config })
    this.#replicas = joinReplicas({
      ...deps,
      config: () => this.#config,
      relay: this.#relay,
      events: this.#events,
      rejections: this.#rejections,
      useCases: () => this.#useCases,
      ...{ ticketsChanged: () => this.#newTicketKeys(), missed: () => this.#revocations.missed() },
    })
    this.#logs = chargePointLogsOf(() => this.#config)
    this.#useCases = createUseCases({
      store: this.#replicas?.fenced(store) ?? store,
      steps: store.registry,
      logs: this.#logs,
      log,
      metrics,
      note: this.#events.log.note,
      sessions: this.#relay.sessions,
      config: () => this.#config,
      events: this.#events.useCases,
      authorities: this.#authorities,
      trust: () => this.#policies.flatMap(({ contexts }) => contexts?.material.trust?.cpo ?? []),
      serverChains: () => serverChainsOf(this.#policies),
      fleet: this.#replicas,
    })
    this.#relay.setLive(config.limits, this.#useCases.all)
    this.#serverCertificates = new ServerCertificates({
      log,
      metrics,
      listeners: () => this.#listeners.values(),
      changed: () => this.#setPolicies([...this.#listeners.values()].map(({ policy }) => policy)),
    })
    this.#revocations = new Revocations({
      ...{ ...deps, refusals, denied: this.#replicas?.denied ?? store.denied },
      sessions: this.#relay.sessions,
      factsOf: this.#factsOf,
      note: this.#events.log.note,
      rotateTickets: (name) => this.#rotateTickets(name),
    })
    this.#sealed = new SealedPasswords({ registry: store.registry, config: () => this.#config, log })
    this.#health = healthOf({
      ...{ store, metrics },
      replicas: this.#replicas,
      now: monotonic,
      isStopping: () => this.#isStopping,
      reloadProblem: () => this.#reloadProblem,
      notes: () =>
        [this.#serverCertificates, this.#useCases.certificates, this.#sealed].flatMap((one) => one.notes()),
    })
    const admission: AdmitConnectionDeps = {
      refuser: this.#refuser,
      metrics,
      registry: this.#replicas?.registry ?? store.registry,
      verifier: createPasswordVerifier({ now: monotonic }),
      lockout: this.#lockout,
      now: Date.now,
      delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    }
    this.#routes = new HttpRoutes({ ...admission, metrics, log, logs: this.#logs })
    this.#upgrades = new Upgrades({
      ...admission,
      metrics,
      relay: sharedRelay(this.#relay, this.#replicas),
      note: this.#events.log.note,
      admitted: (facts, path, generation) => this.#revocations.live.admitted(facts, path, generation),
      hasOnboardingRoom: this.#useCases.onboarding.hasRoom,
    })
  }

  /** Throws ProxyError when anything cannot be opened; nothing is left open then. */
  async start(): Promise<readonly Listening[]> {
    const { store, log, metrics } = this.#deps
    try {
      await this.#replicas?.start()
      const authorities = this.#authorities.prepare(this.#config)
      const policies = await this.#buildPolicies(this.#config, authorities)
      const sinks = this.#events.prepare(this.#config)
      this.#authorities.set(authorities)
      this.#setPolicies(policies)
      // Before anybody connects: changes of passwords that a killed process left behind.
      await this.#useCases.changes.settle()
      await this.#authorities.tidy()
      await Promise.all([this.#revocations.use(policies), this.#useCases.firmware.use()])
      const listening: Listening[] = []
      for (const policy of policies) {
        const listener = this.#createListener(policy)
        const address = await listener.listen()
        this.#listeners.set(listener.name, listener)
        listening.push({ name: listener.name, host: address.address, port: address.port })
      }
      this.#revocations.start()
      await this.#events.start(sinks)
      await (this.#replicas?.lead() ?? this.#useCases.campaigns.start())
      this.#admin = await startAdmin(this.#config.admin, metrics.registry, this.#health, this.#adminDeps())
      serveAdmin(this.#replicas, this.#admin)
      metrics.configReloadSuccessful.set(1)
      const parts = { rejections: this.#rejections, revocations: this.#revocations, sealed: this.#sealed }
      const keep = () => keepHouse({ ...this.#deps, ...parts, registry: store.registry, logs: this.#logs })
      keep()
      this.#every(hourMs, keep)
      this.#every(lookMs, () => void this.#health.problems())
      const outside = new OutsideChanges({ store, sessions: this.#relay.sessions, events: this.#events, log })
      this.#every(secondMs, () => void outside.look())
      this.#every(minuteMs, () => void this.#useCases.changes.settle())
      this.#every(minuteMs, () => void this.#authorities.tidy())
      this.#every((ticketLifetime / 2) * 1000, () => {
        if (this.#replicas?.leader.isLeader !== false) this.#rotateTickets()
      })
      // The profile of a listener that runs does not change by a reload.
      const { listeners } = this.#config
      warnOfUnsecured(listeners, log)
      this.#every(hourMs, () => warnOfUnsecured(listeners, log))
      listening.push({ name: 'admin', host: this.#config.admin.address.host, port: this.#admin.port })
      for (const { name, host, port } of listening) log.info({ listener: name, host, port }, 'listening')
      return listening
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  get sessions(): number {
    return this.#relay.sessions.size
  }

  /**
   * Takes a new configuration: all of it or nothing. Running sessions are not touched. False: it
   * was refused, and everything stays as it was.
   */
  async reload(loaded: LoadedConfig): Promise<boolean> {
    const { log } = this.#deps
    const { config } = loaded
    try {
      // Everything that can fail comes first.
      const authorities = this.#authorities.prepare(config)
      const policies = await this.#buildPolicies(config, authorities)
      const sinks = this.#events.prepare(config)
      const { needsRestart } = diffReload(this.#config, config)
      if (needsRestart.length > 0) log.warn({ keys: needsRestart }, 'these changes need a restart')
      const isTrustNew = hasNewTrust(this.#policies, policies)
      for (const policy of policies) this.#listeners.get(policy.listener.name)?.setPolicy(policy)
      this.#config = config
      this.#events.reload(config, sinks)
      this.#authorities.set(authorities)
      this.#serverCertificates.settle()
      this.#limits.setBounds(config.limits)
      this.#lockout.setBounds(lockoutBounds(config))
      this.#relay.setLive(config.limits, this.#useCases.all)
      log.level = config.log.level
      await Promise.all([this.#revocations.use(policies), this.#useCases.firmware.use()])
      // Alone, every context that is made anew has new keys.
      if (isTrustNew) void this.#replicas?.tickets.rotate()
      this.#reloaded(null)
      void this.#sealed.look()
      log.info({ listeners: policies.length }, 'configuration reloaded')
      return true
    } catch (error) {
      this.#serverCertificates.settle()
      this.#reloaded(messageOf(error))
      return false
    }
  }

  /** It was asked for, and nothing has changed: all stays, and the lists are read and fetched again. */
  async refresh(): Promise<void> {
    await Promise.all([this.#revocations.use(this.#policies), this.#useCases.firmware.use()])
    this.#reloaded(null)
  }

  /** The new configuration could not even be read. */
  reloadFailed(problem: string): void {
    this.#reloaded(problem)
  }

  /** Not ready, no new connections, sessions ended one after the other, everything on disk. */
  async stop(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    const { log } = this.#deps
    log.info({ sessions: this.sessions, timeoutMs: this.#config.drain.timeout }, 'draining')
    this.#relay.isDraining = true
    for (const listener of this.#listeners.values()) listener.close()
    this.#useCases.campaigns.drain()
    this.#useCases.changes.stop()
    this.#useCases.onboarding.stop()
    this.#useCases.certificates.stop()
    const { timeout } = this.#config.drain
    await Promise.all([this.#relay.drain(timeout), this.#routes.drain(timeout)])
    await this.#close()
    log.info('stopped')
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#serverCertificates.close()
    for (const listener of this.#listeners.values()) listener.close()
    await Promise.all([this.#relay.drain(0), this.#routes.drain(0)])
    await this.#admin?.close()
    this.#useCases.changes.stop()
    this.#useCases.onboarding.stop()
    await this.#useCases.certificates.close()
    await this.#useCases.campaigns.close()
    await this.#revocations.close()
    this.#useCases.firmware.close()
    await this.#rejections.close()
    await this.#events.close()
    await this.#replicas?.close()
  }

  #buildPolicies(config: Config, { issuers }: PreparedAuthorities): Promise<readonly LivePolicy[]> {
    this.#useCases.firmware.prepare(config)
    const issue = this.#serverCertificates.issueFor(config, issuers)
    return buildPolicies(config, issue, this.#replicas?.ticketKeys)
  }

  #createListener(policy: LivePolicy): Listener {
    const { metrics, store } = this.#deps
    return new Listener(policy, {
      ...{ limits: this.#limits, refuser: this.#refuser, metrics },
      registry: this.#replicas?.registry ?? store.registry,
      revocation: this.#revocations.port(policy.listener.name),
      presented: new PresentedCertificates(policy.config.limits.connections),
      ...{ renewals: store.renewals, factsOf: this.#factsOf, now: Date.now },
      verifies: createSignatureCache(policy.config.limits.connections),
      upgraded: (connection, live, message, head) => this.#upgrades.take(connection, live, message, head),
      requested: (connection, live, message, answer) => this.#routes.take(connection, live, message, answer),
    })
  }

  #setPolicies(policies: readonly LivePolicy[]): void {
    this.#policies = policies
    this.#deps.metrics.connectionsLimit.set(this.#config.limits.connections)
    setExpiryMetrics(this.#deps.metrics, policies, this.#authorities.issuers())
  }

  #adminDeps(): AdminDeps {
    const { store, log, version } = this.#deps
    const { registry, rejections, events, denied, roots, renewals, issued, firmware } = store
    return {
      version,
      startedAt: Date.now(),
      token: () => this.#config.admin.token,
      ...{ registry, rejections, events, denied, roots, renewals, issued, firmware, logs: this.#logs },
      firmwareChecks: { verify: this.#useCases.firmware.verifier.verify, entryOf },
      denyListChanged: () => this.#revocations.look(),
      stored: {
        rejections: (listener) => this.#rejections.subscribe(listener),
        events: (listener) => this.#events.subscribe(listener),
      },
      pki: this.#authorities.status,
      sessions: this.#replicas?.directory ?? this.#relay.sessions,
      ...fleetOf(this.#replicas),
      operations: this.#useCases.changes.operations,
      operationDefaults: () => ({
        reset: this.#config.passwords.resetAfterRebootRequired,
        upgradeTimeoutMs: this.#config.profileUpgrade.timeout,
      }),
      campaigns: this.#useCases.campaigns,
      lockouts: this.#lockout,
      certificates: () => certificatesOf(this.#policies, this.#authorities.issuers()),
      ...{ hashKey, log, now: Date.now },
      note: this.#events.log.note,
      noteDurably: this.#events.log.noteDurably,
      reservedIdentity: () => reservedIdentity(this.#config.securityEvents),
    }
  }

  #reloaded(problem: string | null): void {
    const { log, metrics } = this.#deps
    this.#reloadProblem = problem
    metrics.configReloads.inc({ result: problem === null ? 'success' : 'failure' })
    metrics.configReloadSuccessful.set(problem === null ? 1 : 0)
    if (problem !== null) log.error({ problem }, 'the new configuration was refused; the old one stays')
  }

  #every(ms: number, task: () => void): void {
    const timer = setInterval(task, ms)
    timer.unref()
    this.#timers.push(timer)
  }

  /** Of all listeners, or of one; with replicas of all of them, because they share one secret. */
  #rotateTickets(name?: string): void {
    if (this.#replicas !== null) void this.#replicas.tickets.rotate()
    else this.#newTicketKeys(name)
  }

  #newTicketKeys(name?: string): void {
    for (const listener of this.#listeners.values()) {
      if (name === undefined || listener.name === name) listener.rotateTickets()
    }
  }
}
