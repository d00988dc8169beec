import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import {
  certificateHashData,
  hashAlgorithms,
  hashDataKey,
  readHashData,
  sameHashData,
} from '../../src/pki/hash-data.ts'
import { ProxyError } from '../../src/policy/error.ts'
import { makeAuthority } from '../support/authority.ts'
import { makeOpensslCa, needsOpenssl, type OpensslKey } from '../support/openssl-ca.ts'

/** The oracle: what openssl would ask a responder for has the same inputs (RFC 6960 4.1.1). */
function oracle(output: string): readonly string[] {
  // It breaks long numbers, with a backslash at the end of the line.
  const text = output.replace(/\\\n\s*/g, '')
  const field = (name: string): string => new RegExp(`${name}: (\\S+)`).exec(text)?.[1] ?? ''
  return [field('Issuer Name Hash'), field('Issuer Key Hash'), field('Serial Number')]
}

for (const key of ['rsa', 'pss', 'ec384'] as const satisfies readonly OpensslKey[]) {
  test(
    `[M04.FR.01] [facts 1.3] the hash data below a ${key} issuer are those of openssl`,
    needsOpenssl,
    () => {
      const ca = makeOpensslCa(key)
      after(() => ca.remove())
      const serials = ['1', '4095', '0x00ff', '0x80', '-129', `0x7f${'00'.repeat(18)}01`]
      for (const serial of serials) {
        const certificate = ca.issue('leaf', { serial })
        for (const algorithm of hashAlgorithms) {
          const request = ['ocsp', `-${algorithm.toLowerCase()}`, '-issuer', 'root.pem', '-cert', 'leaf.pem']
          const expected = oracle(ca.run(...request, '-req_text', '-no_nonce').toString())
          const data = certificateHashData(certificate, ca.root, algorithm)
          assert.deepEqual(
            [data.issuerNameHash, data.issuerKeyHash, data.serialNumber],
            [
              expected[0]?.toLowerCase(),
              expected[1]?.toLowerCase(),
              expected[2]?.toLowerCase().replace(/^(-?)0+/, '$1'),
            ],
            `${serial} ${algorithm}`,
          )
        }
      }
    },
  )
}

test('[M03.FR.01] a self-signed root is its own issuer', needsOpenssl, () => {
  const ca = makeOpensslCa('ec')
  after(() => ca.remove())
  const request = ['ocsp', '-sha256', '-issuer', 'root.pem', '-cert', 'root.pem', '-req_text', '-no_nonce']
  const [name, key, serial] = oracle(ca.run(...request).toString())
  assert.equal(
    hashDataKey(certificateHashData(ca.root, ca.root)),
    `sha256 ${name} ${key} ${serial?.replace(/^0+/, '')}`.toLowerCase(),
  )
})

test('[facts 1.3] the serial number 4095 is fff, and no certificate is named by a stranger', async () => {
  const root = await makeAuthority()
  const leaf = await root.chargePoint({ serial: '0fff' })
  assert.equal(certificateHashData(leaf.x509, root.x509).serialNumber, 'fff')
  const stranger = await makeAuthority({ name: 'Another root' })
  assert.throws(
    () => certificateHashData(leaf.x509, stranger.x509),
    (error: unknown) => error instanceof ProxyError && error.code === 'not_the_issuer',
  )
})

test('[facts 1.3] a serial number of 20 bytes is carried, one of 21 is not', async () => {
  const root = await makeAuthority()
  const longest = await root.chargePoint({ serial: `7f${'ab'.repeat(19)}` })
  assert.equal(certificateHashData(longest.x509, root.x509).serialNumber.length, 40)
  const tooLong = await root.chargePoint({ serial: `7f${'ab'.repeat(20)}` })
  assert.throws(
    () => certificateHashData(tooLong.x509, root.x509),
    (error: unknown) => error instanceof ProxyError && error.code === 'serial_number_too_long',
  )
})

const hex = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: min, maxLength: max })

test('[M04.FR.07] [facts 1.3] case and leading zeroes make no difference, anything else does', () => {
  const data = fc.record({
    hashAlgorithm: fc.constantFrom(...hashAlgorithms),
    issuerNameHash: hex(64, 128),
    issuerKeyHash: hex(64, 128),
    serialNumber: hex(1, 30),
  })
  fc.assert(
    fc.property(data, fc.nat({ max: 9 }), (one, zeroes) => {
      const loose = {
        ...one,
        issuerNameHash: one.issuerNameHash.toUpperCase(),
        serialNumber: '0'.repeat(zeroes) + one.serialNumber.toUpperCase(),
      }
      assert.ok(sameHashData(one, loose))
      assert.deepEqual(readHashData(loose), loose)
      assert.ok(!sameHashData(one, { ...loose, serialNumber: `${loose.serialNumber}1` }))
      assert.ok(!sameHashData(one, { ...loose, issuerKeyHash: `${one.issuerKeyHash}0` }))
    }),
  )
})

test('[M03.FR.01] whatever a charge point reports is read or refused, never thrown at', () => {
  const good = { hashAlgorithm: 'SHA384', issuerNameHash: 'AB', issuerKeyHash: 'cd', serialNumber: '0FFF' }
  assert.deepEqual(readHashData(good), good)
  const bad = [
    { ...good, hashAlgorithm: 'SHA1' },
    { ...good, issuerNameHash: '' },
    { ...good, issuerKeyHash: 'xyz' },
    { ...good, serialNumber: '0x12' },
    { ...good, serialNumber: 'f'.repeat(41) },
    { ...good, issuerNameHash: 'f'.repeat(129) },
    [good],
    null,
    'SHA256',
  ]
  for (const value of bad) assert.equal(readHashData(value), null, JSON.stringify(value))
  fc.assert(fc.property(fc.anything(), (value) => void readHashData(value)))
})
