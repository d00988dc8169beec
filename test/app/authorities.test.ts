import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAuthorities, prepareAuthorities } from '../../src/app/authorities.ts'
import { checkFile } from '../../src/cli/check.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { AuthorityError } from '../../src/pki/authority/authority.ts'
import { generateKey } from '../../src/pki/keys.ts'
import { writePkcs12 } from '../../src/pki/pkcs12-write.ts'
import { noPlugAndCharge } from '../../src/usecases/plug-and-charge/settings.ts'
import { temporaryFolder } from '../config/support.ts'
import { patience, requestOf } from '../pki/authority/setting.ts'
import { sharedAuthority } from '../support/authority.ts'
import { memoryIssuedIndex } from '../support/memory-issued-index.ts'
import { secret } from '../support/secrets.ts'

const ec = await sharedAuthority()
const rsa = await sharedAuthority('rsa', 'RSA root')
const rsaKeys = await generateKey({ type: 'rsa', bits: 2048 })
const passphrase = secret('password', 'correct horse battery')
const bundle = writePkcs12({ ...rsa.credentials, chain: [] }, passphrase)

const files: Readonly<Record<string, string | Buffer>> = {
  'ec.pem': ec.certificate,
  'ec.key': ec.key,
  'rsa.p12': bundle,
  'rsa.pass': `${passphrase}\n`,
  token: `${secret('password', 'd8a0c1f4e2b74b0f')}\n`,
}

/** A configuration with this section, and its files beside it. */
function write(context: TestContext, section: string, more = ''): string {
  const folder = temporaryFolder(context)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content)
    chmodSync(join(folder, name), 0o600)
  }
  const path = join(folder, 'proxy.yaml')
  writeFileSync(
    path,
    `cpo: { names: ["Example CPO"] }
listeners: [{ name: a, address: "127.0.0.1:8080", securityProfile: 1 }]
centralSystem: { url: "ws://127.0.0.1:9000" }
store: { sqlite: a.db }
${section === '' ? '' : `certificateAuthority: ${section}`}
${more}`,
  )
  return path
}

function prepare(context: TestContext, section: string) {
  const loaded = loadConfig(write(context, section), { env: {} })
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatFinding).join('\n'))
  const index = memoryIssuedIndex()
  return { index, ...prepareAuthorities(loaded.config.certificateAuthority, { index, now: Date.now }) }
}

const problems = (context: TestContext, section: string): string[] =>
  checkFile(write(context, section), { env: {}, now: Date.now })
    .filter(({ level }) => level === 'error')
    .map(formatFinding)

const localEc = '{ local: { certificate: ec.pem, key: ec.key, crlUrl: "http://pki.example.com/x.crl" } }'

test('[A00.FR.601][A00.FR.505] a local authority issues as the configuration says', async (context) => {
  const { authority, issuers, index } = prepare(
    context,
    '{ local: { certificate: ec.pem, key: ec.key, lifetime: 90d, extendedKeyUsage: false, crlUrl: "http://pki.example.com/x.crl" } }',
  )
  const chain = await authority?.issue(await requestOf(), patience)
  const [leaf] = chain?.certificates ?? []
  assert.ok(leaf?.verify(ec.x509.publicKey))
  const days = ((leaf?.validToDate.getTime() ?? 0) - Date.now()) / 86_400_000
  assert.ok(days > 89 && days <= 90, String(days))
  assert.equal(leaf?.keyUsage, undefined, 'no extended key usage')
  assert.ok(leaf?.raw.includes('http://pki.example.com/x.crl'))
  assert.equal(index.records.length, 1)
  assert.deepEqual(
    issuers.map(({ name }) => name),
    ['local'],
  )
})

test('[A00.FR.317][A00.FR.602] another issuer for each type of key, one of them from PKCS #12', async (context) => {
  const { authority, issuers } = prepare(
    context,
    '{ rsa: { local: { pkcs12: rsa.p12, passphraseFile: rsa.pass } }, ec: { local: { certificate: ec.pem, key: ec.key } } }',
  )
  const byEc = await authority?.issue(await requestOf(), patience)
  const byRsa = await authority?.issue(await requestOf({ keys: rsaKeys }), patience)
  assert.ok(byEc?.certificates[0]?.verify(ec.x509.publicKey))
  assert.ok(byRsa?.certificates[0]?.verify(rsa.x509.publicKey))
  assert.equal(authority?.roots().length, 2)
  assert.deepEqual(
    issuers.map(({ name }) => name),
    ['rsa', 'ec'],
  )
})

test('[A02.FR.12] an authority for one type of key rejects the other', async (context) => {
  const { authority } = prepare(context, '{ ec: { local: { certificate: ec.pem, key: ec.key } } }')
  const request = await requestOf({ keys: rsaKeys })
  await assert.rejects(
    async () => authority?.issue(request, patience),
    (error) => error instanceof AuthorityError && error.failure === 'rejected',
  )
})

test('without the section there is nobody, and a reload puts another in place at once', (context) => {
  const authorities = createAuthorities({
    store: { issued: {} as never, renewals: {} as never, ocspAnswers: {} as never, denied: {} as never },
    log: {} as never,
    config: () => ({ cpo: { names: [] } }),
  })
  assert.equal(authorities.current(), null)
  let changes = 0
  const stop = authorities.onChange(() => {
    changes += 1
  })
  authorities.set({ ...prepare(context, localEc), plugAndCharge: noPlugAndCharge })
  assert.equal(authorities.current()?.name, 'local')
  assert.equal(authorities.issuers().length, 1)
  stop()
  authorities.set({ ...prepare(context, ''), plugAndCharge: noPlugAndCharge })
  assert.equal(authorities.current(), null)
  assert.equal(changes, 1)
})

test('[A00.FR.703] est and http are made with the secrets of their files', (context) => {
  const est =
    '{ est: { url: "https://ca.example.com/est", username: u, passwordFile: token, roots: ec.pem } }'
  assert.equal(prepare(context, est).authority?.name, 'est')
  const http =
    '{ ec: { http: { url: "https://ca.example.com/sign", headers: { Authorization: "Bearer {token}" }, tokenFile: token, roots: ec.pem } } }'
  assert.equal(prepare(context, http).authority?.roots().length, 1)
})

test('[A00.FR.602] what cannot be used is told with its place, and nothing of a key', (context) => {
  const wrong: readonly [section: string, words: RegExp][] = [
    ['{}', /certificateAuthority: must hold one of local, est and http/],
    [
      '{ local: { certificate: ec.pem } }',
      /certificateAuthority\.local: needs certificate and key, or pkcs12/,
    ],
    ['{ local: { certificate: ec.pem, key: none.key } }', /certificateAuthority: the file .*none\.key/],
    ['{ local: { certificate: ec.pem, key: ec.pem } }', /the key of the issuer cannot be read/],
    [
      '{ rsa: { local: { pkcs12: rsa.p12 } } }',
      /certificateAuthority\.rsa: the PKCS #12 bundle cannot be read/,
    ],
    ['{ est: { url: "http://127.0.0.1/", roots: ec.pem } }', /must be an https:\/\/ URL/],
    ['{ est: { url: "https://a/", roots: ec.pem, username: u } }', /needs both username and passwordFile/],
    ['{ http: { url: "https://u:p@a/", roots: ec.pem } }', /must not hold a user name or password/],
    [
      '{ http: { url: "https://a/", roots: ec.pem, headers: { A: "{token}" } } }',
      /\{token\} needs tokenFile/,
    ],
    ['{ http: { url: "https://a/", roots: ec.pem, headers: { Host: a } } }', /belongs to the connection/],
    ['{ http: { url: "https://a/", roots: ec.key } }', /holds no certificate in PEM/],
  ]
  for (const [section, words] of wrong) {
    const found = problems(context, section)
    assert.equal(found.length, 1, `${section}: ${found.join('\n')}`)
    assert.match(found[0] ?? '', words)
  }
})

test('[A00.FR.602] check tells who may read the key, and that no listener would take what is issued', (context) => {
  const path = write(context, localEc)
  chmodSync(join(path, '..', 'ec.key'), 0o644)
  const found = checkFile(path, { env: {}, now: Date.now }).map(formatFinding).join('\n')
  assert.match(
    found,
    /certificateAuthority\.local\.key: every user of the machine can reach the key .*chmod 600/,
  )
  assert.match(found, /no listener of security profile 3/)
})
