// @peculiar/x509 needs it before itself.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { readCsr } from '../../src/pki/csr.ts'
import { childrenOf, derTag, encodeElement, encodingOf, readElement } from '../../src/pki/der.ts'
import { generateKey } from '../../src/pki/keys.ts'
import { makeCsr, readable } from '../support/csr.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'

function problemOf(text: string): string {
  const reading = readCsr(text)
  return reading.ok ? 'none' : reading.problem.code
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}

test('[A02.FR.11] facts of a request: subject, key, proof, and what is asked for', async () => {
  const keys = await generateKey({ type: 'ec', curve: 'P-256' })
  const pem = await makeCsr({
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'cp.example.com' }]),
    ],
  })
  const { facts, publicKey } = readable(pem)
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' })
  assert.deepEqual(publicKey, spki)
  assert.deepEqual(facts, {
    commonNames: ['SN-0001'],
    organizationNames: ['Example CPO'],
    subject: 'O=Example CPO, CN=SN-0001',
    key: { type: 'ec', curve: 'P-256', bits: 256 },
    keyFingerprint: hash('sha256', spki, 'hex'),
    signatureKind: 'ecdsa',
    signatureHash: 'sha256',
    signature: 'verified',
    wantsCa: true,
    keyUsage: ['digitalSignature', 'keyCertSign'],
    extendedKeyUsage: null,
    alternativeNames: ['DNS:cp.example.com'],
  })
})

test('[A00.FR.507] one PEM block and nothing else; line breaks of any kind', async () => {
  const pem = await makeCsr()
  const label = 'CERTIFICATE REQUEST'
  for (const same of [
    pem,
    pem.replace(/\n/g, '\r\n'),
    `\n ${pem}\n\n`,
    pem.replaceAll(label, `NEW ${label}`),
    `-----BEGIN ${label}-----${pem.split('\n').slice(1, -1).join('')}-----END ${label}-----`,
  ])
    assert.equal(problemOf(same), 'none', JSON.stringify(same))
  const body = pem.split('\n').slice(1, -1).join('\n')
  for (const other of [
    '',
    body,
    pem + pem,
    `${pem}x`,
    `subject=CN\n${pem}`,
    pem.replaceAll(label, 'CERTIFICATE'),
    pem.replace(/^(-.*-\n)(.)/, '$1!'),
    pem.replace(/^(-.*-\n)/, '$1Proc-Type: 4,ENCRYPTED\n\n'),
    `-----BEGIN ${label}-----\n-----END ${label}-----\n`,
  ])
    assert.equal(problemOf(other), 'csr_unreadable', JSON.stringify(other))
})

test('[A02.FR.12] the limit of the message is in characters', async () => {
  const pem = await makeCsr()
  assert.equal(readCsr(pem, pem.length).ok, true)
  const reading = readCsr(pem, pem.length - 1)
  assert.equal(reading.ok ? '' : reading.problem.code, 'csr_too_large')
  assert.equal(problemOf(pem.padEnd(5500)), 'none')
  assert.equal(problemOf(pem.padEnd(5501)), 'csr_too_large')
})

test('[A02.FR.12] a request that is signed by another key, changed, or of another form', async () => {
  const [one, other] = [readable(await makeCsr()), readable(await makeCsr())]
  const parts = (der: Buffer): Buffer[] => childrenOf(readElement(der)).map(encodingOf)
  const whole = (...all: (Buffer | undefined)[]): string =>
    pemOf(encodeElement(derTag.sequence, Buffer.concat(all.map((part) => part ?? Buffer.alloc(0)))))
  const [body, algorithm, signature] = parts(one.der)
  const [, , foreign] = parts(other.der)
  assert.equal(readable(whole(body, algorithm, signature)).facts.signature, 'verified')
  assert.equal(readable(whole(body, algorithm, foreign)).facts.signature, 'invalid')
  assert.equal(problemOf(whole(body, algorithm, signature, signature)), 'csr_unreadable')
  assert.equal(problemOf(pemOf(Buffer.concat([one.der, Buffer.from([0])]))), 'csr_unreadable')
  // Another version than 0, in an otherwise whole request.
  const changed = Buffer.from(one.der)
  changed[changed.indexOf(Buffer.from([2, 1, 0])) + 2] = 1
  assert.equal(problemOf(pemOf(changed)), 'csr_unreadable')
})

test('[A02.FR.12] two lists of extensions: nobody may read the one and sign the other', async () => {
  const { der } = readable(
    await makeCsr({ extensions: [new x509.BasicConstraintsExtension(false, undefined, true)] }),
  )
  const [body, ...rest] = childrenOf(readElement(der))
  assert.ok(body)
  const fields = childrenOf(body)
  const attributes = fields.at(-1)
  assert.ok(attributes)
  const [list] = childrenOf(attributes).map(encodingOf)
  assert.ok(list)
  const doubled = encodeElement(0xa0, Buffer.concat([list, list]))
  const info = encodeElement(
    derTag.sequence,
    Buffer.concat([...fields.slice(0, -1).map(encodingOf), doubled]),
  )
  const request = encodeElement(derTag.sequence, Buffer.concat([info, ...rest.map(encodingOf)]))
  assert.equal(problemOf(pemOf(request)), 'csr_unreadable')
})

test('[A00.FR.504] SHA-1 is weak, whoever signed', async () => {
  const { facts } = readable(await makeCsr({ hash: 'SHA-1' }))
  assert.deepEqual([facts.signature, facts.signatureHash], ['weak', 'sha1'])
})

const kinds = [
  ['rsa:2048', ['-newkey', 'rsa:2048'], 'rsa 2048 rsa sha256'],
  [
    'RSA with PSS',
    ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
    'rsa 2048 rsa-pss sha256',
  ],
  [
    'an RSA-PSS key',
    ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
    'rsa-pss 2048 rsa-pss sha256',
  ],
  ['P-256', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'ec 256 ecdsa sha256'],
  ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'], 'ec 384 ecdsa sha384'],
  ['P-521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512'], 'ec 521 ecdsa sha512'],
] as const

for (const [name, args, expected] of kinds) {
  test(`[A02.FR.11] [A00.FR.505] a request of openssl: ${name}`, needsOpenssl, () => {
    const folder = opensslFolder()
    folder.run(
      'req',
      '-nodes',
      ...args,
      '-keyout',
      'k.key',
      '-out',
      'k.csr',
      '-subj',
      '/O=Example CPO/CN=SN-1',
    )
    const { facts } = readable(folder.read('k.csr').toString())
    const { key, signatureKind, signatureHash } = facts
    assert.equal(`${key.type} ${key.bits} ${signatureKind} ${signatureHash}`, expected)
    assert.equal(facts.signature, 'verified')
    assert.deepEqual([facts.commonNames, facts.organizationNames], [['SN-1'], ['Example CPO']])
  })
}

test('[A02.FR.12] whatever comes, reading it never throws', async () => {
  const { der } = readable(await makeCsr({ extensions: [new x509.BasicConstraintsExtension(true)] }))
  fc.assert(
    fc.property(fc.string({ maxLength: 6000 }), (text) => {
      assert.notEqual(problemOf(text), 'none')
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.notEqual(problemOf(pemOf(Buffer.from(bytes))), 'none')
    }),
  )
  const at = fc.nat({ max: der.length - 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(at, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), (changes) => {
      const changed = Buffer.from(der)
      for (const [index, byte] of changes) changed[index] = byte
      const reading = readCsr(pemOf(changed))
      if (reading.ok && !changed.equals(der)) assert.equal(reading.csr.facts.signature === 'verified', false)
    }),
    { numRuns: 500 },
  )
})
