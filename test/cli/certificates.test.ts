import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setUp as setUpAdmin, token } from '../admin/setting.ts'
import { inventory, knownRoot } from '../store/contract/roots.ts'
import { makeAuthority } from '../support/authority.ts'
import { setUp } from './fake-shell.ts'

/** `certificates …` against the API of a proxy, whose operations are a fake. */
async function setUpBoth(t: TestContext) {
  const admin = await setUpAdmin(t)
  await admin.ask('GET', '/certificates')
  await admin.store.registry.add('CP 1', {})
  const shell = setUp(t)
  const tokenFile = join(admin.folder, 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const where = ['--config', 'none.yaml', '--admin-url', admin.origin, '--admin-token-file', tokenFile]
  const file = (name: string, content: string | Buffer) => {
    const path = join(admin.folder, name)
    writeFileSync(path, content)
    return path
  }
  return { ...admin, file, run: (...words: string[]) => shell.run(['certificates', ...words, ...where]) }
}

test('[M05.FR.01][M04.FR.01] install-root and delete-root ask the proxy, and tell how it ended', async (t) => {
  const { run, file, operations } = await setUpBoth(t)
  const root = await makeAuthority()
  const pem = file('root.pem', root.certificate)
  const der = file('root.der', root.x509.raw)
  const done = await run('install-root', 'CP 1', pem)
  assert.deepEqual([done.code, done.out], [0, 'CP 1: done\n'])
  await run('install-root', 'CP 1', der, '--type', 'manufacturer', '--old-root', pem, '--no-preflight')
  await run('delete-root', 'CP 1', '--certificate', der)
  await run('delete-root', 'CP 1', '--serial', '7f', '--force', '--timeout', '9')
  await run('delete-root', 'CP 1', '--hash', 'sha256:AB:cd:01', '--type', 'manufacturer')
  const certificate = root.certificate
  const base = { origin: 'operator', timeoutMs: 120_000 }
  const [central, maker] = ['CentralSystemRootCertificate', 'ManufacturerRootCertificate']
  const hashData = { hashAlgorithm: 'SHA256', issuerNameHash: 'AB', issuerKeyHash: 'cd', serialNumber: '01' }
  assert.deepEqual(
    operations.asked.map(({ options: { signal, ...rest } }) => rest),
    [
      { ...base, certificateType: central, certificate },
      { ...base, certificateType: maker, certificate, oldRoot: certificate, preflight: false },
      { ...base, certificateType: central, root: { certificate } },
      { ...base, certificateType: central, root: { serialNumber: '7f' }, force: true, timeoutMs: 9000 },
      { ...base, certificateType: maker, root: { hashData } },
    ],
  )
  operations.outcome = { ok: false, code: 'prerequisite', detail: 'it is the last one' }
  const failed = await run('delete-root', 'CP 1', '--serial', '7f')
  assert.equal(failed.code, 1)
  assert.match(failed.err, /^error: CP 1: it is the last one \(prerequisite\)$/m)
})

test('[M03.FR.01] roots shows what was told; --refresh asks before, and shows what is known where that fails', async (t) => {
  const { run, store, operations } = await setUpBoth(t)
  const never = await run('roots', 'CP 1')
  assert.equal(never.code, 0)
  assert.equal(
    never.out,
    'CentralSystemRootCertificate: never asked for\nManufacturerRootCertificate: never asked for\n',
  )
  const { fingerprint } = knownRoot(1)
  const [first] = inventory().roots
  assert.ok(first !== undefined)
  await store.roots.replaceInventory('CP 1', inventory({ roots: [{ ...first, fingerprint }, first] }))
  await store.roots.addKnown(knownRoot(1))
  assert.equal(operations.asked.length, 0)
  operations.outcome = { ok: false, code: 'not_connected', detail: 'it is not connected' }
  const shown = await run('roots', 'CP 1', '--refresh', '--type', 'central-system')
  assert.equal(shown.code, 1)
  assert.match(shown.err, /not connected/)
  assert.match(shown.out, /^CentralSystemRootCertificate: 2, as of 1970-01-01T00:00:01/)
  assert.match(shown.out, /CN=Root 1 +1970-01-01 +0fFf +0 +SHA256:AbCd:00fF:0fFf/)
  assert.match(shown.out, /not known to the proxy/)
  assert.equal(operations.asked.length, 1)
  const json = JSON.parse((await run('roots', 'CP 1', '--json')).out)
  assert.deepEqual(json.inventories[0].roots[1].hashData, first.hashData)
})

test('[M03.FR.01] without a proxy the store tells, and nobody is asked', async (t) => {
  const { run, store } = setUp(t)
  await store().registry.add('CP1', {})
  await store().roots.replaceInventory('CP1', inventory())
  const shown = await run('certificates roots CP1')
  assert.equal(shown.code, 0)
  assert.match(shown.out, /^CentralSystemRootCertificate: 2, as of/)
  assert.equal((await run('certificates roots CP1 --refresh')).code, 1)
  assert.equal((await run('certificates roots CP9')).code, 1)
})

test('wrong use ends with 2, and neither a key nor a message leaves', async (t) => {
  const { run, file, operations } = await setUpBoth(t)
  const root = await makeAuthority()
  const good = file('root.pem', root.certificate)
  const withKey = file('key.pem', root.certificate + root.key)
  const two = file('two.pem', root.certificate + root.certificate)
  for (const words of [
    ['install-root', 'CP 1'],
    ['install-root', 'CP 1', withKey],
    ['install-root', 'CP 1', two],
    ['install-root', 'CP 1', file('text', 'no certificate')],
    ['install-root', 'CP 1', join('none', 'such.pem')],
    ['install-root', 'CP 1', good, '--type', 'nobody'],
    ['install-root', 'CP 1', good, '--old-root', withKey],
    ['delete-root', 'CP 1'],
    ['delete-root', 'CP 1', '--serial', 'xyz'],
    ['delete-root', 'CP 1', '--serial', '1', '--certificate', good],
    ['delete-root', 'CP 1', '--hash', 'SHA256:ab:cd'],
    ['delete-root', 'CP 1', '--hash', 'MD5:ab:cd:1'],
    ['roots', 'CP 1', '--type', 'x'],
  ]) {
    assert.equal((await run(...words)).code, 2, words.join(' '))
  }
  assert.equal(operations.asked.length, 0)
})
