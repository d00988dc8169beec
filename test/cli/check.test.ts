import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkLoaded } from '../../src/cli/check/checks.ts'
import { machineContext } from '../../src/cli/check/context.ts'
import { checkCommand, checkFile } from '../../src/cli/check.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { initDevelopmentPki } from '../../src/pki/development.ts'
import { temporaryFolder } from '../config/support.ts'
import { makeAuthority } from '../support/authority.ts'
import { as, assertOne, authority, day, ecdsa, findings, name, rsa, server, world } from './check-world.ts'

test('good files: nothing is said', (context) => {
  assert.deepEqual(findings(context, {}), [])
})

test('[A00.FR.410] dates: expired, not yet valid, soon', async (context) => {
  const now = Date.now()
  const expired = await server({ notBefore: now - 20 * day, notAfter: now - day })
  assertOne(
    findings(context, { files: as(expired) }),
    /^error proxy\.yaml:9:26 listeners\[0\]\.tls\.certificates\[0\]\.certificate: expired on .*A00\.FR\.410/,
  )
  const future = await server({ notBefore: now + day, notAfter: now + 90 * day })
  assertOne(findings(context, { files: as(future) }), /^error .*not valid before/)
  const soon = await server({ notBefore: now - 70 * day, notAfter: now + 29 * day })
  assertOne(findings(context, { files: as(soon) }), /^warning .*expires soon/)
  const later = await server({ notBefore: now - 70 * day, notAfter: now + 31 * day })
  assert.deepEqual(findings(context, { files: as(later) }), [])
})

test('a certificate that lives for a day is warned of in its last third only', async (context) => {
  const now = Date.now()
  const fresh = await server({ notBefore: now - 0.5 * day, notAfter: now + 0.5 * day })
  assert.deepEqual(findings(context, { files: as(fresh) }), [])
  const old = await server({ notBefore: now - 0.7 * day, notAfter: now + 0.3 * day })
  assertOne(findings(context, { files: as(old) }), /^warning .*expires soon/)
})

test('[A00.FR.501] [A00.FR.502] a key below 112 bits', async (context) => {
  const weak = await authority.server('rsa', [name], { key: { type: 'rsa', bits: 1024 } })
  const found = findings(context, { files: { 'r.pem': weak.chain, 'r.key': weak.key } })
  assertOne(found, /^error proxy\.yaml:10:26 .*RSA 1024 has less than 112 bits.*A00\.FR\.502/)
})

test('[A00.FR.504] [A00.FR.506] a signature with SHA-1', async (context) => {
  const weak = await server({ overrides: { signatureHash: 'SHA-1' } })
  assertOne(findings(context, { files: as(weak) }), /^error .*is signed with sha1/)
})

test('[A00.FR.510] the common name is one of tls.names, an FQDN, and no wildcard', async (context) => {
  const other = await server({}, ['other.example.com'])
  assertOne(
    findings(context, { files: as(other) }),
    /^error .*"other\.example\.com" is none of tls\.names.*A00\.FR\.510/,
  )
  const upper = await server({}, [name.toUpperCase()])
  assert.deepEqual(findings(context, { files: as(upper) }), [])
  const wild = await server({}, ['*.example.com'])
  assertOne(findings(context, { files: as(wild) }), /^error .*is a wildcard/)
  const local = await server({}, ['localhost'])
  assertOne(findings(context, { files: as(local), tls: 'legacy: false' }), /^warning .*is no FQDN/)
  const nameless = await server({ overrides: { subject: [['O', 'X']] } })
  assertOne(findings(context, { files: as(nameless) }), /^error .*has 0 common names/)
  const bare = await server({ overrides: { subject: [['CN', name]] } }, ['else.example.com'])
  assertOne(findings(context, { files: as(bare) }), /^warning .*subjectAltName does not hold/)
})

test('[A00.FR.512] key usage must allow TLS servers', async (context) => {
  const client = await server({ overrides: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] } })
  assertOne(findings(context, { files: as(client) }), /^error .*serverAuth/)
  const agreement = await server({ overrides: { keyUsage: ['keyAgreement'] } })
  assertOne(findings(context, { files: as(agreement) }), /^error .*digitalSignature/)
})

test('[A00.FR.317] without an RSA or an ECDSA certificate two mandatory suites are out of reach', (context) => {
  const found = findings(context, { files: { 'r.pem': ecdsa.chain, 'r.key': ecdsa.key } })
  assertOne(found, /^warning .*no RSA certificate.*A00\.FR\.317/)
  const other = findings(context, { files: { 'e.pem': rsa.chain, 'e.key': rsa.key } })
  assertOne(other, /^warning .*no ECDSA certificate/)
})

test('the chain is in order, starts with the server and ends below the root', async (context) => {
  const intermediate = await authority.intermediate({ name: 'Servers' })
  const below = await intermediate.server('ecdsa', [name])
  assert.deepEqual(findings(context, { files: as(below) }), [])
  const stranger = await makeAuthority({ name: 'Somebody' })
  const wrong = { ...as(below), 'e.pem': below.certificate + stranger.certificate }
  const found = findings(context, { files: wrong })
  assert.match(found.join('\n'), /certificate 2 of the file did not issue certificate 1/)
  const reversed = { ...as(below), 'e.pem': intermediate.certificate + below.certificate }
  assert.match(
    findings(context, { files: reversed }).join('\n'),
    /that of an authority; the server certificate must/,
  )
  const rooted = { ...as(below), 'e.pem': below.chain + authority.certificate }
  assertOne(findings(context, { files: rooted }), /^warning .*ends with the root/)
})

test('files that are no certificate, no key, or not those of each other', (context) => {
  assertOne(
    findings(context, { files: { 'e.key': rsa.key } }),
    /^error proxy\.yaml:9:38 .*\.key: this key does not belong/,
  )
  assertOne(findings(context, { files: { 'e.key': 'none' } }), /^error .*e\.key holds no PEM private key/)
  assertOne(findings(context, { files: { 'e.pem': 'none' } }), /^error .*e\.pem holds no PEM certificate/)
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  assertOne(
    findings(context, { files: { 'e.pem': broken } }),
    /^error .*certificate 1 of e\.pem cannot be read/,
  )
})

test('[A00.FR.602] a key that every user can read; the group may', (context) => {
  assertOne(
    findings(context, { modes: { 'e.key': 0o644 } }),
    /^error .*e\.key \(mode 0644\); chmod 600 it \[A00\.FR\.602\]/,
  )
  assert.deepEqual(findings(context, { modes: { 'e.key': 0o640 } }), [])
})

test('[A00.FR.602] an encrypted key: without, with a wrong and with its passphrase, which is never shown', (context) => {
  const { privateKey } = ecdsa.credentials
  const passphrase = 'correct-horse'
  const key = privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString()
  assertOne(findings(context, { files: { 'e.key': key } }), /^error .*is encrypted; name the file/)
  const withFile = (content: string) => {
    const path = world(context, { files: { 'e.key': key, pass: content }, modes: { pass: 0o604 } })
    const yaml = `cpo: { names: [X] }
listeners:
  - { name: a, address: "127.0.0.1:1", securityProfile: 2, tls: { names: [${name}], certificates: [
      { certificate: e.pem, key: e.key, passphraseFile: pass }, { certificate: r.pem, key: r.key } ] } }
centralSystem: { url: "ws://127.0.0.1:9000" }
store: { sqlite: a.db }
`
    writeFileSync(path, yaml)
    return checkFile(path, { env: {}, now: Date.now }).map((one) => `${one.level} ${one.text}`)
  }
  const wrong = withFile('wrong-horse\n')
  assert.equal(wrong.length, 2, wrong.join('\n'))
  assert.match(wrong.join('\n'), /error .*cannot be decrypted with this passphrase/)
  assert.match(wrong.join('\n'), /warning .*can reach the secret/)
  assert.ok(!wrong.join().includes('wrong-horse'))
  assertOne(withFile(`${passphrase}\n`), /warning .*can reach the secret/)
})

test('[A00.FR.403] trust files hold certificates of authorities', async (context) => {
  assertOne(
    findings(context, { files: { 'cpo.pem': ecdsa.certificate } }),
    /^error proxy\.yaml:11:37 .*trust\[0\]: .* is not the certificate of an authority/,
  )
  assertOne(
    findings(context, { files: { 'cpo.pem': '' } }),
    /^error .*holds no PEM certificate.*A00\.FR\.403/,
  )
  const now = Date.now()
  const old = await makeAuthority({ name: 'Old', notBefore: now - 9 * day, notAfter: now - day })
  assertOne(
    findings(context, { files: { 'cpo.pem': authority.certificate + old.certificate } }),
    /^warning .*CN=Old.* expired on/,
  )
})

test('the store: a folder in place of the file, a file in place of the folder', (context) => {
  assertOne(findings(context, { sqlite: '.' }), /^error .*store\.sqlite: .* is a folder/)
  assertOne(findings(context, { sqlite: 'e.pem/a.db' }), /^error .*e\.pem is a file, not a folder/)
  assert.deepEqual(findings(context, { sqlite: 'not/yet/there.db' }), [])
})

test('a folder or a file that may not be written to', (context) => {
  const said = (sqlite: string) => {
    const loaded = loadConfig(world(context, { sqlite }), { env: {} })
    assert.ok(loaded.ok)
    // Root may write everywhere, so the world says no.
    const locked = { ...machineContext(loaded.config, Date.now()), isWritable: () => false }
    return checkLoaded(loaded, locked).map((one) => `${one.level} ${one.key} ${one.text}`)
  }
  assertOne(said('new/a.db'), /^error store\.sqlite this user may not write to the folder/)
  assertOne(said('e.pem'), /^error store\.sqlite this user may not write to .*e\.pem/)
})

test('the folder of logs can be made, and written to', (context) => {
  const more = (folder: string) => `chargePointLogs: { folder: ${folder}, translateGetDiagnostics: true }\n`
  assert.deepEqual(findings(context, { more: more('not/yet/there') }), [])
  const file = findings(context, { more: more('e.pem/logs') })
  assertOne(file, /^error .*chargePointLogs\.folder: .*e\.pem is a file, not a folder/)
  const loaded = loadConfig(world(context, { more: more('logs') }), { env: {} })
  assert.ok(loaded.ok)
  const locked = { ...machineContext(loaded.config, Date.now()), isWritable: () => false }
  const said = checkLoaded(loaded, locked).map(({ key, text }) => `${key} ${text}`)
  assert.ok(
    said.some((one) => /^chargePointLogs\.folder this user may not write to/.test(one)),
    said.join(),
  )
})

test('quickstart.yaml with the certificates of `pki init`: nothing is said', async (context) => {
  const folder = temporaryFolder(context)
  await initDevelopmentPki({
    directory: join(folder, 'certs'),
    names: ['localhost', '127.0.0.1'],
    organization: 'Example CPO',
    now: Date.now(),
    force: false,
  })
  for (const name of ['config', 'data']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'data/admin.token'), 'x'.repeat(32), { mode: 0o600 })
  const path = join(folder, 'config/quickstart.yaml')
  writeFileSync(path, readFileSync(join(import.meta.dirname, '../../config/quickstart.yaml')))
  assert.deepEqual(checkFile(path, { env: {}, now: Date.now }).map(formatFinding), [])
})

/** Runs the command as a shell would, and returns what it wrote and how it ended. */
async function run(args: readonly string[]) {
  const said = { out: '', err: '', code: 0 }
  class Exit extends Error {}
  const shell = {
    out: async (text: string) => {
      said.out += text
    },
    err: (text: string) => {
      said.err += text
    },
    input: async () => null,
    exit: (code: number): never => {
      said.code = code
      throw new Exit()
    },
    setExitCode: (code: number) => {
      said.code = code
    },
    now: Date.now,
    wait: async () => false,
    env: {},
  }
  try {
    await checkCommand(shell).parseAsync(['node', 'check', ...args])
  } catch (error) {
    if (!(error instanceof Exit)) throw error
  }
  return said
}

test('the command: exit codes, one line a finding, a summary, JSON', async (context) => {
  const good = await run(['--config', world(context, {})])
  assert.equal(good.code, 0)
  assert.match(good.out, /proxy\.yaml: 0 errors, 0 warnings; fine\n$/)

  const warned = await run(['--config', world(context, { more: 'admin: { address: "0.0.0.0:9090" }' })])
  assert.equal(warned.code, 0)
  assert.match(warned.out, /^warning .*\n.*0 errors, 1 warning; fine\n$/)

  const bad = world(context, { modes: { 'e.key': 0o644 } })
  const text = await run(['--config', bad])
  assert.equal(text.code, 1)
  assert.match(text.out, /^error {3}.*\n.*1 error, 0 warnings; the proxy does not start with this\n$/)
  const json = await run(['--config', bad, '--json'])
  const { ok, findings: list } = JSON.parse(json.out) as { ok: boolean; findings: Record<string, unknown>[] }
  assert.equal(ok, false)
  assert.equal(json.code, 1)
  assert.deepEqual(
    { ...list[0], text: undefined },
    {
      level: 'error',
      file: bad,
      line: 9,
      column: 38,
      key: 'listeners[0].tls.certificates[0].key',
      requirements: ['A00.FR.602'],
      text: undefined,
    },
  )

  const broken = await run(['--config', world(context, { more: 'lmits: {}' })])
  assert.equal(broken.code, 1)
  assert.match(broken.out, /lmits: is no known key; did you mean limits\?/)
  assert.equal((await run(['--config', '/nowhere/at-all.yaml'])).code, 1)
  assert.equal((await run(['--what'])).code, 2)
  assert.equal((await run(['--help'])).code, 0)
})
