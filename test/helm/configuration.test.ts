import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { configurationIn, deploymentsIn, goldenFiles, podOf, proxyContainer } from './documents.ts'

const configPath = '/etc/ocpp-security-proxy/config/ocpp-security-proxy.yaml'
const env = { CPO_NAME: 'Example CPO' }
/** Profile 1 in a cluster's own network, and an admin port for probes alone, are what some value sets are about. */
const expected = /profile 1 sends passwords in clear text|admin.address: .* there is no admin.tokenFile/

for (const { golden, objects } of goldenFiles) {
  test(`${golden}: the configuration in the ConfigMap loads without a problem`, () => {
    const text = configurationIn(objects)
    assert.ok(text !== null)
    const named: string[] = []
    const loaded = loadConfig(configPath, {
      env,
      readFile: (path) => {
        if (path === configPath) return Buffer.from(text)
        named.push(path)
        // A token and a sealing key alike.
        return Buffer.from('0123456789abcdef0123456789abcdef')
      },
    })
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatFinding).join('\n'))
    const warnings = loaded.warnings.map(formatFinding).filter((line) => !expected.test(line))
    assert.deepEqual(warnings, [])
    for (const deployment of deploymentsIn(objects)) {
      const container = proxyContainer(podOf(deployment))
      const mounts = container.volumeMounts?.map(({ mountPath }) => mountPath) ?? []
      for (const path of [configPath, ...loaded.sources, ...named]) {
        assert.ok(
          mounts.some((mount) => dirname(path).startsWith(mount)),
          `${path} is on no volume`,
        )
      }
      assert.ok(container.args?.includes(configPath))
      assert.equal(join(String(container.workingDir), 'ocpp-security-proxy.yaml'), configPath)
    }
  })
}
