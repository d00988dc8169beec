import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { formatFinding } from '../../src/config/problem.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, 'examples', path), 'utf8')
const env = { CPO_NAME: 'Example CPO', SERVER_NAME: 'ocpp.example.com' }

function load(path: string) {
  const loaded = loadConfig(path, {
    env,
    // The files of secrets are made up: 32 characters are a token.
    readFile: (file) =>
      file === path ? readFileSync(path) : Buffer.from('0123456789abcdef0123456789abcdef'),
  })
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatFinding).join('\n'))
  return loaded
}

const configs = globSync('examples/**/ocpp-security-proxy.yaml', { cwd: root })

test('the configurations of the examples load, and nothing in them is warned of', () => {
  assert.deepEqual(configs.map((path) => path.split('/')[1]).sort(), ['docker-compose', 'haproxy', 'systemd'])
  for (const path of configs) assert.deepEqual(load(join(root, path)).warnings.map(formatFinding), [], path)
})

interface Service {
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly volumes?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly stop_grace_period?: string
}

test('docker-compose: the proxy is shut in, and the central system is reached by nobody else', () => {
  const compose = parse(read('docker-compose/docker-compose.yaml')) as {
    services: { proxy: Service; 'central-system': Service }
    networks: Record<string, { internal?: boolean }>
  }
  const { proxy, 'central-system': central } = compose.services
  assert.deepEqual([proxy.read_only, proxy.cap_drop], [true, ['ALL']])
  assert.equal(central.ports, undefined)
  assert.ok(central.networks.every((name) => compose.networks[name]?.internal === true))
  const { config, sources, secretFiles } = load(
    join(root, 'examples/docker-compose/config/ocpp-security-proxy.yaml'),
  )
  // In the container it is /etc/ocpp-security-proxy: what it names is in the folder that is mounted.
  assert.ok(proxy.volumes?.includes('./config:/etc/ocpp-security-proxy:ro'))
  const folder = join(root, 'examples/docker-compose/config/')
  for (const path of [...sources, ...secretFiles.map(({ file }) => file)])
    assert.ok(path.startsWith(folder), path)
  assert.ok(proxy.volumes?.includes(`data:${dirname(config.store.sqlite ?? '')}`))
  for (const { address } of config.listeners)
    assert.ok(proxy.ports?.includes(`${address.port}:${address.port}`))
  // Whoever is on the host may read the metrics; the world may not.
  assert.ok(proxy.ports?.includes(`127.0.0.1:${config.admin.address.port}:${config.admin.address.port}`))
  assert.ok(Number.parseInt(proxy.stop_grace_period ?? '', 10) * 1000 >= config.drain.timeout + 15_000)
})

const unit = read('systemd/ocpp-security-proxy.service')

test('systemd: the command, the paths and the times of the unit are those of the program', async () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string
    version: string
    bin: Record<string, string>
    scripts: { start: string }
  }
  const flags = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'))
  const command = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? ''
  for (const flag of flags) assert.ok(command.includes(` ${flag} `), flag)
  // What the head of the unit tells to install is what it starts: nothing of this name is in a registry.
  const { name, version } = manifest
  assert.ok(unit.includes(`npm install --global --prefix /usr/local ./${name}-${version}.tgz`))
  assert.ok(command.includes(` /usr/local/lib/node_modules/${name}/${manifest.bin[name]} serve `))
  const { config } = load(join(root, 'examples/systemd/ocpp-security-proxy.yaml'))
  const state = /^StateDirectory=(.*)$/m.exec(unit)?.[1] ?? ''
  assert.equal(dirname(config.store.sqlite ?? ''), `/var/lib/${state}`)
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000 >= config.drain.timeout + 15_000)
})

const systemdProblem: string | false =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed'

test('systemd-analyze finds nothing wrong with the unit, and little that it is exposed to', {
  skip: systemdProblem,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-unit-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'ocpp-security-proxy.service')
  // It looks for the program that is started.
  writeFileSync(path, unit.replace('/usr/bin/node', process.execPath))
  const verified = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
  assert.equal(verified.stderr.includes(basename(path)), false, verified.stderr)
  // 0 is nothing, 10 is everything; threshold is in tenths.
  const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', path], {
    encoding: 'utf8',
  })
  assert.equal(judged.status, 0, judged.stdout.split('\n').slice(-4).join('\n') + judged.stderr)
})
