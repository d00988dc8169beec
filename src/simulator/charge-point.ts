import type { Payload } from '../ocpp/message.ts'
import { ProxyError } from '../policy/error.ts'
import type { SecurityProfile } from '../policy/facts.ts'
import { eventName201 } from '../policy/security-event-types.ts'
import { createBackground } from './background.ts'
import { backoffDelay, pause } from './backoff.ts'
import { type ChargePointBehaviour, obedient } from './behaviour.ts'
import {
  type CertificateBehaviour,
  certificateCommands,
  obedientCertificates,
} from './certificate-commands.ts'
import { type ChargePointMessages, createMessages } from './charge-point-messages.ts'
import type { ChargePointOptions } from './charge-point-options.ts'
import { type RunOptions, runChargePoint } from './charge-point-run.ts'
import { createSecurity } from './charge-point-security.ts'
import { createMessages201 } from './charging-station-messages.ts'
import { createCommandTarget } from './command-target.ts'
import { answerCommand, coreCommands } from './commands.ts'
import type { ConfigurationKeys } from './configuration-keys.ts'
import type { Dialed, TlsSeen } from './dial.ts'
import type { CallOutcome } from './endpoint.ts'
import { factoryConfiguration } from './factory-configuration.ts'
import { firmwareCommands } from './firmware-commands.ts'
import { type CloseSeen, createLink } from './link.ts'
import { type LogBehaviour, logCommands, obedientLogs } from './log-commands.ts'
import { logContent } from './log-content.ts'
import { createPlugAndCharge, type PlugAndCharge } from './plug-and-charge.ts'
import { ConnectRefusal } from './refusal.ts'
import { obedientRoots, type RootBehaviour, rootCommands } from './root-commands.ts'
import type { RootStore } from './root-store.ts'
import { securityCommands } from './security-commands.ts'
import { createSecurityEvents, type SecurityEvents } from './security-events.ts'
import { type SecurityMessages, securityMessages } from './security-messages.ts'
import { createStationNetwork } from './station-network.ts'
import { stationTables } from './station-tables.ts'
import { createTraffic, type TrafficCounts } from './traffic.ts'
import { createUnsolicitedCalls, type UnsolicitedCalls } from './unsolicited.ts'

export type { ChargePointOptions }

export interface ChargePoint extends Omit<ChargePointMessages, 'restart'>, SecurityMessages {
  readonly identity: string
  readonly isOpen: boolean
  readonly securityProfile: SecurityProfile
  /** Of the last connection; null for plain ones. */
  readonly tls: TlsSeen | null
  /** The last TLS ticket, to be resumed by another charge point or later. */
  readonly session: Buffer | null
  readonly configuration: ConfigurationKeys
  /** What it trusts (M03). */
  readonly roots: Pick<RootStore, 'list'>
  /** ISO 15118; its commands are there with `plugAndCharge` only. */
  readonly plugAndCharge: Omit<PlugAndCharge, 'table' | 'ownChain' | 'takeChain'>
  /** Its security events: what waits, and what was confirmed. */
  readonly events: Pick<SecurityEvents, 'flush' | 'pending' | 'confirmed' | 'refused' | 'lost'>
  /** CALLs of the central system side, as far as nobody asked for them. */
  readonly unsolicited: Omit<UnsolicitedCalls, 'see'>
  /** Every CALL and answer so far, over all connections. */
  traffic(): TrafficCounts
  /** Changes how it behaves from now on. */
  behave(change: Partial<ChargePointBehaviour>): void
  behaveAboutCertificates(change: Partial<CertificateBehaviour>): void
  /** A new key, and a request for it (A03). False: it was not accepted. */
  renewCertificate(): Promise<boolean>
  /** The same for messages about root certificates. */
  behaveAboutRoots(change: Partial<RootBehaviour>): void
  /** The same for GetLog. */
  behaveAboutLogs(change: Partial<LogBehaviour>): void
  /** Raises a security event: sent at once where it can be, else as soon as it can (A04). */
  raise(type: string, techInfo?: string): void
  /** One attempt. @throws ConnectRefusal; ProxyError `already_connected`, `tls_options`, `url_invalid`. */
  connect(): Promise<Dialed>
  call(action: string, payload: Payload, options?: { readonly timeoutMs?: number }): Promise<CallOutcome>
  /** Writes text as it is. */
  sendText(text: string): void
  /** How the present connection ends, or the last one did. */
  closed(): Promise<CloseSeen>
  /** Works like a real one until `close`. @throws ProxyError `already_connected` and the operator's mistakes. */
  run(options?: RunOptions): Promise<void>
  /** Ends without a close frame, as when the power fails. */
  terminate(): void
  /** Ends everything: connection, attempts, timers. */
  close(code?: number, reason?: string): Promise<void>
}

const reconnectAttempts = 5

/** A charge point of OCPP 1.6-J with the security profiles of the white paper. */
export function createChargePoint(options: ChargePointOptions): ChargePoint {
  const { identity } = options
  const onEvent = options.onEvent ?? (() => {})
  const now = options.now ?? (() => new Date())
  const random = options.random ?? Math.random
  const backoff = options.backoff ?? { initialMs: 1000, maxMs: 60_000 }
  const security = createSecurity(options)
  const traffic = createTraffic()
  const unsolicited = createUnsolicitedCalls(options.expectedCalls)
  let behaviour: ChargePointBehaviour = { ...obedient, ...options.behaviour }
  let certificateBehaviour: CertificateBehaviour = {
    ...obedientCertificates,
    ...options.certificateBehaviour,
  }
  let rootBehaviour: RootBehaviour = { ...obedientRoots, ...options.rootBehaviour }
  let logBehaviour: LogBehaviour = { ...obedientLogs, ...options.logBehaviour }
  const configuration = factoryConfiguration(options, security)
  const note = (detail: string): void => onEvent({ kind: 'note', identity, detail })
  const background = createBackground((message) => note(`gave up: ${message}`))
  let stop = new AbortController()
  let running: Promise<void> | null = null
  let closing: Promise<void> | null = null

  // What it prefers it speaks: a simulator of both versions at once is two of them.
  const is201 = options.subprotocols?.[0] === 'ocpp2.0.1'
  const link = createLink({
    identity,
    onEvent,
    answer: (call) => {
      unsolicited.see(call.action)
      const of16 = [
        ...iso15118,
        firmware,
        roots,
        certificates.table,
        logs.table,
        securityCommands,
        coreCommands,
      ]
      const own = is201 ? of201 : of16
      return answerCommand(call, [options.commands ?? {}, ...own], target)
    },
    traffic,
    callTimeoutMs: options.callTimeoutMs ?? 30_000,
    maxOutstanding: options.maxOutstanding ?? 1,
    maxQueued: options.maxQueued ?? 256,
    pingIntervalMs: options.pingIntervalMs ?? 0,
  })
  const messages = (is201 ? createMessages201 : createMessages)({
    call: (action, payload) => link.call(action, payload),
    model: { vendor: 'Example', model: 'Simulator', ...options.model },
    idTag: options.idTag ?? 'SIMULATOR',
    onBooted: () => {
      background.start(events.flush)
      logs.resume()
      // A03.FR.02: a month before the end, for most.
      const left = (security.own.notAfter ?? Number.POSITIVE_INFINITY) - now().getTime()
      if (left < (options.renewBeforeMs ?? 0)) background.start(certificates.renew)
    },
    now,
    random,
  })
  const events = createSecurityEvents({
    identity,
    call: (action, payload) => link.call(action, payload),
    onEvent,
    now,
  })
  const raise = (type: string, techInfo?: string): void => {
    events.raise(is201 ? eventName201(type) : type, techInfo)
    // OCPP 1.6 4.2: nothing is sent before BootNotification was accepted.
    if (link.isOpen && messages.booted) background.start(events.flush)
  }
  const acted = (type: string, techInfo?: string): void => {
    if (options.ownEvents === true) raise(type, techInfo)
  }
  acted('StartupOfTheDevice')
  const certificates = certificateCommands({
    own: security.own,
    behaviour: () => certificateBehaviour,
    configuration,
    serialNumber: options.model?.serialNumber ?? identity,
    roots: () => {
      const trusted = security.roots.trusted()
      return typeof trusted === 'string' ? [trusted] : (trusted ?? null)
    },
    call: (action, payload) => link.call(action, payload),
    is201,
    v2g: {
      take: (chain) => plugAndCharge.takeChain(chain),
      request: () => plugAndCharge.requestV2gCertificate(),
    },
    inBackground: background.start,
    reconnect: (reason) => reconnect(reason),
    drop: () => link.terminate(),
    ...{ raise, acted, note },
    now: () => now().getTime(),
  })
  const logs = logCommands({
    behaviour: () => logBehaviour,
    content: (type) => logContent(type, { identity, confirmed: events.confirmed, traffic: traffic.counts() }),
    ca: () => security.roots.trusted(),
    call: (action, payload) => link.call(action, payload),
    inBackground: background.start,
    note,
    now,
    signal: () => stop.signal,
  })
  const aboutRoots = { store: security.roots, behaviour: () => rootBehaviour, raise, acted, note }
  const roots = rootCommands(aboutRoots)
  const plugAndCharge = createPlugAndCharge({
    ...aboutRoots,
    call: (action, payload) => link.call(action, payload),
    ...{ is201, serialNumber: options.model?.serialNumber ?? identity },
    organization: () => configuration.get('CpoName') ?? '',
    inBackground: background.start,
    trigger: () => certificateBehaviour.trigger,
  })
  const network = createStationNetwork({
    ...{ security, note },
    entered: (profile) => {
      configuration.put('SecurityProfile', String(profile))
      acted('ReconfigurationOfSecurityParameters', `network profile: ${profile}`)
    },
  })
  const firmware = firmwareCommands({
    settings: options.firmware ?? null,
    call: (action, payload) => link.call(action, payload),
    inBackground: background.start,
    ...{ raise, note, reconnect, restart: messages.restart },
    otherTrigger: certificates.table.ExtendedTriggerMessage,
    now: () => now().getTime(),
    signal: () => stop.signal,
  })
  const of201 = stationTables(aboutRoots, plugAndCharge.ownChain, certificates.table201, network.table)
  const iso15118 = options.plugAndCharge === true ? [plugAndCharge.table] : []

  async function connect(): Promise<Dialed> {
    try {
      const dialed = await dialTrusted()
      security.confirmProfile()
      network.connected()
      if (security.profile === 3) security.own.connected()
      if (messages.booted) background.start(events.flush)
      if (messages.booted) logs.resume()
      return dialed
    } catch (error) {
      if (error instanceof ConnectRefusal && !stop.signal.aborted) onRefusal(error)
      throw error
    }
  }

  /** With the new root; with the one before it where the server does not lead to that (M05.FR.14). */
  async function dialTrusted(): Promise<Dialed> {
    try {
      const dialed = await link.open(security.nextDial(stop.signal))
      if (dialed.tls !== null) security.roots.connected()
      return dialed
    } catch (error) {
      const isOtherServer =
        error instanceof ConnectRefusal && error.securityEvent === 'InvalidCentralSystemCertificate'
      // On its way to another central system it tries that again first (M05.FR.15).
      if (!isOtherServer || stop.signal.aborted || security.isMigrating) throw error
      if (!security.roots.refused()) throw error
      onEvent({ kind: 'refused', identity, detail: error.message })
      raise('InvalidCentralSystemCertificate')
      note('tries the root before the present one (M05.FR.14)')
      return dialTrusted()
    }
  }

  function onRefusal(refusal: ConnectRefusal): void {
    onEvent({ kind: 'refused', identity, detail: refusal.message })
    // A00.FR.315: a server that refuses TLS 1.2 and above has only versions that must not be used.
    const tooOld = refusal.tlsAlert === 'protocol_version' && security.offersModernTls
    const event = refusal.securityEvent ?? (tooOld ? 'InvalidTLSVersion' : null)
    if (event !== null) raise(event)
    if (security.profile === 3 && security.own.refused()) note('back to the certificate before (A02.FR.10)')
    const wasMigrating = security.isMigrating
    if (!security.fallBack()) return
    network.fellBack()
    if (wasMigrating && event === 'InvalidCentralSystemCertificate' && security.roots.refused())
      note('verifies the server by the root before the present one (M05.FR.16)')
    configuration.put('SecurityProfile', String(security.profile))
    note(`back to security profile ${security.profile} (A05.FR.08)`)
  }

  /** Disconnects and comes back; where `run` is at work, it is the one that comes back. */
  async function reconnect(reason: string): Promise<void> {
    const { signal } = stop
    await link.close(1000, reason)
    if (running !== null) return
    const attempts = reconnectAttempts + (options.fallback?.attempts ?? 0)
    for (let failures = 0; failures < attempts && !signal.aborted; failures += 1) {
      try {
        await connect()
        if (!messages.booted) await messages.boot()
        return
      } catch (error) {
        if (!(error instanceof ConnectRefusal)) throw error
        await pause(backoffDelay(failures, backoff, random), signal)
      }
    }
  }

  async function end(code: number, reason: string): Promise<void> {
    stop.abort()
    await link.close(code, reason)
    await Promise.allSettled([background.settled(), running])
    stop = new AbortController()
  }

  const target = createCommandTarget({
    network,
    configuration,
    messages,
    security,
    behaviour: () => behaviour,
    call: (action, payload) => link.call(action, payload),
    reconnect,
    drop: () => link.terminate(),
    inBackground: background.start,
    note,
    acted,
    logStatus: () => logs.status(),
  })

  return {
    identity,
    configuration,
    events,
    unsolicited,
    traffic: traffic.counts,
    behave(change) {
      behaviour = { ...behaviour, ...change }
    },
    behaveAboutCertificates(change) {
      certificateBehaviour = { ...certificateBehaviour, ...change }
    },
    renewCertificate: certificates.renew,
    behaveAboutRoots(change) {
      rootBehaviour = { ...rootBehaviour, ...change }
    },
    behaveAboutLogs(change) {
      logBehaviour = { ...logBehaviour, ...change }
    },
    roots: security.roots,
    plugAndCharge,
    raise,
    ...securityMessages((action, payload) => link.call(action, payload)),
    get isOpen() {
      return link.isOpen
    },
    get securityProfile() {
      return security.profile
    },
    get tls() {
      return link.tls
    },
    get session() {
      return security.session
    },
    get booted() {
      return messages.booted
    },
    get heartbeatIntervalSeconds() {
      return messages.heartbeatIntervalSeconds
    },
    get transaction() {
      return messages.transaction
    },
    boot: messages.boot,
    heartbeat: messages.heartbeat,
    authorize: messages.authorize,
    status: messages.status,
    startTransaction: messages.startTransaction,
    meterValues: messages.meterValues,
    stopTransaction: messages.stopTransaction,
    connect,
    call: (action, payload, callOptions) => link.call(action, payload, callOptions),
    sendText: (text) => link.sendText(text),
    closed: () => link.closed(),
    terminate: () => link.terminate(),
    async run(runOptions = {}) {
      if (running !== null) throw new ProxyError('already_connected', 'operator', `${identity} runs already`)
      running = runChargePoint(
        {
          connect: async () => (link.isOpen ? null : connect()),
          ended: () => link.ended,
          messages,
          backoff,
          random,
        },
        runOptions,
        stop.signal,
      )
      try {
        await running
      } finally {
        running = null
      }
    },
    async close(code = 1000, reason = '') {
      closing ??= end(code, reason).finally(() => {
        closing = null
      })
      await closing
    },
  }
}
