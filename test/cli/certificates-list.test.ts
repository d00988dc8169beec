import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Registry } from '../../src/store/store.ts'
import { setUp as setUpAdmin, token } from '../admin/setting.ts'
import { makeAuthority } from '../support/authority.ts'
import { setUp, startTime } from './fake-shell.ts'

const day = 86_400_000

interface Row {
  readonly role: string
  readonly where: string
  readonly daysLeft: number
}

async function addKeys(registry: Registry, days: Readonly<Record<string, number>>): Promise<void> {
  for (const [index, [identity, left]] of Object.entries(days).entries()) {
    await registry.add(identity, {})
    const keyFingerprint = String(index).repeat(64)
    const key = { keyFingerprint, certificateFingerprint: 'f', subject: `CN=S of ${identity}` }
    await registry.claimKey(identity, { ...key, notAfter: startTime + left * day }, 1)
  }
}

const brief = (out: string) =>
  (JSON.parse(out) as Row[]).map(({ role, where, daysLeft }) => [role, where, daysLeft])

test('[A00.FR.701] no proxy runs: certificates of the configuration and of the registry', async (t) => {
  const shell = setUp(t)
  const dates = { notBefore: startTime - 300 * day, notAfter: startTime + 100 * day }
  const root = await makeAuthority(dates)
  const server = await root.server('ecdsa', ['localhost'], { ...dates, notAfter: startTime + 10 * day })
  const factory = await makeAuthority({ ...dates, notAfter: startTime + 20 * day })
  for (const [name, content] of Object.entries({
    's.pem': server.chain,
    's.key': server.key,
    'root.pem': root.certificate,
    'root.key': root.key,
    'factory.pem': factory.certificate,
    'proxy.yaml': `cpo: { names: [X] }
listeners:
  - name: mutual
    address: 127.0.0.1:8444
    securityProfile: 3
    tls:
      names: [localhost]
      certificates: [{ certificate: s.pem, key: s.key }, { issue: local, keyTypes: [rsa-2048] }]
      clientCertificates: { trust: [root.pem], factory: [factory.pem] }
  - { name: plain, address: "127.0.0.1:8080", securityProfile: 1 }
centralSystem: { url: "ws://127.0.0.1:9000" }
certificateAuthority: { local: { certificate: root.pem, key: root.key } }
admin: { address: 127.0.0.1:1 }
store: { sqlite: proxy.db }`,
  }))
    writeFileSync(join(shell.folder, name), content, { mode: 0o600 })
  await addKeys(shell.store().registry, { 'CP 1': 15, CP2: -1, CP3: 400 })
  const run = (...words: string[]) =>
    shell.run(['certificates', 'list', '--config', join(shell.folder, 'proxy.yaml'), ...words])

  const all = await run('--json')
  assert.deepEqual([all.code, all.err], [0, ''])
  assert.deepEqual(brief(all.out), [
    ['charge-point', 'CP2', -1],
    ['server', 'mutual', 10],
    ['charge-point', 'CP 1', 15],
    ['factory', 'mutual', 20],
    ['trust', 'mutual', 100],
    ['authority', 'local', 100],
    ['charge-point', 'CP3', 400],
  ])
  assert.deepEqual(brief((await run('--expiring', '16d', '--json')).out), [
    ['charge-point', 'CP2', -1],
    ['server', 'mutual', 10],
    ['charge-point', 'CP 1', 15],
  ])
  assert.equal(brief((await run('--limit', '1', '--json')).out).length, 5)
  const text = (await run('--expiring', '12d')).out
  assert.match(text, /charge-point +CP2 +CN=S of CP2 +2026-01-01T\d\d:\d\d:\d\dZ +expired\n/)
  assert.match(text, /server +mutual +O=Example CPO, CN=localhost +\S+ +10\n/)
  assert.equal((await run('--expiring', '12')).out, text, 'a number is days')
  assert.equal((await run('--expiring', 'soon')).code, 2)
  assert.equal((await run('--limit', '0')).code, 2)
  writeFileSync(join(shell.folder, 'root.pem'), 'none')
  const broken = await run()
  assert.equal(broken.code, 1)
  assert.match(broken.err, /root\.pem/)
})

test('a store that was named: charge points only, and more than a page of them', async (t) => {
  const shell = setUp(t)
  assert.match((await shell.run('certificates list')).err, /there is no store/)
  const { registry } = shell.store()
  assert.equal((await shell.run('certificates list')).out, 'no certificates\n')
  for (let n = 0; n < 1002; n++) {
    const keyFingerprint = n.toString(16).padStart(64, '0')
    const key = { keyFingerprint, certificateFingerprint: 'f', subject: 'CN=x', notAfter: startTime + day }
    await registry.claimKey(`CP${n}`, key, 1)
  }
  assert.equal(brief((await shell.run('certificates list --json')).out).length, 1000)
  assert.equal(brief((await shell.run('certificates list --json --limit 5000')).out).length, 1002)
})

test('[A00.FR.701] a proxy runs: it says what it shows, and pages of charge points are read', async (t) => {
  const status = {
    role: 'server' as const,
    listener: 'mutual',
    subject: 'O=X\nCN=y',
    issuer: 'CN=z',
    serialNumber: '01',
    fingerprint: 'AB',
    keyType: 'ec',
    notBefore: 0,
    notAfter: startTime + 3 * day,
  }
  const admin = await setUpAdmin(t, { deps: { now: () => startTime, certificates: () => [status] } })
  await admin.ask('GET', '/certificates')
  await addKeys(admin.store.registry, { CP1: 5, CP2: 1, CP3: 50 })
  const shell = setUp(t)
  const tokenFile = join(admin.folder, 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const where = ['--config', 'none.yaml', '--admin-url', admin.origin, '--admin-token-file', tokenFile]
  const { out, err } = await shell.run(['certificates', 'list', '--expiring', '30d', '--json', ...where])
  assert.equal(err, '')
  assert.deepEqual(brief(out), [
    ['charge-point', 'CP2', 1],
    ['server', 'mutual', 3],
    ['charge-point', 'CP1', 5],
  ])
})
