import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateFacts, splitPem } from '../../src/pki/certificate.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { secret } from '../support/secrets.ts'
import { type PkiSetting, setUpPki } from './pki-commands.ts'

const root = ['root', '--name', 'Example root', '--organization', 'Example CPO', '--out', '@root']
const passphrase = secret('password', 'a passphrase of pki commands')

async function ok(setting: PkiSetting, ...words: readonly string[]): Promise<string> {
  const { code, out, err } = await setting.run(...words)
  assert.deepEqual([code, err], [0, ''], words.join(' '))
  return out
}

const first = (setting: PkiSetting, name: string) =>
  new X509Certificate(splitPem(setting.read(name).toString())[0] ?? '')

test(
  '[A00.FR.601] [A00.FR.512] root, intermediate, server and charge point; openssl verifies them',
  needsOpenssl,
  async (t) => {
    const setting = setUpPki(t)
    await ok(setting, ...root)
    const below = ['--issuer', '@root.pem', '--name', 'Charge points', '--out', '@ca/cp']
    await ok(setting, 'intermediate', ...below)
    await ok(
      setting,
      'server',
      '--issuer',
      '@root.pem',
      '--names',
      'ocpp.example.com,192.0.2.1',
      '--out',
      '@server',
    )
    const chargePoint = ['charge-point', '--issuer', '@ca/cp.pem', '--serial-number', 'SN-1']
    const out = await ok(setting, ...chargePoint, '--out', '@cp', '--json')
    const view = JSON.parse(out) as Record<string, string>
    assert.equal(view.subject, 'O=Example CPO, CN=SN-1')

    const openssl = opensslFolder()
    openssl.run('verify', '-x509_strict', '-CAfile', setting.path('root.pem'), setting.path('server.pem'))
    const chain = ['-untrusted', setting.path('cp.pem'), setting.path('cp.pem')]
    openssl.run('verify', '-x509_strict', '-CAfile', setting.path('root.pem'), ...chain)
    assert.equal(
      splitPem(setting.read('cp.pem').toString()).length,
      2,
      'with its intermediate, without the root',
    )

    const server = first(setting, 'server.pem')
    assert.equal(server.subjectAltName, 'DNS:ocpp.example.com, IP Address:192.0.2.1')
    assert.deepEqual(certificateFacts(server).commonNames, ['ocpp.example.com'])
    assert.deepEqual(certificateFacts(first(setting, 'ca/cp.pem')).pathLength, 0)
    assert.deepEqual(certificateFacts(first(setting, 'root.pem')).keyUsage, ['keyCertSign', 'cRLSign'])
  },
)

test('[A00.FR.602] keys are readable for their owner alone, and encrypted where a passphrase is given', async (t) => {
  const setting = setUpPki(t)
  setting.write('pass', `${passphrase}\n`)
  await ok(setting, ...root, '--passphrase-file', '@pass')
  assert.deepEqual([setting.mode('root.key'), setting.mode('root.pem')], [0o600, 0o644])
  assert.match(setting.read('root.key').toString(), /^-----BEGIN ENCRYPTED PRIVATE KEY/)
  const issuer = ['--issuer', '@root.pem', '--issuer-passphrase-file', '@pass']
  await ok(setting, 'charge-point', ...issuer, '--serial-number', 'SN-1', '--out', '@cp')
  const without = await setting.run(
    'charge-point',
    '--issuer',
    '@root.pem',
    '--serial-number',
    'SN-2',
    '--out',
    '@b',
  )
  assert.equal(without.code, 1)
  assert.match(without.err, /the key of the issuer cannot be read/)
  assert.doesNotMatch(without.err, new RegExp(passphrase))
})

for (const [key, pss, kind, text] of [
  ['rsa-2048', false, 'rsa', 'RSA'],
  ['rsa-3072', true, 'rsa-pss', 'RSA-PSS'],
  ['p-256', false, 'ecdsa', 'ECDSA'],
  ['p-384', false, 'ecdsa', 'ECDSA'],
] as const) {
  test(`[A00.FR.502] [A00.FR.503] [A00.FR.505] ${key} signs with ${text}`, async (t) => {
    const setting = setUpPki(t)
    await ok(setting, ...root, '--key', key, ...(pss ? ['--pss'] : []))
    const issuer = ['--issuer', '@root.pem', '--serial-number', 'SN-1', '--out', '@cp']
    await ok(setting, 'charge-point', ...issuer, '--key', key, ...(pss ? ['--pss'] : []))
    const facts = certificateFacts(first(setting, 'cp.pem'))
    assert.equal(facts.signatureKind, kind)
    assert.equal(facts.signatureHash, key === 'p-384' ? 'sha384' : 'sha256')
    const bits = key.startsWith('rsa') ? Number(key.slice(4)) : Number(key.slice(2))
    assert.equal(facts.key.bits, bits)
  })
}

test('nothing is written over without --force, and nothing is half done', async (t) => {
  const setting = setUpPki(t)
  await ok(setting, ...root)
  const before = setting.read('root.key')
  const again = await setting.run(...root)
  assert.equal(again.code, 1)
  assert.match(again.err, /root\.pem and 1 more exists already; --force/)
  assert.ok(setting.read('root.key').equals(before))
  setting.write('cp.key', 'somebody else')
  const words = ['charge-point', '--issuer', '@root.pem', '--serial-number', 'SN-1', '--out', '@cp']
  assert.equal((await setting.run(...words)).code, 1)
  assert.throws(() => setting.read('cp.pem'))
  await ok(setting, ...words, '--force')
  await ok(setting, ...root, '--force')
  assert.ok(!setting.read('root.key').equals(before))
  assert.equal(setting.mode('cp.key'), 0o600)
})

test('[A00.FR.511] [A00.FR.510] names that cannot be, and other wrong uses, end with 2', async (t) => {
  const setting = setUpPki(t)
  await ok(setting, ...root)
  const cp = ['charge-point', '--issuer', '@root.pem', '--out', '@x']
  const server = ['server', '--issuer', '@root.pem', '--out', '@x']
  for (const [words, said] of [
    [[...cp, '--serial-number', 'cp.example.com'], /looks like a host name \(A00\.FR\.511\)/],
    [[...cp, '--serial-number', '192.0.2.1'], /looks like an IP address/],
    [[...cp, '--serial-number', 'A', '--key', 'rsa-1024'], /--key must be one of rsa-2048/],
    [[...cp, '--serial-number', 'A', '--lifetime', 'soon'], /--lifetime must be/],
    [[...cp, '--serial-number', 'A', '--issuer-key', '@none.key'], /none\.key does not exist/],
    [[...server, '--names', 'https://x.example.com'], /is no host name and no address/],
    [[...server, '--names', ''], /is no host name/],
    [[...server, '--names', `${'a'.repeat(60)}.example.com`], /holds 64 characters/],
    [['root', '--name', '', '--organization', 'X', '--out', '@x'], /--name must be 1 to 64/],
    [['root', '--out', '@x'], /required option '--name/],
  ] as const) {
    const { code, err } = await setting.run(...words)
    assert.equal(code, 2, words.join(' '))
    assert.match(err, said)
  }
  assert.throws(() => setting.read('x.pem'))
})

test('[A00.FR.601] nothing outlives its issuer, and who is no authority issues nothing', async (t) => {
  const setting = setUpPki(t)
  await ok(setting, ...root, '--lifetime', '10d')
  await ok(setting, 'server', '--issuer', '@root.pem', '--names', 'a.example.com', '--out', '@server')
  assert.equal(first(setting, 'server.pem').validTo, first(setting, 'root.pem').validTo)
  const wrong = ['charge-point', '--serial-number', 'SN-1', '--out', '@cp']
  const leaf = await setting.run(...wrong, '--issuer', '@server.pem')
  assert.equal(leaf.code, 1)
  assert.match(leaf.err, /is not marked as an authority/)
  await ok(setting, 'intermediate', '--issuer', '@root.pem', '--name', 'Middle', '--out', '@middle')
  const third = ['intermediate', '--issuer', '@middle.pem', '--name', 'Third', '--out', '@third']
  assert.match((await setting.run(...third)).err, /allows no authority below it/)
})

test(
  '[A02.FR.12] [A00.FR.601] requests of openssl are signed, when they are in order',
  needsOpenssl,
  async (t) => {
    const setting = setUpPki(t)
    await ok(setting, ...root)
    const openssl = opensslFolder()
    const request = (name: string, subject: string, ...more: readonly string[]) => {
      openssl.run(
        'req',
        '-new',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        subject,
        ...more,
      )
      setting.write(`${name}.csr`, openssl.read(`${name}.csr`))
    }
    const kinds = {
      rsa: ['-newkey', 'rsa:2048'],
      pss: ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
      p256: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      p384: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    }
    const sign = (name: string) =>
      setting.run(
        ...['charge-point', '--issuer', '@root.pem', '--serial-number', 'SN-1'],
        ...['--csr', `@${name}.csr`, '--out', `@${name}`],
      )
    for (const [name, options] of Object.entries(kinds)) {
      request(name, '/O=Example CPO/CN=SN-1', ...options)
      assert.deepEqual(await sign(name).then(({ code, err }) => [code, err]), [0, ''], name)
      openssl.run('verify', '-CAfile', setting.path('root.pem'), setting.path(`${name}.pem`))
      const own = openssl.run('pkey', '-in', `${name}.key`, '-pubout')
      assert.equal(openssl.run('x509', '-in', setting.path(`${name}.pem`), '-noout', '-pubkey'), own)
      assert.throws(() => setting.read(`${name}.key`), 'no key is made')
    }
    for (const [name, subject, more, said] of [
      ['organization', '/O=Somebody/CN=SN-1', kinds.p256, /organizationName "Somebody" is none/],
      ['number', '/O=Example CPO/CN=SN-2', kinds.p256, /commonName "SN-2" is not/],
      ['weak', '/O=Example CPO/CN=SN-1', ['-newkey', 'rsa:1024'], /RSA 1024/],
      ['ca', '/O=Example CPO/CN=SN-1', [...kinds.p256, '-addext', 'basicConstraints=CA:TRUE'], /authority/],
    ] as const) {
      request(name, subject, ...more)
      const { code, err } = await sign(name)
      assert.equal(code, 1, name)
      assert.match(err, said)
    }
    const server = ['server', '--issuer', '@root.pem', '--names', 'a.example.com', '--out', '@server']
    await ok(setting, ...server, '--csr', '@organization.csr')
    assert.deepEqual(certificateFacts(first(setting, 'server.pem')).organizationNames, ['Example CPO'])
  },
)
