import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { ConfigFile } from '../../src/config/schema.ts'
import { makeAuthority } from '../support/authority.ts'
import { secret } from '../support/secrets.ts'
import { keep } from '../support/transcript.ts'

const root = join(import.meta.dirname, '..', '..')
const configs = globSync('examples/**/ocpp-security-proxy.yaml', { cwd: root }).sort()
const env = { CPO_NAME: 'Example CPO', SERVER_NAME: 'ocpp.example.com' }

test('`check` finds nothing wrong with the examples, once the files that they name are there', async (t) => {
  assert.equal(configs.length, 3)
  const authority = await makeAuthority()
  const [ecdsa, rsa] = await Promise.all(
    (['ecdsa', 'rsa'] as const).map((kind) => authority.server(kind, [env.SERVER_NAME])),
  )
  assert.ok(ecdsa && rsa)
  const made: Readonly<Record<string, () => string>> = {
    'tls/ecdsa.pem': () => ecdsa.chain,
    'tls/ecdsa.key': () => ecdsa.key,
    'tls/rsa.pem': () => rsa.chain,
    'tls/rsa.key': () => rsa.key,
    'trust/cpo-root.pem': () => authority.certificate,
    'secrets/admin-token': () => secret('admin token', randomBytes(32).toString('hex')),
    'secrets/redis-password': () => secret('password', randomBytes(16).toString('hex')),
    'secrets/sealing-key': () => secret('sealing key', randomBytes(32).toString('hex')),
  }
  for (const path of configs) {
    const folder = mkdtempSync(join(tmpdir(), 'ocpp-example-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const text = readFileSync(join(root, path), 'utf8').replaceAll('/var/lib/', `${folder}/`)
    const file = join(folder, 'ocpp-security-proxy.yaml')
    writeFileSync(file, text)
    const named = [...text.matchAll(/\b(?:tls|trust|secrets)\/[\w.-]+/g)].map(([name]) => name)
    for (const name of new Set(named)) {
      const content = made[name] ?? assert.fail(`${path} names ${name}`)
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content(), { mode: 0o600 })
    }
    const run = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'check', '--config', file], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    keep('process', run.stdout + run.stderr)
    assert.equal(run.status, 0, `${path}: ${run.stdout}${run.stderr}`)
    assert.match(run.stdout, /: 0 errors, 0 warnings; fine\n$/, path)
  }
})

const haproxyProblem: string | false =
  spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'
const haproxy = readFileSync(join(root, 'examples/haproxy/haproxy.cfg'), 'utf8')

test('HAProxy takes its example as it is', { skip: haproxyProblem }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-haproxy-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'haproxy.cfg')
  // Of the file descriptors of this machine, which the check looks at.
  writeFileSync(file, haproxy.replace('maxconn 20000', 'maxconn 100'))
  const run = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' })
  assert.deepEqual([run.status, /warning|alert/i.test(run.stdout + run.stderr)], [0, false], run.stderr)
})

test('HAProxy and the proxies behind it are about the same ports, and the proxies share a store', () => {
  const { listeners, admin, store } = parse(
    readFileSync(join(root, 'examples/haproxy/ocpp-security-proxy.yaml'), 'utf8'),
  ) as Pick<ConfigFile, 'listeners' | 'admin' | 'store'>
  const servers = [...haproxy.matchAll(/^ *server \S+ ([\d.]+):(\d+)$/gm)]
  assert.equal(servers.length, 2)
  for (const [, , port] of servers) assert.equal(port, listeners[0]?.address.split(':').at(-1))
  assert.match(haproxy, new RegExp(`check port ${admin?.address?.split(':').at(-1)} `))
  assert.ok(servers.some(([, address]) => address === admin?.address?.split(':')[0]))
  assert.match(haproxy, /send-proxy-v2/)
  assert.ok(listeners[0]?.proxyProtocol)
  assert.ok(store?.redis !== undefined && store.sqlite === undefined && store.sealingKeyFile !== undefined)
})
