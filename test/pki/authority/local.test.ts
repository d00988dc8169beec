import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorityByKeyType } from '../../../src/pki/authority/by-key-type.ts'
import { issuerFromPem, issuerFromPkcs12 } from '../../../src/pki/authority/issuer.ts'
import { authorityKeyOf } from '../../../src/pki/authority/local.ts'
import { statusPointers } from '../../../src/pki/authority/pointers.ts'
import { certificateFacts } from '../../../src/pki/certificate.ts'
import { buildChain } from '../../../src/pki/chain.ts'
import { generateKey, type KeySpec } from '../../../src/pki/keys.ts'
import { writePkcs12 } from '../../../src/pki/pkcs12-write.ts'
import { checkIssued } from '../../../src/policy/issued-certificate.ts'
import { makeAuthority, sharedAuthority } from '../../support/authority.ts'
import { readable } from '../../support/csr.ts'
import { needsOpenssl, opensslFolder } from '../../support/openssl-tool.ts'
import { secret } from '../../support/secrets.ts'
import { day, failureOf, issuerOf, localOf, patience, requestOf } from './setting.ts'

const issuers: readonly (readonly [
  name: string,
  keys: KeySpec,
  padding: 'pkcs1' | 'pss',
  signature: string,
])[] = [
  ['RSA', { type: 'rsa', bits: 2048 }, 'pkcs1', 'rsa sha256'],
  ['RSA with PSS', { type: 'rsa', bits: 2048 }, 'pss', 'rsa-pss sha256'],
  ['an RSA-PSS key', { type: 'rsa-pss', bits: 2048 }, 'pkcs1', 'rsa-pss sha256'],
  ['P-256', { type: 'ec', curve: 'P-256' }, 'pkcs1', 'ecdsa sha256'],
  ['P-384', { type: 'ec', curve: 'P-384' }, 'pkcs1', 'ecdsa sha384'],
]

for (const [name, key, rsaPadding, signature] of issuers) {
  test(`[A00.FR.601] [A00.FR.505] [A02.FR.04] an issuer with ${name}: the gate takes what it issues`, async () => {
    const root = await makeAuthority({ key })
    const { authority } = localOf(issuerOf(root), { rsaPadding })
    const request = await requestOf()
    const { certificates, pem } = await authority.issue(request, patience)
    assert.equal(certificates.length, 1)
    const [leaf] = certificates
    assert.ok(leaf)
    assert.equal(pem, leaf.toString())
    const chain = buildChain(leaf, [], { cpo: authority.roots(), factory: [] }, Date.now())
    const expected = {
      keyFingerprint: request.csr.facts.keyFingerprint,
      cpoNames: ['Example CPO'],
      serialNumber: 'SN-0001',
      now: Date.now(),
      minimumLifetimeMs: 300 * day,
    }
    assert.deepEqual(checkIssued(chain, expected), [])
    assert.equal(`${chain.leaf.signatureKind} ${chain.leaf.signatureHash}`, signature)
    assert.deepEqual(chain.leaf.extendedKeyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.equal(chain.leaf.serialNumber.length, 32)
  })
}

test('[A00.FR.512] key usage follows the key of the request; the extended one can be left out', async () => {
  const root = await sharedAuthority()
  const { authority } = localOf(issuerOf(root), { extendedKeyUsage: [] })
  const usages = []
  for (const spec of [{ type: 'ec', curve: 'P-256' } as const, { type: 'rsa', bits: 2048 } as const]) {
    const request = await requestOf({ keys: await generateKey(spec) })
    const [leaf] = (await authority.issue(request, patience)).certificates
    assert.ok(leaf)
    usages.push(certificateFacts(leaf))
  }
  assert.deepEqual(
    usages.map(({ keyUsage }) => keyUsage),
    [['digitalSignature'], ['digitalSignature', 'keyEncipherment']],
  )
  assert.equal(usages[0]?.extendedKeyUsage, null)
})

test('[A02.FR.04] leaf first, intermediates after it, the root left out; dates within the issuer', async () => {
  const root = await makeAuthority()
  const middle = await root.intermediate({ days: 20 })
  const now = Date.now()
  const { authority, index } = localOf(issuerOf(middle, [root.x509]), { now: () => now })
  const request = await requestOf()
  const { certificates, pem } = await authority.issue(request, patience)
  const [leaf] = certificates
  assert.ok(leaf)
  assert.deepEqual(
    certificates.map(({ raw }) => raw),
    [leaf.raw, middle.x509.raw],
  )
  assert.equal(pem, `${leaf.toString()}${middle.x509.toString()}`)
  assert.deepEqual(authority.roots(), [root.x509])
  const facts = certificateFacts(leaf)
  assert.equal(facts.notAfter, certificateFacts(middle.x509).notAfter)
  assert.ok(facts.notBefore <= now && now - facts.notBefore < 10 * 60_000)
  assert.deepEqual(index.records, [
    {
      authority: authorityKeyOf(middle.x509),
      serialNumber: facts.serialNumber,
      identity: 'CP1',
      subject: 'O=Example CPO, CN=SN-0001',
      keyFingerprint: request.csr.facts.keyFingerprint,
      certificateFingerprint: facts.fingerprint,
      notBefore: facts.notBefore,
      notAfter: facts.notAfter,
      issuedAt: now,
    },
  ])
})

test('[A02.FR.12] an issuer at its end, an index away, an abort: unavailable, and nothing is given away', async () => {
  const request = await requestOf()
  const root = issuerOf(await makeAuthority({ days: 1 }))
  const late = localOf(root, { now: () => Date.now() + day - 60_000 })
  assert.equal((await failureOf(late.authority.issue(request, patience))).failure, 'unavailable')
  assert.deepEqual(late.index.records, [])
  const index = { ...late.index, record: () => Promise.reject(new Error('disk full')) }
  const full = localOf(root, { index, lifetimeMs: day })
  assert.equal((await failureOf(full.authority.issue(request, patience))).failure, 'unavailable')
  assert.equal(
    (await failureOf(localOf(root).authority.issue(request, AbortSignal.abort()))).code,
    'authority_unavailable',
  )
})

test('[A00.FR.317] [A00.FR.318] an issuer for RSA and one for curves, chosen by the key of the request', async () => {
  const [rsa, ec] = [await sharedAuthority('rsa'), await sharedAuthority('ecdsa')]
  const both = authorityByKeyType('both', {
    rsa: localOf(issuerOf(rsa)).authority,
    ec: localOf(issuerOf(ec)).authority,
  })
  assert.deepEqual(both.roots(), [rsa.x509, ec.x509])
  const rsaRequest = await requestOf({ keys: await generateKey({ type: 'rsa', bits: 2048 }) })
  const [byRsa] = (await both.issue(rsaRequest, patience)).certificates
  const [byEc] = (await both.issue(await requestOf(), patience)).certificates
  assert.ok(byRsa?.verify(rsa.x509.publicKey))
  assert.ok(byEc?.verify(ec.x509.publicKey))
  const ecOnly = authorityByKeyType('ec', { rsa: null, ec: localOf(issuerOf(ec)).authority })
  assert.equal((await failureOf(ecOnly.issue(rsaRequest, patience))).failure, 'rejected')
})

test('[A00.FR.602] issuers from PEM and PKCS #12, with passphrase, root above; unfit ones are named', async () => {
  const root = await makeAuthority()
  const middle = await root.intermediate()
  const leaf = await middle.chargePoint()
  const passphrase = secret('password', 'passphrase of an issuer')
  const key = middle.credentials.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  })
  // Roots before issuers, and a stranger between them.
  const certificates = [root.certificate, leaf.certificate, middle.certificate].join('')
  const fromPem = issuerFromPem({ certificates, key: key.toString(), passphrase })
  const bundle = writePkcs12({ ...middle.credentials, chain: [root.x509] }, passphrase)
  for (const issuer of [fromPem, issuerFromPkcs12(bundle, passphrase)]) {
    assert.deepEqual(issuer.certificate.raw, middle.x509.raw)
    assert.deepEqual(
      issuer.chain.map(({ raw }) => raw),
      [root.x509.raw],
    )
  }
  const pem = { certificates, key: key.toString(), passphrase }
  assert.throws(() => issuerFromPem({ ...pem, passphrase: 'wrong' }), { code: 'issuer_unreadable' })
  assert.throws(() => issuerFromPem({ ...pem, passphrase: null }), { code: 'issuer_unreadable' })
  assert.throws(() => issuerFromPem({ ...pem, certificates: '' }), { code: 'issuer_unreadable' })
  assert.throws(() => issuerFromPem({ ...pem, certificates: root.certificate }), {
    code: 'issuer_key_mismatch',
  })
  assert.throws(() => issuerFromPem({ certificates: leaf.certificate, key: leaf.key, passphrase: null }), {
    code: 'issuer_unfit',
  })
})

test(
  '[A00.FR.601] [A02.FR.04] foreign tools: a CA and a request of openssl, and openssl verifies',
  needsOpenssl,
  async () => {
    const folder = opensslFolder()
    const ca = [
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    ]
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']
    folder.run(
      'req',
      '-x509',
      '-nodes',
      ...ec,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=CA',
      ...ca,
    )
    folder.run(
      'req',
      '-nodes',
      '-newkey',
      'rsa:2048',
      '-keyout',
      'cp.key',
      '-out',
      'cp.csr',
      '-subj',
      '/O=Example CPO/CN=SN-0001',
    )
    const issuer = issuerFromPem({
      certificates: folder.read('ca.pem').toString(),
      key: folder.read('ca.key').toString(),
      passphrase: null,
    })
    const extensions = statusPointers({
      crl: 'http://ca.example.com/crl',
      ocsp: 'http://ca.example.com/ocsp',
    })
    const { authority } = localOf(issuer, { lifetimeMs: day, extensions })
    const request = { ...(await requestOf()), csr: readable(folder.read('cp.csr').toString()) }
    const { pem } = await authority.issue(request, patience)
    folder.write('cp.pem', pem)
    const strict = ['-x509_strict', '-purpose', 'sslclient', '-CAfile', 'ca.pem']
    assert.match(folder.run('verify', ...strict, 'cp.pem'), /cp\.pem: OK/)
    const text = folder.run('x509', '-in', 'cp.pem', '-noout', '-text')
    assert.match(text, /Authority Key Identifier/)
    assert.match(text, /CRL Distribution Points:\s+Full Name:\s+URI:http:\/\/ca\.example\.com\/crl/)
    assert.match(text, /OCSP - URI:http:\/\/ca\.example\.com\/ocsp/)
    assert.match(text, /Digital Signature, Key Encipherment/)
  },
)
