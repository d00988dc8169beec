import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LoadResult, loadConfig } from '../../src/config/load.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { ProxyError } from '../../src/policy/error.ts'

/** Files of a made-up machine; the configuration is /etc/proxy/proxy.yaml. */
export type Files = Readonly<Record<string, string | Buffer>>

export const configPath = '/etc/proxy/proxy.yaml'

/** Loads a configuration without touching the disk. */
export function load(yaml: string | Buffer, env: Record<string, string> = {}, files: Files = {}): LoadResult {
  const all: Files = { [configPath]: yaml, ...files }
  return loadConfig(configPath, {
    env,
    readFile: (path) => {
      const content = all[path]
      if (content === undefined) throw new ProxyError('file_unreadable', 'operator', 'does not exist')
      return Buffer.from(content)
    },
  })
}

/** What is wrong, as it is printed, without the name of the file. */
export function problemsOf(result: LoadResult): string[] {
  return (result.ok ? [] : result.problems).map((one) => formatFinding(one).replace(configPath, ''))
}

export function warningsOf(result: LoadResult): string[] {
  return result.warnings.map((one) => formatFinding(one).replace(configPath, ''))
}

/** The least that works, as one text that a test can add to. */
export const minimal = `listeners:
  - { name: one, address: "127.0.0.1:8080", securityProfile: 1 }
centralSystem: { url: "ws://127.0.0.1:9000/ocpp" }
store: { sqlite: data/proxy.db }
`

/** A configuration with these listeners (YAML, flow style) and more sections. */
export function withListeners(listeners: readonly string[], more = ''): string {
  return `listeners:\n${listeners.map((one) => `  - ${one}\n`).join('')}centralSystem: { url: "ws://127.0.0.1:9000" }\nstore: { sqlite: a.db }\n${more}`
}

export const pair = 'certificates: [{ certificate: a.pem, key: a.key }]'

/** A folder that is gone after the test. */
export function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
