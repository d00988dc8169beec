/** What the dashboard shows, row by row: `dashboard.ts` makes Grafana's JSON of it. */

export interface Panel {
  readonly title: string
  readonly kind: 'stat' | 'timeseries' | 'table' | 'bargauge'
  /** PromQL by legend; `$of` stands for the selector of the dashboard's variables. */
  readonly queries: Readonly<Record<string, string>>
  readonly unit?: string
  readonly stacked?: true
  /** Of the 24 columns of a row. */
  readonly width?: number
  readonly description?: string
  /** Values from which on it is orange, and red. */
  readonly thresholds?: readonly [orange: number, red: number]
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const perSecond = 'ops'

export const rows: readonly Row[] = [
  {
    title: 'Fleet',
    panels: [
      {
        title: 'Charge points connected',
        kind: 'stat',
        width: 4,
        queries: { now: 'sum(ocpp_proxy_connections{$of})' },
      },
      {
        title: 'Refused, of all connections',
        kind: 'stat',
        width: 4,
        unit: 'percentunit',
        thresholds: [0.1, 0.5],
        queries: {
          refused:
            'sum(rate(ocpp_proxy_rejections_total{$of, mode="enforce", stage!="relay"}[$__rate_interval])) / (sum(rate(ocpp_proxy_rejections_total{$of, mode="enforce", stage!="relay"}[$__rate_interval])) + sum(rate(ocpp_proxy_connections_total{$of}[$__rate_interval])))',
        },
      },
      {
        title: 'Next server certificate ends in',
        kind: 'stat',
        width: 4,
        unit: 's',
        queries: {
          left: 'min(ocpp_proxy_certificate_expiry_timestamp_seconds{$of, role="server"}) - time()',
        },
      },
      {
        title: 'Proxies',
        kind: 'table',
        width: 12,
        queries: { '': 'ocpp_proxy_build_info{$of}' },
        description: 'What runs, with its version of Node and OpenSSL.',
      },
      {
        title: 'Charge points by security profile',
        kind: 'timeseries',
        stacked: true,
        width: 12,
        queries: { 'profile {{profile}}': 'sum by (profile) (ocpp_proxy_connections{$of})' },
        description: 'A migration is over when 0 and 1 are gone.',
      },
      {
        title: 'Connections admitted and refused',
        kind: 'timeseries',
        unit: perSecond,
        width: 12,
        queries: {
          admitted: 'sum(rate(ocpp_proxy_connections_total{$of}[$__rate_interval]))',
          refused:
            'sum(rate(ocpp_proxy_rejections_total{$of, mode="enforce", stage!="relay"}[$__rate_interval]))',
        },
      },
    ],
  },
  {
    title: 'Refusals',
    panels: [
      {
        title: 'Refused, by reason',
        kind: 'timeseries',
        stacked: true,
        unit: perSecond,
        width: 12,
        queries: {
          '{{reason}}':
            'sum by (reason) (rate(ocpp_proxy_rejections_total{$of, mode="enforce"}[$__rate_interval])) > 0',
        },
        description: 'docs/reasons.md says what each means and what to do about it.',
      },
      {
        title: 'Would be refused (report mode), by reason',
        kind: 'timeseries',
        stacked: true,
        unit: perSecond,
        width: 12,
        queries: {
          '{{reason}}':
            'sum by (reason) (rate(ocpp_proxy_rejections_total{$of, mode="report"}[$__rate_interval])) > 0',
        },
        description: 'Empty for a week: the check can be put on enforce.',
      },
      {
        title: 'In the time shown',
        kind: 'table',
        width: 24,
        queries: {
          '': 'sort_desc(sum by (listener, profile, stage, reason, mode) (increase(ocpp_proxy_rejections_total{$of}[$__range])) > 0)',
        },
      },
    ],
  },
  {
    title: 'TLS and certificates',
    panels: [
      {
        title: 'Handshakes by version',
        kind: 'timeseries',
        stacked: true,
        unit: perSecond,
        width: 8,
        queries: {
          '{{version}}': 'sum by (version) (rate(ocpp_proxy_tls_handshakes_total{$of}[$__rate_interval]))',
        },
      },
      {
        title: 'Handshakes by suite',
        kind: 'timeseries',
        stacked: true,
        unit: perSecond,
        width: 8,
        queries: {
          '{{cipher}}': 'sum by (cipher) (rate(ocpp_proxy_tls_handshakes_total{$of}[$__rate_interval]))',
        },
      },
      {
        title: 'Handshakes resumed',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 8,
        queries: {
          resumed:
            'sum(rate(ocpp_proxy_tls_handshakes_total{$of, resumed="true"}[$__rate_interval])) / sum(rate(ocpp_proxy_tls_handshakes_total{$of}[$__rate_interval]))',
        },
      },
      {
        title: 'Certificates and roots: time left',
        kind: 'bargauge',
        unit: 's',
        width: 12,
        queries: {
          '{{role}} {{name}}':
            'min by (role, name) (ocpp_proxy_certificate_expiry_timestamp_seconds{$of}) - time()',
        },
      },
      {
        title: 'Charge points whose certificates end',
        kind: 'timeseries',
        stacked: true,
        width: 8,
        queries: { '{{time_left}}': 'max by (time_left) (ocpp_proxy_charge_point_certificates{$of})' },
      },
      {
        title: 'Certificates issued and renewed',
        kind: 'timeseries',
        width: 8,
        queries: {
          'charge points: {{result}}':
            'sum by (result) (increase(ocpp_proxy_certificate_renewals_total{$of}[$__rate_interval])) > 0',
          'onboarding: {{result}}':
            'sum by (result) (increase(ocpp_proxy_onboardings_total{$of}[$__rate_interval])) > 0',
          'own: {{result}}':
            'sum by (result) (increase(ocpp_proxy_server_certificates_issued_total{$of}[$__rate_interval])) > 0',
          'in onboarding now': 'sum(ocpp_proxy_onboarding_sessions{$of}) > 0',
        },
      },
      {
        title: 'Revocation checks',
        kind: 'timeseries',
        unit: perSecond,
        width: 8,
        queries: {
          '{{method}} {{result}}':
            'sum by (method, result) (rate(ocpp_proxy_revocation_checks_total{$of}[$__rate_interval])) > 0',
        },
      },
      {
        title: 'CRLs: time until the next update',
        kind: 'bargauge',
        unit: 's',
        width: 12,
        queries: { '{{name}}': 'min by (name) (ocpp_proxy_crl_next_update_timestamp_seconds{$of}) - time()' },
      },
      {
        title: 'Time of a handshake',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: quantiles('ocpp_proxy_tls_handshake_duration_seconds'),
      },
    ],
  },
  {
    title: 'Messages',
    panels: [
      {
        title: 'Messages',
        kind: 'timeseries',
        unit: perSecond,
        width: 12,
        queries: {
          '{{direction}} {{type}}':
            'sum by (direction, type) (rate(ocpp_proxy_messages_total{$of}[$__rate_interval])) > 0',
        },
      },
      {
        title: 'From a CALL to its answer',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        thresholds: [10, 20],
        queries: quantiles('ocpp_proxy_relay_duration_seconds'),
      },
      {
        title: 'Actions',
        kind: 'timeseries',
        unit: perSecond,
        width: 12,
        queries: {
          '{{action}}':
            'topk(10, sum by (action) (rate(ocpp_proxy_messages_total{$of, type="call"}[$__rate_interval]))) > 0',
        },
      },
      {
        title: 'Replaced, answered, dropped or injected by the proxy',
        kind: 'timeseries',
        unit: perSecond,
        width: 12,
        queries: {
          '{{action}} {{fate}}':
            'sum by (action, fate) (rate(ocpp_proxy_messages_intercepted_total{$of}[$__rate_interval])) > 0',
        },
      },
      {
        title: 'Until the central system answers the upgrade',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: quantiles('ocpp_proxy_upstream_connect_duration_seconds'),
      },
      {
        title: 'Payloads that break their schema',
        kind: 'timeseries',
        unit: perSecond,
        width: 12,
        queries: {
          '{{direction}} {{action}} {{mode}}':
            'sum by (direction, action, mode) (rate(ocpp_proxy_schema_violations_total{$of}[$__rate_interval])) > 0',
        },
      },
    ],
  },
  {
    title: 'Security events and campaigns',
    panels: [
      {
        title: 'Security events by type',
        kind: 'timeseries',
        stacked: true,
        width: 12,
        queries: {
          '{{type}} ({{origin}})':
            'sum by (type, origin) (increase(ocpp_proxy_security_events_total{$of}[$__rate_interval])) > 0',
        },
      },
      {
        title: 'Events that wait for a receiver',
        kind: 'timeseries',
        width: 6,
        queries: { '{{sink}}': 'max by (sink) (ocpp_proxy_security_events_pending{$of})' },
      },
      {
        title: 'Deliveries',
        kind: 'timeseries',
        width: 6,
        unit: perSecond,
        queries: {
          '{{sink}} {{result}}':
            'sum by (sink, result) (rate(ocpp_proxy_security_event_deliveries_total{$of}[$__rate_interval])) > 0',
        },
      },
      {
        title: 'Campaigns: charge points by state',
        kind: 'timeseries',
        stacked: true,
        width: 24,
        queries: {
          '{{campaign}} {{state}}': 'max by (campaign, state) (ocpp_proxy_campaign_charge_points{$of})',
        },
      },
    ],
  },
  {
    title: 'Capacity',
    panels: [
      {
        title: 'Store (1: there, 0: away, read-only or full)',
        kind: 'timeseries',
        width: 8,
        queries: { '{{engine}} of {{instance}}': 'min by (engine, instance) (ocpp_proxy_store_up{$of})' },
      },
      {
        title: 'Free on the disk of the store',
        kind: 'timeseries',
        unit: 'bytes',
        width: 8,
        queries: { '{{instance}}': 'min by (instance) (ocpp_proxy_store_free_bytes{$of})' },
      },
      {
        title: 'Connections, of limits.connections',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 8,
        queries: {
          '{{instance}}':
            'sum by (instance) (ocpp_proxy_connections{$of}) / max by (instance) (ocpp_proxy_connections_limit{$of})',
        },
      },
      {
        title: 'CPU',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 6,
        queries: { '{{instance}}': 'rate(process_cpu_seconds_total{$of}[$__rate_interval])' },
        description: 'Of one CPU: a proxy is one process.',
      },
      {
        title: 'Memory',
        kind: 'timeseries',
        unit: 'bytes',
        width: 6,
        queries: { '{{instance}}': 'process_resident_memory_bytes{$of}' },
      },
      {
        title: 'Lag of the event loop, p99',
        kind: 'timeseries',
        unit: 's',
        width: 6,
        thresholds: [0.1, 0.25],
        queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{$of}' },
      },
      {
        title: 'File descriptors',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 6,
        thresholds: [0.6, 0.8],
        queries: { '{{instance}}': 'process_open_fds{$of} / process_max_fds{$of}' },
      },
      {
        title: 'Time of admission',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: quantiles('ocpp_proxy_admission_duration_seconds'),
      },
      {
        title: 'Reloads',
        kind: 'timeseries',
        width: 12,
        queries: {
          '{{result}}': 'sum by (result) (increase(ocpp_proxy_config_reloads_total{$of}[$__rate_interval]))',
        },
      },
    ],
  },
]

function quantiles(histogram: string): Record<string, string> {
  const of = (quantile: number) =>
    `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket{$of}[$__rate_interval])))`
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99) }
}
