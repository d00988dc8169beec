import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { EventFlood } from '../events/event-flood.ts'
import { RefusalEvents } from '../events/refusal-events.ts'
import { EventRetention } from '../events/retention.ts'
import { SecurityLog } from '../events/security-log.ts'
import { type PreparedSink, prepareSinks, Sinks } from '../events/sinks.ts'
import { basicAuthorization, fillTemplate } from '../gate/upstream-headers.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { reservedIdentity } from '../policy/identity.ts'
import { eventName201 } from '../policy/security-event-types.ts'
import { upstreamTarget } from '../relay/target.ts'
import type { UseCase } from '../relay/use-case.ts'
import type { Store } from '../store/store.ts'
import { type EventDelivery, eventDelivery } from '../usecases/security-events/delivery.ts'
import type { EventForm } from '../usecases/security-events/message.ts'
import { EventOutbox, readerOf201 } from '../usecases/security-events/outbox.ts'
import type { OwnTarget } from '../usecases/security-events/own-connection.ts'
import { OwnSession } from '../usecases/security-events/own-session.ts'
import { securityEvents } from '../usecases/security-events/security-events.ts'

export interface SecurityEventsDeps {
  readonly store: Store
  readonly log: Logger
  readonly metrics: Metrics
  readonly version: string
  /** As the last reload left it. */
  readonly config: () => Config
}

/** Wires the security log: who writes it, who keeps it, and who reads along. */
export class SecurityEvents {
  readonly log: SecurityLog
  readonly refusals: RefusalEvents
  readonly useCases: readonly UseCase[]
  readonly #deps: SecurityEventsDeps
  readonly #flood: EventFlood
  readonly #sinks: Sinks
  readonly #retention: EventRetention
  readonly #delivery: EventDelivery | null
  readonly #delivery201: EventDelivery
  #own: OwnSession | null = null
  readonly #makeOwn: (() => OwnSession) | null
  readonly #readers = new Set<() => void>()
  #prepared: readonly PreparedSink[] = []
  /** Of several replicas one delivers to sinks and has the own session: a cursor has one owner. */
  #isDelivering: boolean

  constructor(deps: SecurityEventsDeps) {
    this.#deps = deps
    const { store, log, metrics, config } = deps
    const { events } = store
    this.log = new SecurityLog({ events, metrics, log, now: Date.now })
    this.refusals = new RefusalEvents({ keep: (event) => this.log.keep(event), now: Date.now })
    this.#sinks = new Sinks({ events, metrics, log, note: this.log.note })
    this.#retention = new EventRetention(events, config().securityEvents, log, Date.now)
    const form = config().securityEvents.toCentralSystem
    const outbox = form === 'off' ? null : this.#outbox(form)
    this.#delivery = outbox === null || form === 'off' ? null : eventDelivery({ outbox, log, form })
    this.#delivery201 = eventDelivery({
      ...{ log, form: 'SecurityEventNotification', protocol: 'ocpp2.0.1', sink: 'central-system-201' },
      outbox: this.#outbox201(),
      isOn: () => config().securityEvents.toCentralSystem201 !== 'off',
    })
    const hasOwn = outbox !== null && config().securityEvents.ownSession !== undefined
    this.#makeOwn = hasOwn ? () => this.#ownSession(outbox) : null
    this.#isDelivering = store.shared === undefined
    this.#flood = new EventFlood({ note: this.log.note, now: () => performance.now() })
    this.useCases = [
      securityEvents({
        fromChargePoint: (event) => this.log.fromChargePoint(event),
        note: this.log.note,
        flood: this.#flood,
        securityMessages: () => config().centralSystem.securityMessages,
        log,
        now: Date.now,
      }),
      ...this.#deliveries,
    ]
    this.log.subscribe((stored) => {
      this.#retention.stored(stored.length)
      this.#sinks.wake(stored.length)
      for (const delivery of this.#deliveries) delivery.stored(stored)
      this.#own?.wake()
      for (const reader of this.#readers) reader()
    })
  }

  /** Throws ProxyError `sink_unusable`. */
  prepare(config: Config): readonly PreparedSink[] {
    const context = { hostname: hostname(), edition: config.edition, now: Date.now }
    return prepareSinks(config.securityEvents.sinks, context)
  }

  async start(prepared: readonly PreparedSink[]): Promise<void> {
    await this.#warnOfReserved()
    this.#prepared = prepared
    await this.#deliver()
  }

  get #deliveries(): readonly EventDelivery[] {
    return this.#delivery === null ? [this.#delivery201] : [this.#delivery, this.#delivery201]
  }

  /** Begins or ends to deliver, where another replica did or does. */
  async lead(isLeading: boolean): Promise<void> {
    this.#isDelivering = isLeading
    await this.#deliver()
  }

  /** `listener` is called when there are new records, whoever has stored them; the result ends that. */
  subscribe(listener: () => void): () => void {
    const own = () => listener()
    this.#readers.add(own)
    return () => void this.#readers.delete(own)
  }

  /** Other replicas have stored so many events, of these charge points among others. */
  heard(count: number, identities: readonly string[]): void {
    this.#sinks.wake(count)
    for (const delivery of this.#deliveries) delivery.woken(identities)
    this.#own?.wake()
    for (const reader of this.#readers) reader()
  }

  async #deliver(): Promise<void> {
    await this.#sinks.set(this.#isDelivering ? this.#prepared : [])
    if (this.#isDelivering && this.#own === null) {
      this.#own = this.#makeOwn?.() ?? null
      this.#own?.start()
    } else if (!this.#isDelivering) {
      const own = this.#own
      this.#own = null
      await own?.close()
    }
  }

  /** Takes a new configuration that `prepare` has found usable. */
  reload(config: Config, prepared: readonly PreparedSink[]): void {
    this.#retention.setBounds(config.securityEvents)
    this.#prepared = prepared
    if (this.#isDelivering) void this.#sinks.set(prepared)
  }

  /** Everything noted is on disk; what sinks did not get waits there for the next start. */
  async close(): Promise<void> {
    this.refusals.close()
    this.#flood.close()
    await this.log.close()
    await this.#own?.close()
    await this.#sinks.close()
    await this.#retention.close()
  }

  /** A registered charge point that will always be refused would puzzle its operator. */
  async #warnOfReserved(): Promise<void> {
    const { store, log, config } = this.#deps
    const identity = reservedIdentity(config().securityEvents)
    if (identity === null || (await store.registry.get(identity)) === null) return
    log.warn({ identity }, "a charge point is registered with the identity of the proxy's own session")
  }

  #outbox(form: EventForm): EventOutbox {
    const { config } = this.#deps
    return new EventOutbox({
      ...this.#outboxDeps(),
      settings: () => ({ ...config().securityEvents, form }),
      // What a charge point says itself has passed already where the central system knows the message.
      wanted: ({ origin }) => origin === 'proxy' || config().centralSystem.securityMessages === 'answer',
    })
  }

  /** Of the charge point's own nothing: they have passed (A04 of OCPP 2.0.1). */
  #outbox201(): EventOutbox {
    const { config } = this.#deps
    return new EventOutbox({
      ...this.#outboxDeps(),
      readerOf: readerOf201,
      settings: () => ({
        ...config().securityEvents,
        form: 'SecurityEventNotification',
        nameOf: eventName201,
      }),
      wanted: ({ origin }) => origin === 'proxy',
    })
  }

  #outboxDeps() {
    const { store, log, metrics } = this.#deps
    return {
      ...{ events: store.events, log, metrics },
      wait: async (ms: number, signal: AbortSignal) => {
        await delay(ms, undefined, { signal, ref: false }).catch(() => {})
        return !signal.aborted
      },
    }
  }

  #ownSession(outbox: EventOutbox): OwnSession {
    const { store, log, config } = this.#deps
    return new OwnSession({
      events: store.events,
      outbox,
      isLive: (identity) => this.#deliveries.some((delivery) => delivery.isLive(identity)),
      target: () => ownTarget(config(), this.#deps.version),
      log,
      random: Math.random,
      callTimeoutMs: () => config().limits.callTimeout,
    })
  }
}

/** The central system sees the proxy's own session as one more charge point. */
function ownTarget({ centralSystem, securityEvents }: Config, version: string): OwnTarget {
  const identity = securityEvents.ownSession?.identity ?? 'SECURITY-PROXY'
  const { authorization, url, connectTimeout } = centralSystem
  const values = {
    identity,
    serialNumber: null,
    profile: 0 as const,
    certificate: null,
    remoteAddress: '',
    listener: '',
  }
  const headers: Record<string, string> =
    typeof authorization === 'string'
      ? {}
      : {
          Authorization: basicAuthorization(
            fillTemplate(authorization.username, values),
            Buffer.from(authorization.password),
          ),
        }
  return {
    identity,
    url: `${url.replace(/\/$/, '')}/${encodeURIComponent(identity)}`,
    headers,
    ca: upstreamTarget(centralSystem).ca,
    connectTimeoutMs: connectTimeout,
    boot: {
      chargePointVendor: 'ocpp-security-proxy',
      chargePointModel: 'security-proxy',
      firmwareVersion: version,
    },
  }
}
