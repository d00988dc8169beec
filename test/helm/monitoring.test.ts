import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { chartFolder, projectRoot } from '../../scripts/helm/render.ts'
import type { DropReason } from '../../src/app/replicas/wire.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { isReasonCode, stages } from '../../src/policy/reasons.ts'
import { eventLabel } from '../../src/policy/security-event-types.ts'

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const rulesFolder = join(chartFolder, 'rules')
const ruleFiles = readdirSync(rulesFolder).filter((name) => name.endsWith('.yaml'))
const rules: readonly Rule[] = ruleFiles.flatMap((name) => {
  const file = parse(readFileSync(join(rulesFolder, name), 'utf8')) as { groups: { rules: Rule[] }[] }
  return file.groups.flatMap((group) => group.rules)
})
const alerts = rules.filter(({ alert }) => alert !== undefined)
const testFiles = readdirSync(join(rulesFolder, 'tests')).map((name) => join(rulesFolder, 'tests', name))

interface Dashboard {
  readonly uid: string
  readonly panels: readonly {
    readonly id: number
    readonly gridPos: { x: number; y: number; w: number; h: number }
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}
const dashboards = readdirSync(join(chartFolder, 'dashboards')).map(
  (name) => JSON.parse(readFileSync(join(chartFolder, 'dashboards', name), 'utf8')) as Dashboard,
)

/** Labels of every metric that the product serves, and of those that the rules record. */
const known = new Map<string, ReadonlySet<string>>()
const { registry } = createMetrics({ version: '', node: '', openssl: '' }, { processMetrics: true })
const ofPrometheus = ['job', 'namespace', 'instance']
for (const metric of registry.getMetricsAsArray()) {
  const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: string[] }
  const labels = new Set([...labelNames, ...ofPrometheus])
  known.set(name, labels)
  if (name.endsWith('_duration_seconds')) known.set(`${name}_bucket`, new Set([...labels, 'le']))
}
for (const { record, expr } of rules) {
  if (record !== undefined)
    known.set(record, new Set([...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(labelsIn)))
}

function labelsIn([, list = '']: RegExpMatchArray): string[] {
  return list.split(',').map((label) => label.trim())
}

const queries = [
  ...rules.map(({ expr }) => expr),
  ...dashboards.flatMap(({ panels }) =>
    panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ),
]

test('every metric in rules and dashboards is served, with the labels that are asked for', () => {
  assert.ok(queries.length > 50)
  for (const query of queries) {
    const selectors = [...query.matchAll(/\b((?:ocpp_proxy|nodejs|process)[\w:]*)(?:\{([^}]*)\})?/g)]
    assert.ok(selectors.length > 0, query)
    const labels = new Set(selectors.flatMap(([, name = '']) => [...(known.get(name) ?? [])]))
    for (const [, name = '', matchers = ''] of selectors) {
      assert.ok(known.has(name), `${name} in ${query}`)
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
        assert.ok(known.get(name)?.has(label), `${label} of ${name} in ${query}`)
      }
    }
    for (const match of query.matchAll(/by \(([^)]*)\)/g)) {
      for (const label of labelsIn(match)) assert.ok(labels.has(label), `${label} in ${query}`)
    }
  }
})

const dropReasons = { sealed: 0, misdirected: 0, unmet: 0, repeated: 0, late: 0 } satisfies Record<
  DropReason,
  0
>
const isDropReason = (text: string) => Object.hasOwn(dropReasons, text)

test('values of labels that come from a closed list are in it', () => {
  const valuesOf = (label: string) =>
    queries.flatMap((query) =>
      [...query.matchAll(new RegExp(`\\b${label}(?:=~|!=|=)"([^"$]*)"`, 'g'))].flatMap(([, text = '']) =>
        text.split('|'),
      ),
    )
  assert.ok(valuesOf('reason').length > 3)
  for (const reason of valuesOf('reason')) assert.ok(isReasonCode(reason) || isDropReason(reason), reason)
  for (const stage of valuesOf('stage'))
    assert.ok(
      stages.some((one) => one === stage),
      stage,
    )
  const types = valuesOf('type').filter((type) => type !== 'call')
  assert.ok(types.length > 3)
  for (const type of types) assert.equal(eventLabel(type), type)
})

test('every alert has a severity, words, a section of the runbook and a test', () => {
  const runbook = readFileSync(join(projectRoot, 'docs/operations/alerts.md'), 'utf8')
  const cases = testFiles.map((file) => readFileSync(file, 'utf8')).join('\n')
  assert.ok(alerts.length > 10)
  for (const { alert = '', labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(critical|warning|info)$/, alert)
    assert.ok(annotations?.summary && annotations.description, alert)
    const section = runbook.split(`\n## ${alert}\n`)[1]?.split('\n## ')[0]
    assert.ok(section !== undefined, `${alert} has no section in docs/operations/alerts.md`)
    for (const part of ['**Means.**', '**Look.**', '**Do.**'])
      assert.ok(section.includes(part), `${alert}: ${part}`)
    assert.match(
      cases,
      new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n`),
      `${alert} is seen to fire in no test`,
    )
  }
  const sections = [...runbook.matchAll(/\n## (\w+)\n/g)].map(([, name]) => name)
  assert.deepEqual(sections.sort(), alerts.map(({ alert }) => alert).sort())
})

test('dashboards can be loaded: a uid, panels with ids of their own, none over another', () => {
  assert.ok(dashboards.length > 0)
  for (const { uid, panels } of dashboards) {
    assert.match(uid, /^[\w-]{1,40}$/)
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x + w <= 24)
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`)
    })
    assert.equal(new Set(cells).size, cells.length)
  }
})

const promtoolProblem: string | false =
  spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not installed'

test('promtool checks the rules, and their tests pass', { skip: promtoolProblem }, () => {
  const check = spawnSync('promtool', ['check', 'rules', ...ruleFiles], {
    cwd: rulesFolder,
    encoding: 'utf8',
  })
  assert.equal(check.status, 0, check.stdout + check.stderr)
  const run = spawnSync('promtool', ['test', 'rules', ...testFiles], { cwd: rulesFolder, encoding: 'utf8' })
  assert.equal(run.status, 0, run.stdout + run.stderr)
})
