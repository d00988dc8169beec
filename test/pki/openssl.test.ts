import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { certificateFacts } from '../../src/pki/certificate.ts'
import { buildChain } from '../../src/pki/chain.ts'
import { checkKeys, checkSerialNumber, checkSignatures } from '../../src/policy/certificate.ts'
import { makeAuthority } from '../support/authority.ts'

/** Foreign certificates: made by the openssl tool, which does many things in another way than our library. */
const present = spawnSync('openssl', ['version']).status === 0
const options = present ? {} : { skip: 'the openssl tool is not installed' }
const folder = mkdtempSync(join(tmpdir(), 'proxy-openssl-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

function read(name: string): X509Certificate {
  return new X509Certificate(readFileSync(join(folder, name)))
}

const authority = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign']
const subject = '/O=Example CPO/CN=SN-0001'

/** A root and a charge point below it; `key` for both, `sign` for the signatures. */
function makePair(
  name: string,
  key: readonly string[],
  sign: readonly string[] = [],
  x509: readonly string[] = [],
): void {
  openssl(
    'req',
    '-x509',
    '-nodes',
    ...key,
    '-keyout',
    `${name}-root.key`,
    '-out',
    `${name}-root.pem`,
    '-subj',
    '/CN=root',
    '-days',
    '30',
    ...sign,
    ...authority,
  )
  openssl('req', '-nodes', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${name}-root.pem`,
    '-CAkey',
    `${name}-root.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '20',
    ...sign,
    ...x509,
  )
}

const cases = [
  ['rsa', ['-newkey', 'rsa:2048'], [], 'rsa 2048 rsa sha256'],
  ['ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], [], 'ec 256 ecdsa sha256'],
  ['ec384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['-sha384'], 'ec 384 ecdsa sha384'],
  [
    'pss',
    ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ['-sha256'],
    'rsa-pss 2048 rsa-pss sha256',
  ],
  ['ed', ['-newkey', 'ed25519'], [], 'ed25519 256 ed25519 none'],
] as const

for (const [name, key, sign, expected] of cases) {
  test(
    `[A00.FR.403] [A00.FR.505] a path made by openssl with ${name} keys is read and holds`,
    options,
    () => {
      makePair(name, key, sign)
      const chain = buildChain(
        read(`${name}.pem`),
        [],
        { cpo: [read(`${name}-root.pem`)], factory: [] },
        Date.now(),
      )
      assert.equal(chain.pathProblem, null)
      const { leaf } = chain
      assert.equal(`${leaf.key.type} ${leaf.key.bits} ${leaf.signatureKind} ${leaf.signatureHash}`, expected)
      assert.deepEqual([leaf.commonNames, leaf.organizationNames], [['SN-0001'], ['Example CPO']])
      const verdicts = [checkKeys(chain), checkSignatures(chain), checkSerialNumber(leaf)]
      assert.deepEqual(verdicts, [{ ok: true }, { ok: true }, { ok: true }])
    },
  )
}

test('[A00.FR.508] a serial number of zero, as openssl can make it, is none', options, () => {
  makePair('zero', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], [], ['-set_serial', '0'])
  assert.equal(certificateFacts(read('zero.pem')).serialNumber, '')
})

test('[A00.FR.405] several CNs, as openssl writes them, are all seen', options, () => {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-keyout',
    'two.key',
    '-out',
    'two.pem',
    '-subj',
    '/CN=SN-1/CN=SN-2+OU=x/O=A\\/B',
  )
  const facts = certificateFacts(read('two.pem'))
  assert.deepEqual(facts.commonNames, ['SN-1', 'SN-2'])
  assert.deepEqual(facts.organizationNames, ['A/B'])
  assert.equal(facts.subject, 'CN=SN-1, OU=x+CN=SN-2, O=A/B')
})

test(
  '[A00.FR.403] [A00.FR.507] the openssl tool accepts what we issue, intermediates included',
  options,
  async () => {
    for (const [key, padding] of [
      ['ecdsa', 'pkcs1'],
      ['rsa', 'pkcs1'],
      ['rsa', 'pss'],
    ] as const) {
      const root = await makeAuthority({ key, overrides: { rsaPadding: padding } })
      const intermediate = await root.intermediate({ key, overrides: { rsaPadding: padding } })
      const leaf = await intermediate.chargePoint({ key, rsaPadding: padding })
      writeFileSync(join(folder, 'ours-root.pem'), root.certificate)
      writeFileSync(join(folder, 'ours-intermediate.pem'), intermediate.certificate)
      writeFileSync(join(folder, 'ours.pem'), leaf.certificate)
      openssl(
        'verify',
        '-x509_strict',
        '-auth_level',
        '2',
        '-purpose',
        'sslclient',
        '-CAfile',
        'ours-root.pem',
        '-untrusted',
        'ours-intermediate.pem',
        'ours.pem',
      )
    }
  },
)
