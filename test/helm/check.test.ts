import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkFile } from '../../src/cli/check.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { type Contents, configMapsIn, mountVolumes } from '../image/volumes.ts'
import { makeAuthority } from '../support/authority.ts'
import { configurationIn, deploymentsIn, goldenFiles, podOf } from './documents.ts'

const root = await makeAuthority()
const issued = await Promise.all(
  (['ecdsa', 'rsa'] as const).map(async (kind) => {
    const { chain, key } = await root.server(kind, ['ocpp.example.com'])
    return [kind, { 'tls.crt': chain, 'tls.key': key }] as const
  }),
)
/** Every key that a Secret of the value sets has; which of them are mounted is the chart's to say. */
const others: Contents = {
  'ca.crt': root.certificate,
  token: 'token-of-some-length',
  key: '00'.repeat(32),
  'sealing.key': '00'.repeat(32),
  password: 'password-of-redis',
}

for (const { golden, objects } of goldenFiles) {
  const [deployment] = deploymentsIn(objects)
  if (deployment === undefined) continue
  test(`${golden}: \`check\` finds nothing wrong with the configuration, once its volumes are mounted`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'helm-check-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const pod = podOf(deployment)
    const secretOf = (name: string): [string, Contents] => {
      const pair = issued.find(([kind]) => name.includes(kind))?.[1]
      return [name, { ...others, ...pair }]
    }
    const named = (pod.volumes ?? []).flatMap(({ secret, projected }) => [
      ...(secret?.secretName ? [secret.secretName] : []),
      ...(projected?.sources ?? []).flatMap(({ secret: one }) => (one?.name ? [one.name] : [])),
    ])
    // The roots in the values are made up.
    const withRoots = Object.entries(configMapsIn(objects)).map(([name, data]) => {
      const entries = Object.entries(data).map(([key, text]) => [
        key,
        key.endsWith('.pem') ? root.certificate : text,
      ])
      return [name, Object.fromEntries(entries)] as const
    })
    mountVolumes(folder, pod, {
      configMaps: Object.fromEntries(withRoots),
      secrets: Object.fromEntries(named.map(secretOf)),
    })
    // The container's paths, below the folder.
    const text = (configurationIn(objects) ?? '').replace(/(?<=\s)\/(?=etc\/|var\/lib\/)/g, `${folder}/`)
    const path = join(folder, 'ocpp-security-proxy.yaml')
    mkdirSync(join(folder, 'var/lib/ocpp-security-proxy'), { recursive: true })
    writeFileSync(path, text)
    const findings = checkFile(path, { env: {}, now: Date.now })
    const lines = findings.map((finding) => `${finding.level} ${formatFinding(finding)}`)
    const expected = /warning .*(profile 1 sends passwords in clear text|there is no admin\.tokenFile)/
    assert.deepEqual(
      lines.filter((line) => !expected.test(line)),
      [],
    )
  })
}
