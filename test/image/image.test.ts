import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { LogLines } from '../support/log-lines.ts'
import { ourDockerfile, ourInstructions } from './dockerfile.ts'
import { addBaseLibraries, jailProblem, runInJail, startInJail } from './jail.ts'
import { buildOurImage } from './our-image.ts'
import { testSidecar } from './sidecar.ts'

// A CommonJS package whose exports Node does not see by name.
const { validate } = createRequire(import.meta.url)('dockerfile-utils') as typeof import('dockerfile-utils')

const { image, folder, remove } = buildOurImage()
after(() => remove())
if (jailProblem === false) addBaseLibraries(image)

test('a linter finds nothing in the Dockerfile', () => {
  assert.deepEqual(
    validate(ourDockerfile).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    [],
  )
})

test('bases can be pinned by digest, the user is no root, the last stage runs nothing', () => {
  const froms = ourInstructions.filter(({ keyword }) => keyword === 'FROM').map(({ rest }) => rest)
  assert.equal(froms.length, 3)
  for (const from of froms) assert.match(from, /^\$\{(NODE|RUNTIME)_IMAGE\}/)
  assert.equal(image.user, '65532:65532')
  const last = ourInstructions.slice(ourInstructions.findLastIndex(({ keyword }) => keyword === 'FROM'))
  assert.ok(last.every(({ keyword }) => keyword !== 'RUN'))
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
    assert.ok(
      last.some(({ rest }) => rest.includes(`org.opencontainers.image.${label}=`)),
      label,
    )
  }
})

test('the program starts as package.json starts it', async () => {
  const manifest = (await import('../../package.json', { with: { type: 'json' } })).default
  const flags = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'))
  assert.deepEqual(image.entrypoint, ['/usr/local/bin/node', ...flags, '/app/dist/main.js'])
  const version = ourInstructions.find(({ rest }) => rest.startsWith('VERSION='))
  assert.equal(version?.rest, `VERSION=${manifest.version}`)
})

test('the image holds the program and its production dependencies, and nothing else', () => {
  assert.deepEqual(readdirSync(join(image.root, 'app')).sort(), [
    'LICENSE',
    'dist',
    'node_modules',
    'package.json',
  ])
  const modules = readdirSync(join(image.root, 'app/node_modules'))
  for (const name of ['ws', 'fastify', 'ioredis']) assert.ok(modules.includes(name), name)
  for (const name of ['typescript', 'node', 'npm', '@biomejs', 'ocpp-rpc']) {
    assert.ok(!modules.includes(name), name)
  }
  assert.deepEqual(readdirSync(join(image.root, 'usr/local/bin')).sort(), ['node', 'ocpp-security-proxy'])
  assert.ok(lstatSync(join(image.root, 'usr/local/bin/ocpp-security-proxy')).isSymbolicLink())
  const dist = readdirSync(join(image.root, 'app/dist'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    dist.filter((name) => /\.(ts|map)$/.test(name)),
    [],
  )
  for (const name of ['.git', 'test', 'certs', 'data']) {
    assert.ok(!existsSync(join(folder, 'context', name)), `${name} is in the context`)
  }
})

test('its commands and its health check work, as its user, with nothing but the image', {
  skip: jailProblem,
}, async () => {
  const version = runInJail(image, [...image.entrypoint, '--version'])
  assert.deepEqual([version.status, version.stderr], [0, ''])
  // What `kubectl exec POD -- ocpp-security-proxy …` runs: the kernel reads its first line; a distroless base has no env(1).
  for (const directory of ['bin', 'usr/bin']) assert.ok(!existsSync(join(image.root, directory, 'env')))
  const command = runInJail(image, ['/usr/local/bin/ocpp-security-proxy', '--version'], { PATH: '' })
  assert.deepEqual([command.status, command.stdout, command.stderr], [0, version.stdout, ''])

  const etc = join(image.root, image.workdir)
  writeFileSync(
    join(etc, 'ocpp-security-proxy.yaml'),
    stringify({
      listeners: [{ name: 'basic-auth', address: '127.0.0.1:0', securityProfile: 1 }],
      centralSystem: { url: 'ws://127.0.0.1:1/ocpp' },
      store: { sqlite: '/var/lib/ocpp-security-proxy/proxy.db' },
      admin: { address: '127.0.0.1:0' },
    }),
  )
  const log = new LogLines()
  // chroot(1) begins in the root, where an engine would begin in WORKDIR: hence --config.
  const child = startInJail(image, [
    ...image.entrypoint,
    ...image.command,
    '--config',
    join(image.workdir, 'ocpp-security-proxy.yaml'),
  ])
  const exit = once(child, 'exit')
  try {
    assert.ok(child.stdout)
    log.readFrom(child.stdout)
    const { port } = await log.wait(
      'admin',
      ({ msg, listener }) => msg === 'listening' && listener === 'admin',
    )
    const healthy = runInJail(image, image.health, { ADMIN_URL: `http://127.0.0.1:${port}` })
    assert.deepEqual([healthy.status, healthy.stderr], [0, ''])
    assert.ok(
      existsSync(join(image.root, 'var/lib/ocpp-security-proxy/proxy.db')),
      'the data folder is its own',
    )
  } finally {
    child.kill('SIGTERM')
  }
  assert.deepEqual(await exit, [0, null])
  // Nobody listens any more: the check must be able to fail.
  assert.equal(runInJail(image, image.health, { ADMIN_URL: 'http://127.0.0.1:1' }).status, 1)
})

testSidecar(image)
