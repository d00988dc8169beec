import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { actionNames } from '../ocpp/action-index.ts'
import { Tally, Timing } from './tally.ts'

/** Directions of a message, as metric labels. */
export const directions = ['from_charge_point', 'from_central_system'] as const
export type Direction = (typeof directions)[number]

/** Kinds of message, as metric labels; the index is that of `messageSeries`. */
export const messageKinds = ['call', 'result', 'error', 'other'] as const

/** Seconds. A charge point on a mobile link, and a fast central system, both find their bucket. */
const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The place of a series in `Metrics.messages.counts`: no string is made on the path of a message. */
export function messageSeries(direction: number, kind: number, action: number): number {
  return (direction * messageKinds.length + kind) * actionNames.length + action
}

export interface Metrics {
  readonly registry: Registry
  readonly rejections: Counter<'listener' | 'profile' | 'stage' | 'reason' | 'mode'>
  readonly connections: Gauge<'listener' | 'profile'>
  readonly connectionsTotal: Counter<'listener' | 'profile'>
  readonly connectionsLimit: Gauge
  readonly handshakes: Counter<'listener' | 'version' | 'cipher' | 'resumed'>
  readonly handshakeDuration: Timing
  readonly admissionDuration: Timing
  readonly upstreamConnectDuration: Timing
  readonly messages: Tally
  readonly messageBytes: Tally
  readonly messagesIntercepted: Counter<'direction' | 'action' | 'fate'>
  readonly relayDuration: Timing
  readonly securityEvents: Counter<'type' | 'origin'>
  readonly securityEventsPending: Gauge<'sink'>
  readonly securityEventDeliveries: Counter<'sink' | 'result'>
  readonly schemaViolations: Counter<'direction' | 'action' | 'mode'>
  readonly plugAndCharge: Counter<'message' | 'result'>
  readonly routeRequests: Counter<'listener' | 'route' | 'status'>
  readonly routeBytes: Counter<'listener' | 'route' | 'direction'>
  readonly certificateExpiry: Gauge<'role' | 'name'>
  readonly chargePointCertificates: Gauge<'time_left'>
  readonly serverCertificatesIssued: Counter<'result'>
  readonly revocationChecks: Counter<'method' | 'result'>
  readonly crlNextUpdate: Gauge<'name'>
  readonly onboardingSessions: Gauge
  readonly onboardings: Counter<'result'>
  readonly certificateRenewals: Counter<'result'>
  readonly certificateAuthorityUp: Gauge<'key_type'>
  readonly campaignChargePoints: Gauge<'campaign' | 'state'>
  readonly storeUp: Gauge<'engine'>
  readonly storeFreeBytes: Gauge<'engine'>
  readonly replicaMessagesDropped: Counter<'reason'>
  readonly configReloads: Counter<'result'>
  readonly configReloadSuccessful: Gauge
}

export interface BuildInfo {
  readonly version: string
  readonly node: string
  readonly openssl: string
}

/** Every metric of the product (docs/metrics.md is made from this registry). */
export function createMetrics(build: BuildInfo, options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry()
  if (options.processMetrics) {
    collectDefaultMetrics({ register: registry })
    // Gauges with the name of a counter: promtool complains. The same figures stand in nodejs_active_….
    for (const kind of ['handles', 'requests', 'resources']) {
      registry.removeSingleMetric(`nodejs_active_${kind}_total`)
    }
  }
  const registers = [registry]
  const timing = (name: string, help: string) => new Timing(registry, name, help, latencyBounds)
  new Gauge({
    name: 'ocpp_proxy_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['version', 'node', 'openssl'],
    registers,
  }).set({ ...build }, 1)
  return {
    registry,
    rejections: new Counter({
      name: 'ocpp_proxy_rejections_total',
      help: 'Connections and messages refused, by reason. mode="report" was admitted all the same.',
      labelNames: ['listener', 'profile', 'stage', 'reason', 'mode'],
      registers,
    }),
    connections: new Gauge({
      name: 'ocpp_proxy_connections',
      help: 'Charge points connected now.',
      labelNames: ['listener', 'profile'],
      registers,
    }),
    connectionsTotal: new Counter({
      name: 'ocpp_proxy_connections_total',
      help: 'Charge points admitted and taken by the central system.',
      labelNames: ['listener', 'profile'],
      registers,
    }),
    connectionsLimit: new Gauge({
      name: 'ocpp_proxy_connections_limit',
      help: 'Connections that this process takes at the same time (limits.connections).',
      registers,
    }),
    handshakes: new Counter({
      name: 'ocpp_proxy_tls_handshakes_total',
      help: 'TLS handshakes completed.',
      labelNames: ['listener', 'version', 'cipher', 'resumed'],
      registers,
    }),
    handshakeDuration: timing(
      'ocpp_proxy_tls_handshake_duration_seconds',
      'From the ClientHello to the end of the TLS handshake.',
    ),
    admissionDuration: timing(
      'ocpp_proxy_admission_duration_seconds',
      'From the upgrade request to the verdict, the central system not included.',
    ),
    upstreamConnectDuration: timing(
      'ocpp_proxy_upstream_connect_duration_seconds',
      'From dialling the central system to its answer to the upgrade.',
    ),
    messages: new Tally(registry, 'ocpp_proxy_messages_total', 'OCPP messages forwarded.', messageLabels()),
    messageBytes: new Tally(
      registry,
      'ocpp_proxy_message_bytes_total',
      'Bytes of OCPP messages forwarded, without framing.',
      directions.map((direction) => ({ direction })),
    ),
    messagesIntercepted: new Counter({
      name: 'ocpp_proxy_messages_intercepted_total',
      help: 'Messages that the proxy replaced, answered or dropped, and CALLs of its own that it injected.',
      labelNames: ['direction', 'action', 'fate'],
      registers,
    }),
    relayDuration: timing(
      'ocpp_proxy_relay_duration_seconds',
      'From a CALL to its answer, as seen by the proxy.',
    ),
    securityEvents: new Counter({
      name: 'ocpp_proxy_security_events_total',
      help: 'Security events by type of the white paper and by origin.',
      labelNames: ['type', 'origin'],
      registers,
    }),
    plugAndCharge: new Counter({
      name: 'ocpp_proxy_plug_and_charge_total',
      help: 'ISO 15118 messages of charge points that the proxy answered or checked: accepted, failed or malformed.',
      labelNames: ['message', 'result'],
      registers,
    }),
    routeRequests: new Counter({
      name: 'ocpp_proxy_route_requests_total',
      help: 'Plain HTTP requests that went to the target of a route, by the status of the answer.',
      labelNames: ['listener', 'route', 'status'],
      registers,
    }),
    routeBytes: new Counter({
      name: 'ocpp_proxy_route_bytes_total',
      help: 'Bytes of bodies of plain HTTP requests (from_client) and of their answers (to_client).',
      labelNames: ['listener', 'route', 'direction'],
      registers,
    }),
    schemaViolations: new Counter({
      name: 'ocpp_proxy_schema_violations_total',
      help: 'Payloads that break the schema of their action. mode="enforce" was answered with a CALLERROR.',
      labelNames: ['direction', 'action', 'mode'],
      registers,
    }),
    securityEventsPending: new Gauge({
      name: 'ocpp_proxy_security_events_pending',
      help: 'Security events that a sink has not got yet.',
      labelNames: ['sink'],
      registers,
    }),
    securityEventDeliveries: new Counter({
      name: 'ocpp_proxy_security_event_deliveries_total',
      help: 'Security events for sinks and for the central system: delivered, failed (a try), rejected (given up), skipped (rate), lost (removed before the sink had them).',
      labelNames: ['sink', 'result'],
      registers,
    }),
    certificateExpiry: new Gauge({
      name: 'ocpp_proxy_certificate_expiry_timestamp_seconds',
      help: 'When a certificate of the proxy (server), of its trust lists (trust, factory) or of its authority expires.',
      labelNames: ['role', 'name'],
      registers,
    }),
    chargePointCertificates: new Gauge({
      name: 'ocpp_proxy_charge_point_certificates',
      help: 'Charge points by the time that their certificate has left: those that end within 90 days, counted once an hour.',
      labelNames: ['time_left'],
      registers,
    }),
    serverCertificatesIssued: new Counter({
      name: 'ocpp_proxy_server_certificates_issued_total',
      help: 'Server certificates that the proxy issued to itself, by result.',
      labelNames: ['result'],
      registers,
    }),
    revocationChecks: new Counter({
      name: 'ocpp_proxy_revocation_checks_total',
      help: 'What the deny list, CRLs and OCSP responders said of client certificates; for OCSP also why there was no answer.',
      labelNames: ['method', 'result'],
      registers,
    }),
    crlNextUpdate: new Gauge({
      name: 'ocpp_proxy_crl_next_update_timestamp_seconds',
      help: 'When a CRL goes stale; 0 where there is none that could be used.',
      labelNames: ['name'],
      registers,
    }),
    onboardingSessions: new Gauge({
      name: 'ocpp_proxy_onboarding_sessions',
      help: 'Charge points that are connected for their onboarding, and not seen by the central system.',
      registers,
    }),
    onboardings: new Counter({
      name: 'ocpp_proxy_onboardings_total',
      help: 'Tries to give charge points credentials of the operator: done, or failed and to be tried again.',
      labelNames: ['result'],
      registers,
    }),
    certificateRenewals: new Counter({
      name: 'ocpp_proxy_certificate_renewals_total',
      help: 'Requests of charge points for certificates: rejected (not signed), accepted or refused by the charge point, failed (nothing issued that could be used), seen (connected with).',
      labelNames: ['result'],
      registers,
    }),
    certificateAuthorityUp: new Gauge({
      name: 'ocpp_proxy_certificate_authority_up',
      help: '1 when the authority for this type of key could be asked last time, 0 when not; absent until it was asked.',
      labelNames: ['key_type'],
      registers,
    }),
    campaignChargePoints: new Gauge({
      name: 'ocpp_proxy_campaign_charge_points',
      help: 'Charge points by state, of the campaigns that changed last (20 at most).',
      labelNames: ['campaign', 'state'],
      registers,
    }),
    storeUp: new Gauge({
      name: 'ocpp_proxy_store_up',
      help: '1 when the store could be written to last time, 0 when it is away, read-only or full; looked at every 10 s.',
      labelNames: ['engine'],
      registers,
    }),
    storeFreeBytes: new Gauge({
      name: 'ocpp_proxy_store_free_bytes',
      help: 'What is free on the disk of the store; absent with Redis, which tells of itself.',
      labelNames: ['engine'],
      registers,
    }),
    replicaMessagesDropped: new Counter({
      name: 'ocpp_proxy_replica_messages_dropped_total',
      help: 'Messages between replicas that were not taken: sealed (with another key), misdirected, unmet (a sender that has not shown yet that it lives), repeated, late.',
      labelNames: ['reason'],
      registers,
    }),
    configReloads: new Counter({
      name: 'ocpp_proxy_config_reloads_total',
      help: 'Reloads of the configuration by result.',
      labelNames: ['result'],
      registers,
    }),
    configReloadSuccessful: new Gauge({
      name: 'ocpp_proxy_config_last_reload_successful',
      help: '1 when the configuration that was read last is in use, 0 when it was refused.',
      registers,
    }),
  }
}

function messageLabels(): Record<string, string>[] {
  return directions.flatMap((direction) =>
    messageKinds.flatMap((type) => actionNames.map((action) => ({ direction, type, action }))),
  )
}
