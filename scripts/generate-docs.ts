import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dashboardJson } from './docs/chart/dashboard.ts'
import { chartReadme } from './docs/chart/readme.ts'
import { restartKeysJson } from './docs/chart/restart-keys.ts'
import { chartSchemaJson } from './docs/chart/schema.ts'
import { configurationPage } from './docs/configuration.ts'
import { metricsPage } from './docs/metrics.ts'
import { reasonsPage } from './docs/reasons.ts'
import { configSchemaJson } from './docs/schema.ts'

/**
 * Writes what is made from the sources. With --check it writes nothing, names the files that are not
 * what they should be, and ends with 1.
 */

interface GeneratedFile {
  /** Relative to the folder of the project. */
  readonly path: string
  make(): string
}

const files: readonly GeneratedFile[] = [
  { path: 'config/schema.json', make: configSchemaJson },
  { path: 'docs/configuration.md', make: configurationPage },
  { path: 'docs/reasons.md', make: reasonsPage },
  { path: 'docs/metrics.md', make: metricsPage },
  { path: 'helm/ocpp-security-proxy/values.schema.json', make: chartSchemaJson },
  { path: 'helm/ocpp-security-proxy/files/restart-keys.json', make: restartKeysJson },
  { path: 'helm/ocpp-security-proxy/dashboards/ocpp-security-proxy.json', make: dashboardJson },
  { path: 'helm/ocpp-security-proxy/README.md', make: chartReadme },
]

const root = join(import.meta.dirname, '..')

function present(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const checkOnly = process.argv.includes('--check')
const drifted = files.filter((file) => present(join(root, file.path)) !== file.make())
for (const file of drifted) {
  if (checkOnly) {
    console.error(`${file.path} is not what the sources say; run: node scripts/generate-docs.ts`)
    continue
  }
  const path = join(root, file.path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file.make())
  console.log(`wrote ${file.path}`)
}
process.exitCode = checkOnly && drifted.length > 0 ? 1 : 0
