import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { parseBulkList } from '../../src/cli/pki/bulk-list.ts'
import { certificateFacts } from '../../src/pki/certificate.ts'
import { readPkcs12 } from '../../src/pki/pkcs12.ts'
import { secret } from '../support/secrets.ts'
import { setUp } from './fake-shell.ts'
import { type PkiSetting, setUpPki } from './pki-commands.ts'

const passphrase = secret('password', 'a passphrase of a batch')

async function setUpFactory(t: Parameters<typeof setUpPki>[0]): Promise<PkiSetting> {
  const setting = setUpPki(t)
  const root = [
    'root',
    '--name',
    'Factory root',
    '--organization',
    'Example Manufacturer',
    '--out',
    '@factory',
  ]
  assert.equal((await setting.run(...root)).code, 0)
  setting.write('list.csv', 'identity,serialNumber,key\nCP-1,SN-1,\n"CP 2/A",SN-2,rsa-2048\nCP-3,,p-384\n')
  setting.write('good.csv', 'identity,serialNumber,key\nCP-1,SN-1,\n"CP 2*A",SN-2,rsa-2048\nCP-3,,p-384\n')
  setting.write('pass', passphrase)
  return setting
}

const bulk = ['bulk', '@good.csv', '--issuer', '@factory.pem', '--out-dir', '@out']

test('[A00.FR.803] [A00.FR.406] a list of a manufacturer: a key and a certificate each, and an index that is imported', async (t) => {
  const setting = await setUpFactory(t)
  const { code, out } = await setting.run(...bulk, '--factory')
  assert.equal(code, 0)
  assert.match(out, /^3 certificates in /)
  const names = readdirSync(setting.path('out')).sort()
  assert.deepEqual(names, [
    'CP%202*A.key',
    'CP%202*A.pem',
    'CP-1.key',
    'CP-1.pem',
    'CP-3.key',
    'CP-3.pem',
    'index.csv',
  ])
  for (const [name, serialNumber, kind] of [
    ['CP-1', 'SN-1', 'P-256'],
    ['CP%202*A', 'SN-2', 2048],
    ['CP-3', 'CP-3', 'P-384'],
  ] as const) {
    const certificate = new X509Certificate(setting.read(`out/${name}.pem`))
    const { commonNames, organizationNames, key } = certificateFacts(certificate)
    assert.deepEqual([commonNames, organizationNames], [[serialNumber], ['Example Manufacturer']])
    assert.equal('curve' in key ? key.curve : key.bits, kind)
    assert.ok(certificate.checkPrivateKey(createPrivateKey(setting.read(`out/${name}.key`))))
    assert.equal(setting.mode(`out/${name}.key`), 0o600)
  }
  const index = setting.read('out/index.csv').toString().split('\r\n')
  assert.equal(index[0], 'identity,serialNumber,onboarding,factoryCertificate')
  const { fingerprint } = certificateFacts(new X509Certificate(setting.read('out/CP-1.pem')))
  assert.equal(index[1], `CP-1,SN-1,certificate,${fingerprint}`)

  const registry = setUp(t)
  const imported = await registry.run(['charge-points', 'import', setting.path('out/index.csv')])
  assert.deepEqual([imported.code, imported.err], [0, ''])
  const record = await registry.store().registry.get('CP 2*A')
  assert.deepEqual([record?.serialNumber, record?.onboarding?.via], ['SN-2', 'certificate'])
})

test('[A00.FR.602] PKCS #12 each, under one passphrase', async (t) => {
  const setting = await setUpFactory(t)
  const options = ['--format', 'pkcs12', '--passphrase-file', '@pass', '--json']
  const { code, out } = await setting.run(...bulk, ...options)
  assert.equal(code, 0)
  const { items } = JSON.parse(out) as { items: { identity: string; fingerprint: string }[] }
  for (const [name, { fingerprint }] of [
    ['CP-1', items[0]],
    ['CP%202*A', items[1]],
  ] as [string, { fingerprint: string }][]) {
    assert.equal(setting.mode(`out/${name}.p12`), 0o600)
    const read = readPkcs12(setting.read(`out/${name}.p12`), passphrase)
    assert.equal(certificateFacts(read.certificate).fingerprint, fingerprint)
  }
  assert.equal(setting.read('out/index.csv').toString().split('\r\n')[0], 'identity,serialNumber')
  assert.equal((await setting.run(...bulk, '--format', 'pkcs12')).code, 2)
  assert.equal((await setting.run(...bulk, '--format', 'jks')).code, 2)
})

test('a batch that was cut short goes on where it was; nothing is written over', async (t) => {
  const setting = await setUpFactory(t)
  setting.write('half.csv', 'identity,serialNumber\nCP-1,SN-1\n')
  const half = ['bulk', '@half.csv', '--issuer', '@factory.pem', '--out-dir', '@out']
  assert.equal((await setting.run(...half)).code, 0)
  const first = setting.read('out/CP-1.key')
  const again = await setting.run(...bulk)
  assert.equal(again.code, 1)
  assert.match(again.err, /index\.csv and 2 more exists already/)
  assert.equal((await setting.run(...bulk, '--continue')).code, 0)
  assert.ok(setting.read('out/CP-1.key').equals(first))
  assert.equal(setting.read('out/index.csv').toString().split('\r\n').length, 5)
  setting.write('other.csv', 'identity,serialNumber\nCP-1,SN-9\n')
  const other = ['bulk', '@other.csv', '--issuer', '@factory.pem', '--out-dir', '@out', '--continue']
  assert.match((await setting.run(...other)).err, /CP-1\.pem is not for SN-9/)
  assert.equal((await setting.run(...bulk, '--force')).code, 0)
  assert.ok(!setting.read('out/CP-1.key').equals(first))
})

test('[A00.FR.511] [A00.FR.429] everything that is wrong with a list is told before anything is made', async (t) => {
  const setting = await setUpFactory(t)
  const { code, err } = await setting.run('bulk', '@list.csv', ...bulk.slice(2))
  assert.equal(code, 1)
  assert.match(err, /nothing was made\n {2}line 3: the identity holds a slash/)
  assert.throws(() => readdirSync(setting.path('out')))
  const problems = (text: string) => parseBulkList(text, 'p-256').problems
  assert.deepEqual(problems('identity,serialNumber\nA,S\nB,S\nA,T\n'), [
    'line 3: its serial number stands in line 2 already',
    'line 4: its identity stands in line 2 already',
  ])
  assert.match(problems('identity,serialNumber\nA,cp.example.com\n')[0] ?? '', /line 2: .*A00\.FR\.511/)
  assert.match(problems('identity,key\nA,rsa-512\n')[0] ?? '', /key must be one of/)
  assert.match(problems('name\nA\n')[0] ?? '', /line 1: must name/)
  assert.match(problems('identity\n')[0] ?? '', /is empty/)
  assert.match(problems('identity\n"A')[0] ?? '', /line 2: a quotation mark/)
  assert.match(problems('identity\n.\n')[0] ?? '', /relative path/)
})
