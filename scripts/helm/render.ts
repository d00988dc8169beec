import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type HelmMajor, helmBinaries, pathOf } from './binaries.ts'

export const projectRoot = join(import.meta.dirname, '..', '..')
export const chartFolder = join(projectRoot, 'helm', 'ocpp-security-proxy')
const exampleFolder = join(projectRoot, 'helm', 'examples', 'legacy-central-system')

export interface HelmRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export function helm(major: HelmMajor, ...args: readonly string[]): HelmRun {
  const binary = helmBinaries.find((one) => one.major === major)
  if (binary === undefined) throw new Error(`no Helm ${major}`)
  const { status, stdout, stderr } = spawnSync(pathOf(binary), args, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** A chart with values, and where what it renders is kept. */
export interface ValueSet {
  readonly name: string
  readonly chart: string
  readonly values: string | null
  /** Relative to the project. */
  readonly golden: string
}

const valueFiles = [
  ...readdirSync(join(chartFolder, 'ci')).map((file) => join(chartFolder, 'ci', file)),
  join(projectRoot, 'examples/kubernetes/nlb-values.yaml'),
]

export const valueSets: readonly ValueSet[] = valueFiles.sort().map((values) => ({
  name: basename(values, '.yaml'),
  chart: chartFolder,
  values,
  golden: join('test/helm/golden', basename(values)),
}))

/** The example of a sidecar; what it renders is an example itself, for those who do without Helm. */
export const sidecarExample = { name: 'central-system', golden: 'examples/kubernetes/sidecar.yaml' }

/** The example with the chart where `helm dependency build` would put it. Call `remove` at the end. */
export function preparedExample(): { chart: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'helm-example-'))
  cpSync(exampleFolder, folder, { recursive: true, filter: (path) => !path.includes('/charts') })
  cpSync(chartFolder, join(folder, 'charts', 'ocpp-security-proxy'), { recursive: true })
  return { chart: folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What `helm template` says, dashboards as their hash. Throws what Helm finds wrong. */
export function render(major: HelmMajor, chart: string, release: string, values: string | null): string {
  const args = ['template', release, chart, '--namespace', 'charging']
  const run = helm(major, ...args, ...(values === null ? [] : ['--values', values]))
  if (run.status !== 0) throw new Error(run.stderr)
  return withoutDashboards(run.stdout)
}

function withoutDashboards(text: string): string {
  return text.replace(/^( {2}\S+\.json): \|\n((?: {4}.*\n|\n)+)/gm, (_, key: string, json: string) => {
    return `${key}: sha256 ${createHash('sha256').update(json).digest('hex')}\n`
  })
}

export const goldenNote = '# Rendered by Helm; made by `npm run helm:golden`, held by `npm run test:helm`.\n'

/** Every golden file with what belongs into it. */
export function renderAll(major: HelmMajor): readonly { golden: string; text: string }[] {
  const example = preparedExample()
  try {
    const sets = valueSets.map(({ chart, values, golden }) => ({
      golden,
      text: goldenNote + render(major, chart, 'proxy', values),
    }))
    const text = goldenNote + render(major, example.chart, sidecarExample.name, null)
    return [...sets, { golden: sidecarExample.golden, text }]
  } finally {
    example.remove()
  }
}
