import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { certificateFacts, createCertificateCache, splitPem } from '../../src/pki/certificate.ts'
import { generateKey } from '../../src/pki/keys.ts'
import { ProxyError } from '../../src/policy/error.ts'
import { type Issued, keyPairOf, makeAuthority } from '../support/authority.ts'

const root = await makeAuthority()

test('[A00.FR.404] [A00.FR.405] names are read whole: every CN and O, whatever string type they have', async () => {
  const issued = await root.chargePoint({
    subject: [
      ['O', 'Example CPO'],
      ['O', 'Ünïcode €', 'bmpString'],
      ['OU', 'x'],
      ['CN', 'SN-0001', 'printableString'],
      ['CN', 'Säule 𝄞', 'utf8String'],
      ['C', 'DE', 'printableString'],
      ['1.2.3.4', 'other'],
    ],
  })
  const facts = certificateFacts(issued.x509)
  assert.deepEqual(facts.commonNames, ['SN-0001', 'Säule 𝄞'])
  assert.deepEqual(facts.organizationNames, ['Example CPO', 'Ünïcode €'])
  assert.equal(facts.subject, 'O=Example CPO, O=Ünïcode €, OU=x, CN=SN-0001, CN=Säule 𝄞, C=DE, 1.2.3.4=other')
  assert.equal(facts.issuer, 'O=Example CPO, CN=Example CPO root')
})

test('[CWE-117] a hostile subject cannot fake an attribute, a line or a direction, and is cut', async () => {
  const names = ['a, O=Example CPO', 'b\nlevel=info', 'c\u202ed', 'e\0f', 'g'.repeat(2000)]
  const facts = certificateFacts((await root.chargePoint({ o: 'Evil', cn: names })).x509)
  assert.deepEqual(facts.commonNames, names, 'the policy sees what is there')
  assert.ok(facts.subject.startsWith('O=Evil, CN=a\\, O\\=Example CPO, CN=b\ufffdlevel\\=info, CN=c\ufffdd'))
  assert.doesNotMatch(facts.subject, /\p{C}/u)
  assert.ok(facts.subject.length < 500)
})

test('[A00.FR.508] the serial number is in upper case without leading zeroes; zero and negative ones are none', async () => {
  const cases = [
    ['0fff', 'FFF'],
    ['00ff01', 'FF01'],
    ['01', '1'],
    ['F0', 'F0'],
    [0, ''],
    [-1, ''],
    [-128, ''],
    [127, '7F'],
  ] as const
  for (const [serial, expected] of cases) {
    assert.equal(
      certificateFacts((await root.chargePoint({ serial })).x509).serialNumber,
      expected,
      String(serial),
    )
  }
  const random = certificateFacts((await root.chargePoint()).x509).serialNumber
  assert.match(random, /^[4-7][0-9A-F]{31}$/)
})

test('[A00.FR.501] [A00.FR.502] [A00.FR.503] keys are read for what they are', async () => {
  const cases = [
    [
      { type: 'rsa', bits: 1024 },
      { type: 'rsa', bits: 1024 },
    ],
    [
      { type: 'rsa', bits: 2048 },
      { type: 'rsa', bits: 2048 },
    ],
    [
      { type: 'rsa-pss', bits: 2048 },
      { type: 'rsa-pss', bits: 2048 },
    ],
    [
      { type: 'ec', curve: 'prime192v1' },
      { type: 'ec', curve: 'P-192', bits: 192 },
    ],
    [
      { type: 'ec', curve: 'P-224' },
      { type: 'ec', curve: 'P-224', bits: 224 },
    ],
    [
      { type: 'ec', curve: 'P-256' },
      { type: 'ec', curve: 'P-256', bits: 256 },
    ],
    [
      { type: 'ec', curve: 'P-384' },
      { type: 'ec', curve: 'P-384', bits: 384 },
    ],
    [
      { type: 'ec', curve: 'P-521' },
      { type: 'ec', curve: 'P-521', bits: 521 },
    ],
    [
      { type: 'ec', curve: 'brainpoolP256r1' },
      { type: 'ec', curve: 'brainpoolP256r1', bits: 256 },
    ],
    [
      { type: 'ec', curve: 'secp112r1' },
      { type: 'ec', curve: '1.3.132.0.6', bits: 0 },
    ],
    [{ type: 'ed25519' }, { type: 'ed25519', bits: 256 }],
  ] as const
  for (const [spec, expected] of cases) {
    const { x509 } = await root.chargePoint({ key: await generateKey(spec) })
    assert.deepEqual(certificateFacts(x509).key, expected)
  }
})

test('[A00.FR.501] an RSA key that everybody can sign with, explicit curves and short DSA subgroups are no keys', async () => {
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
  const ofCurve = certificateFacts((await root.chargePoint({ key: explicit })).x509)
  assert.deepEqual(ofCurve.key, { type: 'unknown', bits: 0 })
  const dsa = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 160 })
  assert.deepEqual(certificateFacts((await root.chargePoint({ key: dsa })).x509).key, {
    type: 'dsa',
    bits: 1024,
  })
  const rsa = certificateFacts(withExponent((await root.chargePoint({ key: 'rsa' })).x509, 1))
  assert.deepEqual(rsa.key, { type: 'unknown', bits: 0 })
})

/** 65537 stands in three bytes at the end of the key; the signature need not hold for reading. */
function withExponent(certificate: X509Certificate, exponent: number): Buffer {
  const raw = Buffer.from(certificate.raw)
  const at = raw.indexOf(Buffer.from([2, 3, 1, 0, 1]))
  assert.ok(at > 0)
  raw.writeUIntBE(exponent, at + 2, 3)
  return raw
}

test('[A00.FR.504] [A00.FR.506] signatures are read with their hash, RSASSA-PSS too', async () => {
  const rsa = await makeAuthority({ name: 'RSA', key: 'rsa' })
  const ed = await makeAuthority({ name: 'Ed', key: { type: 'ed25519' } })
  const cases = [
    [await root.chargePoint({ signatureHash: 'SHA-1' }), 'ecdsa', 'sha1'],
    [await root.chargePoint(), 'ecdsa', 'sha256'],
    [await root.chargePoint({ signatureHash: 'SHA-512' }), 'ecdsa', 'sha512'],
    [await rsa.chargePoint({ signatureHash: 'SHA-1' }), 'rsa', 'sha1'],
    [await rsa.chargePoint({ signatureHash: 'SHA-384' }), 'rsa', 'sha384'],
    [await rsa.chargePoint({ rsaPadding: 'pss' }), 'rsa-pss', 'sha256'],
    [await rsa.chargePoint({ rsaPadding: 'pss', signatureHash: 'SHA-1' }), 'rsa-pss', 'sha1'],
    [await ed.chargePoint(), 'ed25519', 'none'],
  ] as const
  for (const [issued, kind, digest] of cases) {
    const facts = certificateFacts(issued.x509)
    assert.equal(`${facts.signatureKind} ${facts.signatureHash}`, `${kind} ${digest}`)
  }
})

test('[A00.FR.512] extensions are read; absent ones are null', async () => {
  const full = certificateFacts(
    (
      await root.chargePoint({
        ku: ['digitalSignature', 'keyAgreement', 'decipherOnly'],
        eku: ['1.3.6.1.5.5.7.3.2'],
      })
    ).x509,
  )
  assert.deepEqual(full.keyUsage, ['digitalSignature', 'keyAgreement', 'decipherOnly'])
  assert.deepEqual(full.extendedKeyUsage, ['1.3.6.1.5.5.7.3.2'])
  const bare = certificateFacts((await root.chargePoint({ ku: null })).x509)
  assert.equal(bare.keyUsage, null)
  assert.equal(bare.extendedKeyUsage, null)
  assert.equal(bare.isCa, false)
  const authority = certificateFacts((await root.intermediate()).x509)
  assert.deepEqual([authority.isCa, authority.pathLength, authority.selfIssued], [true, 0, false])
  const top = certificateFacts(root.x509)
  assert.deepEqual([top.isCa, top.pathLength, top.selfIssued], [true, null, true])
})

test('[RFC 5280 4.2] a certificate with an extension twice is refused', async () => {
  const again = { oid: '2.5.29.15', critical: true, value: Buffer.from([3, 2, 7, 0x80]) }
  const { x509 } = await root.chargePoint({ overrides: { extensions: [again] } })
  assert.throws(() => certificateFacts(x509), { code: 'certificate_unreadable' })
})

test('[A00.FR.427] fingerprints are those of the certificate and of its key, and only the key stays on renewal', async () => {
  const first = await root.chargePoint()
  const renewed = await root.chargePoint({ key: keyPairOf(first) })
  const [one, two] = [certificateFacts(first.x509), certificateFacts(renewed.x509)]
  assert.equal(one.fingerprint, first.x509.fingerprint256.replaceAll(':', '').toLowerCase())
  const spki = first.x509.publicKey.export({ type: 'spki', format: 'der' })
  assert.equal(one.keyFingerprint, createHash('sha256').update(spki).digest('hex'))
  assert.equal(one.keyFingerprint, two.keyFingerprint)
  assert.notEqual(one.fingerprint, two.fingerprint)
})

test('[A00.FR.403] dates are in milliseconds, beyond 2049 as well', async () => {
  const notAfter = Date.UTC(2080, 0, 31, 12, 0, 1)
  const facts = certificateFacts(
    (await root.chargePoint({ notBefore: Date.UTC(2020, 1, 29), notAfter })).x509,
  )
  assert.deepEqual([facts.notBefore, facts.notAfter], [Date.UTC(2020, 1, 29), notAfter])
})

test('[CWE-20] arbitrary and mutated bytes give facts or certificate_unreadable, never anything else', async () => {
  const raws = [
    (await root.chargePoint()).x509.raw,
    (await root.chargePoint({ key: 'rsa', eku: ['1.2.3'] })).x509.raw,
  ]
  const edits = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 5,
  })
  const mutated = fc.tuple(fc.constantFrom(...raws), edits).map(([raw, changes]) => {
    const copy = Buffer.from(raw)
    for (const [at, value] of changes) copy[at % copy.length] = value
    return copy
  })
  const cut = fc.tuple(fc.constantFrom(...raws), fc.nat(1000)).map(([raw, length]) => raw.subarray(0, length))
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof({ weight: 8, arbitrary: mutated }, cut, noise), (der) => {
      try {
        const facts = certificateFacts(der)
        assert.ok(Number.isFinite(facts.notBefore) && Number.isFinite(facts.notAfter))
        assert.match(facts.serialNumber, /^([1-9A-F][0-9A-F]*)?$/)
      } catch (error) {
        assert.ok(error instanceof ProxyError, String(error))
        assert.equal(error.code, 'certificate_unreadable')
      }
    }),
    { numRuns: 3000 },
  )
})

test('[A00.FR.507] a PEM text is split into its certificates, keys and remarks apart', async () => {
  const issued = await root.chargePoint()
  const text = `# mine\n${issued.certificate.trim()}\r\n${issued.key}\nremark\n${root.certificate}`
  const blocks = splitPem(text)
  assert.equal(blocks.length, 2)
  assert.deepEqual(
    blocks.map((block) => new X509Certificate(block).fingerprint256),
    [issued.x509.fingerprint256, root.x509.fingerprint256],
  )
  assert.deepEqual(splitPem(''), [])
  assert.deepEqual(splitPem(issued.key), [])
})

test('[A00.FR.507] a certificate without its END line is not lost silently, nor does it swallow the next one', async () => {
  const { certificate } = await root.chargePoint()
  const broken = certificate.replace(/-----END.*\n/, '')
  const blocks = splitPem(broken + root.certificate)
  assert.equal(blocks.length, 2)
  assert.throws(() => new X509Certificate(blocks[0] ?? ''))
  assert.equal(new X509Certificate(blocks[1] ?? '').fingerprint256, root.x509.fingerprint256)
  assert.equal(splitPem(root.certificate + broken).length, 2)
})

test('[CWE-770] the cache gives the same facts and never holds more than its limit', async () => {
  const cache = createCertificateCache(2)
  const [a, b, c] = await Promise.all([root.chargePoint(), root.chargePoint(), root.chargePoint()])
  // A new object each time, as every connection brings one.
  const factsOf = (issued: Issued) => cache.factsOf(new X509Certificate(issued.x509.raw))
  const first = factsOf(a)
  assert.deepEqual(first, certificateFacts(a.x509))
  const second = factsOf(b)
  assert.equal(factsOf(a), first, 'a hit is the same object')
  factsOf(c)
  assert.equal(cache.size, 2)
  assert.equal(factsOf(a), first, 'what was used last stays')
  assert.notEqual(factsOf(b), second, 'what was used least is gone')
  assert.equal(cache.factsOf(a.x509), cache.factsOf(a.x509))
})
