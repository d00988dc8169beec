import { type Panel, rows } from './panels.ts'

/** Of all queries: what the variables at the top of the dashboard choose. */
const selector = 'job=~"$job", namespace=~"$namespace"'
const datasource = { type: 'prometheus', uid: '$datasource' }
const height = 8

/** dashboards/ocpp-security-proxy.json of the chart, for Grafana 10 and later. */
export function dashboardJson(): string {
  const dashboard = {
    uid: 'ocpp-security-proxy',
    title: 'OCPP security proxy',
    description:
      'Refusals by reason, security profiles, TLS, certificates, messages, security events, capacity.',
    tags: ['ocpp', 'security'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    graphTooltip: 1,
    templating: { list: variables },
    annotations: { list: [] },
    panels: placed(),
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}

const variables = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} },
  ...(['job', 'namespace'] as const).map((name) => ({
    name,
    label: name,
    type: 'query',
    datasource,
    query: { query: `label_values(ocpp_proxy_build_info, ${name})`, refId: name },
    definition: `label_values(ocpp_proxy_build_info, ${name})`,
    refresh: 2,
    includeAll: true,
    multi: true,
    // A Prometheus outside of Kubernetes has no namespace.
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  })),
]

/** Panels from left to right, a new line where the next does not fit. */
function placed(): object[] {
  const panels: object[] = []
  let y = 0
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: 24, h: 1 },
    })
    y += 1
    let x = 0
    for (const panel of row.panels) {
      const w = panel.width ?? 12
      if (x + w > 24) {
        x = 0
        y += height
      }
      panels.push({ id: panels.length + 1, ...panelJson(panel), gridPos: { x, y, w, h: height } })
      x += w
    }
    y += height
  }
  return panels
}

function panelJson(panel: Panel): object {
  const { kind, title, description } = panel
  return {
    type: kind,
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    targets: Object.entries(panel.queries).map(([legend, query], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr: query.replaceAll('$of', selector),
      legendFormat: legend,
      ...(kind === 'timeseries' ? {} : { instant: true, range: false }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: optionsOf(kind),
    ...(kind === 'table'
      ? { transformations: [{ id: 'organize', options: { excludeByName: { Time: true, __name__: true } } }] }
      : {}),
  }
}

function defaultsOf({ kind, unit, stacked, thresholds }: Panel): object {
  const [orange, red] = thresholds ?? []
  const steps = [
    { color: 'green', value: null },
    ...(orange === undefined ? [] : [{ color: 'orange', value: orange }]),
    ...(red === undefined ? [] : [{ color: 'red', value: red }]),
  ]
  return {
    ...(unit === undefined ? {} : { unit }),
    min: kind === 'bargauge' || kind === 'timeseries' ? 0 : null,
    thresholds: { mode: 'absolute', steps },
    ...(kind === 'timeseries'
      ? {
          custom: {
            lineWidth: 1,
            fillOpacity: stacked ? 30 : 5,
            stacking: { mode: stacked ? 'normal' : 'none' },
            thresholdsStyle: { mode: thresholds ? 'line' : 'off' },
          },
        }
      : {}),
  }
}

function optionsOf(kind: Panel['kind']): object {
  switch (kind) {
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom' },
        tooltip: { mode: 'multi', sort: 'desc' },
      }
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' }
    case 'bargauge':
      return { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal', displayMode: 'basic' }
    case 'table':
      return { showHeader: true }
  }
}
