import { type AdminServer, startAdmin } from './admin/server.ts'
import type { LoadedConfig } from './config/load.ts'
import { diffReload } from './config/reload.ts'
import type { Config } from './config/schema.ts'
import { RejectionRecorder } from './events/rejection-recorder.ts'
import { AcceptLimits } from './gate/accept-limits.ts'
import { PresentedCertificates } from './gate/certificate-check.ts'
import { createLockout } from './gate/credentials/lockout.ts'
import { createPasswordVerifier } from './gate/credentials/verifier.ts'
import { Listener, type LivePolicy } from './gate/listener.ts'
import { Refusals } from './gate/refusal.ts'
import { Refuser } from './gate/refuser.ts'
import { createTlsContexts, loadTlsMaterial, ticketLifetime } from './gate/tls-contexts.ts'
import { Upgrades } from './gate/upgrade.ts'
import { setExpiryMetrics } from './observe/expiry.ts'
import type { Logger } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { createCertificateCache } from './pki/certificate.ts'
import { createSignatureCache } from './pki/signature.ts'
import { messageOf } from './policy/error.ts'
import { Relay } from './relay/relay.ts'
import { upstreamTarget } from './relay/target.ts'
import type { Store } from './store/store.ts'

const hourMs = 3_600_000

export interface AppDeps {
  readonly store: Store
  readonly log: Logger
  readonly metrics: Metrics
}

/** Where a listener really listens: the port may have been 0. */
export interface Listening {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The whole proxy: wires everybody, and is the only one who knows everybody. */
export class App {
  readonly #deps: AppDeps
  readonly #listeners = new Map<string, Listener>()
  readonly #limits: AcceptLimits
  readonly #recorder: RejectionRecorder
  readonly #relay: Relay
  readonly #refuser: Refuser
  readonly #upgrades: Upgrades
  readonly #timers: NodeJS.Timeout[] = []
  #admin: AdminServer | null = null
  #config: Config
  #reloadProblem: string | null = null
  #isStopping = false
  /** Rejections stored since old ones were removed. */
  #recordedSince = 0

  constructor(config: Config, deps: AppDeps) {
    this.#config = config
    this.#deps = deps
    const { store, log, metrics } = deps
    const monotonic = () => performance.now()
    this.#recorder = new RejectionRecorder(store.rejections, log, (count) => this.#recorded(count))
    const refusals = new Refusals({ metrics, recorder: this.#recorder, now: Date.now })
    this.#refuser = new Refuser(refusals, log)
    this.#limits = new AcceptLimits(config.limits, monotonic)
    this.#relay = new Relay(config.limits, upstreamTarget(config.centralSystem), {
      metrics,
      log,
      refused: ({ listener, profile, address, identity }, reason, detail) =>
        refusals.note(
          { listener: { name: listener, profile }, address, port: 0, identity, facts: {} },
          reason,
          detail,
          'enforce',
        ),
    })
    this.#upgrades = new Upgrades({
      refuser: this.#refuser,
      metrics,
      relay: this.#relay,
      registry: store.registry,
      verifier: createPasswordVerifier({ now: monotonic }),
      lockout: createLockout({
        failures: config.limits.failuresPerIdentity,
        lockMs: config.limits.lockout,
        now: Date.now,
      }),
      now: Date.now,
      delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    })
  }

  /** Throws ProxyError when anything cannot be opened; nothing is left open then. */
  async start(): Promise<readonly Listening[]> {
    const { log, metrics } = this.#deps
    try {
      const policies = await this.#buildPolicies(this.#config)
      setExpiryMetrics(metrics, policies)
      const listening: Listening[] = []
      for (const policy of policies) {
        const listener = this.#createListener(policy)
        const address = await listener.listen()
        this.#listeners.set(listener.name, listener)
        listening.push({ name: listener.name, host: address.address, port: address.port })
      }
      this.#admin = await startAdmin(this.#config.admin, metrics.registry, {
        problems: () => this.#problems(),
        notes: () => (this.#reloadProblem === null ? [] : [`the last reload failed: ${this.#reloadProblem}`]),
      })
      metrics.configReloadSuccessful.set(1)
      this.#prune()
      this.#every(hourMs, () => this.#prune())
      this.#every((ticketLifetime / 2) * 1000, () => this.#rotateTickets())
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
    const { log, metrics } = this.#deps
    const { config } = loaded
    try {
      // Everything that can fail comes first.
      const target = upstreamTarget(config.centralSystem)
      const policies = await this.#buildPolicies(config)
      const { needsRestart } = diffReload(this.#config, config)
      if (needsRestart.length > 0) log.warn({ keys: needsRestart }, 'these changes need a restart')
      for (const policy of policies) this.#listeners.get(policy.listener.name)?.setPolicy(policy)
      setExpiryMetrics(metrics, policies)
      this.#config = config
      this.#limits.setBounds(config.limits)
      this.#relay.setLive(config.limits, target)
      log.level = config.log.level
      this.#reloaded(null)
      log.info({ listeners: policies.length }, 'configuration reloaded')
      return true
    } catch (error) {
      this.#reloaded(messageOf(error))
      metrics.configReloadSuccessful.set(0)
      return false
    }
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
    await this.#relay.drain(this.#config.drain.timeout)
    await this.#close()
    log.info('stopped')
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    for (const listener of this.#listeners.values()) listener.close()
    await this.#relay.drain(0)
    await this.#recorder.close()
    await this.#admin?.close()
  }

  async #buildPolicies(config: Config): Promise<readonly LivePolicy[]> {
    const policies = await Promise.all(
      config.listeners.map(async (listener): Promise<LivePolicy> => {
        if (listener.tls === undefined) return { config, listener, contexts: null }
        const material = await loadTlsMaterial(listener.tls)
        const contexts = createTlsContexts(listener, listener.tls, material)
        return { config, listener, contexts }
      }),
    )
    return policies
  }

  #createListener(policy: LivePolicy): Listener {
    const { metrics, store } = this.#deps
    const certificates = createCertificateCache(policy.config.limits.connections)
    return new Listener(policy, {
      limits: this.#limits,
      refuser: this.#refuser,
      metrics,
      registry: store.registry,
      presented: new PresentedCertificates(policy.config.limits.connections),
      factsOf: (certificate) => certificates.factsOf(certificate),
      verifies: createSignatureCache(policy.config.limits.connections),
      now: Date.now,
      upgraded: (connection, live, message, head) => this.#upgrades.take(connection, live, message, head),
    })
  }

  #reloaded(problem: string | null): void {
    const { log, metrics } = this.#deps
    this.#reloadProblem = problem
    metrics.configReloads.inc({ result: problem === null ? 'success' : 'failure' })
    metrics.configReloadSuccessful.set(problem === null ? 1 : 0)
    if (problem !== null) log.error({ problem }, 'the new configuration was refused; the old one stays')
  }

  async #problems(): Promise<readonly string[]> {
    if (this.#isStopping) return ['the proxy is shutting down']
    try {
      await this.#deps.store.check()
      return []
    } catch (error) {
      return [`store: ${messageOf(error)}`]
    }
  }

  #every(ms: number, task: () => void): void {
    const timer = setInterval(task, ms)
    timer.unref()
    this.#timers.push(timer)
  }

  #rotateTickets(): void {
    for (const listener of this.#listeners.values()) listener.rotateTickets()
  }

  /** A flood of refusals must not fill the disk until the hour is over (CWE-400). */
  #recorded(count: number): void {
    this.#recordedSince += count
    if (this.#recordedSince < this.#config.store.rejections.keep / 10) return
    this.#prune()
  }

  #prune(): void {
    this.#recordedSince = 0
    const { keep, age } = this.#config.store.rejections
    this.#deps.store.rejections.prune(Date.now() - age, keep).catch((error: unknown) => {
      this.#deps.log.error({ err: messageOf(error) }, 'old rejection records cannot be removed')
    })
  }
}
