import { generatedNote, markdownTable } from '../markdown.ts'
import { type ChartValues, isMap, readChartValues } from './values.ts'

const intro = `# Chart ocpp-security-proxy

${generatedNote}

A gateway in front of a central system, or the parts of a sidecar beside one. How to use it:
[docs/operations/kubernetes.md](../../docs/operations/kubernetes.md). Complete value sets are in [ci/](ci/).

\`config\` is the configuration of the proxy itself, with all its keys:
[docs/configuration.md](../../docs/configuration.md). Not in it, because the chart fills them in: \`admin.address\`,
\`admin.tokenFile\`, \`store.sqlite\`. Unknown keys are refused, here as there.
`

/** README.md of the chart: every value with its default. */
export function chartReadme(): string {
  const values = readChartValues()
  const rows = rowsOf(values, values.defaults, '')
  return `${intro}\n${markdownTable(['Value', 'Default', 'Meaning'], rows)}\n`
}

function rowsOf(values: ChartValues, node: Readonly<Record<string, unknown>>, path: string): string[][] {
  return Object.entries(node).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`
    const description = values.descriptions.get(name)
    if (description !== undefined) return [[`\`${name}\``, `\`${JSON.stringify(value)}\``, description]]
    if (isMap(value)) return rowsOf(values, value, name)
    throw new Error(`values.yaml: ${name} has no description`)
  })
}
