import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateFacts } from '../../src/pki/certificate.ts'
import { subjectKeyIdentifier } from '../../src/pki/extensions.ts'
import { issueCertificate, randomSerialNumber } from '../../src/pki/issue.ts'
import { generateKey, privateKeyPem } from '../../src/pki/keys.ts'
import { ProxyError } from '../../src/policy/error.ts'
import { makeAuthority } from '../support/authority.ts'

const root = await makeAuthority()

test('[A00.FR.508] serial numbers are positive, 16 bytes long and taken from the randomness that is given', () => {
  assert.equal(
    randomSerialNumber((size) => Buffer.alloc(size, 0xff)),
    `7F${'FF'.repeat(15)}`,
  )
  assert.equal(
    randomSerialNumber((size) => Buffer.alloc(size, 0)),
    `40${'00'.repeat(15)}`,
  )
  assert.notEqual(randomSerialNumber(), randomSerialNumber())
})

test('[A00.FR.505] [A00.FR.506] the hash fits the key, and RSA signs as configured', async () => {
  const rsa = await makeAuthority({ name: 'RSA', key: 'rsa' })
  const p384 = await makeAuthority({ name: 'P-384', key: { type: 'ec', curve: 'P-384' } })
  const p521 = await makeAuthority({ name: 'P-521', key: { type: 'ec', curve: 'P-521' } })
  const cases = [
    [root, {}, 'ecdsa sha256'],
    [p384, {}, 'ecdsa sha384'],
    [p521, {}, 'ecdsa sha512'],
    [rsa, {}, 'rsa sha256'],
    [rsa, { rsaPadding: 'pss' }, 'rsa-pss sha256'],
    [rsa, { rsaPadding: 'pss', signatureHash: 'SHA-512' }, 'rsa-pss sha512'],
  ] as const
  for (const [authority, options, expected] of cases) {
    const { x509 } = await authority.chargePoint(options)
    const facts = certificateFacts(x509)
    assert.equal(`${facts.signatureKind} ${facts.signatureHash}`, expected)
    assert.ok(x509.verify(authority.x509.publicKey))
  }
})

test('[RFC 5280 4.2.1.1] the authority key identifier is the subject key identifier of the issuer', async () => {
  const leaf = await root.chargePoint()
  const issuerId = subjectKeyIdentifier(root.x509.raw)
  assert.match(issuerId ?? '', /^[0-9a-f]{40}$/)
  assert.ok(leaf.x509.checkIssued(root.x509))
  const namesake = await makeAuthority()
  assert.equal(leaf.x509.checkIssued(namesake.x509), false)
})

test('[A00.FR.510] a server certificate has the name as CN and every name and address as alternative name', async () => {
  const { x509 } = await root.server('ecdsa', ['ocpp.example.com', 'localhost', '127.0.0.1', '::1'])
  assert.deepEqual(certificateFacts(x509).commonNames, ['ocpp.example.com'])
  assert.equal(x509.checkHost('localhost'), 'localhost')
  assert.equal(x509.checkIP('::1'), '::1')
  assert.equal(x509.checkIP('127.0.0.1'), '127.0.0.1')
  assert.equal(x509.checkHost('other.example.com'), undefined)
})

test('[CWE-20] a subject is taken letter for letter: no hexadecimal, quotes or escapes', async () => {
  for (const cn of ['#30', '"quoted"', 'a\\,b', 'a+b=c', ' x ']) {
    const { x509 } = await root.chargePoint({ cn, o: cn })
    assert.deepEqual(certificateFacts(x509).commonNames, [cn])
    assert.deepEqual(certificateFacts(x509).organizationNames, [cn])
  }
})

test('issuing with the wrong key, or with a kind of key that does not sign here, is refused by name', async () => {
  const [subject, other] = await Promise.all([
    generateKey({ type: 'ec', curve: 'P-256' }),
    generateKey({ type: 'ec', curve: 'P-256' }),
  ])
  const request = {
    subject: [['CN', 'x']],
    publicKey: subject.publicKey,
    notBefore: 0,
    notAfter: 1000,
  } as const
  const mismatch = issueCertificate({ ...request, issuer: { certificate: root.x509, key: other.privateKey } })
  await assert.rejects(mismatch, { code: 'issuer_key_mismatch' })
  const stranger = issueCertificate({ ...request, issuer: { certificate: null, key: other.privateKey } })
  await assert.rejects(stranger, { code: 'issuer_key_mismatch' })
  const unknown = await generateKey({ type: 'ec', curve: 'secp256k1' })
  const unsupported = issueCertificate({
    ...request,
    publicKey: unknown.publicKey,
    issuer: { certificate: null, key: unknown.privateKey },
  })
  await assert.rejects(unsupported, (error) => error instanceof ProxyError && error.code === 'issuing_failed')
})

test('[A00.FR.507] keys are written as PEM, PKCS #8', async () => {
  const { privateKey } = await generateKey({ type: 'ec', curve: 'P-256' })
  assert.match(privateKeyPem(privateKey), /^-----BEGIN PRIVATE KEY-----\n/)
})
