import assert from 'node:assert/strict'
import {
  constants,
  createPublicKey,
  randomBytes,
  type SignKeyObjectInput,
  sign,
  type X509Certificate,
} from 'node:crypto'
import { test } from 'node:test'
import {
  createImageCheck,
  readSignature,
  signatureAlgorithmProblem,
} from '../../src/pki/firmware-signature.ts'
import { type Issued, makeAuthority } from '../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'

const folder = opensslFolder()
const root = await makeAuthority({ name: 'Maker root' })
const rsa = await root.chargePoint({ key: 'rsa' })
const ec = await root.chargePoint({})
const ec384 = await root.chargePoint({ key: { type: 'ec', curve: 'P-384' } })
const image = randomBytes(50_000)

const isSigned = ({ x509 }: Issued, signature: Buffer, bytes = image): boolean => {
  const check = createImageCheck(x509, signature)
  // In pieces, as it comes from a socket.
  for (let at = 0; at < bytes.length; at += 16_384) check.update(bytes.subarray(at, at + 16_384))
  const { size, isSigned } = check.end()
  assert.equal(size, bytes.length)
  return isSigned
}
const signed = (by: Issued, hash: string, more: Partial<SignKeyObjectInput> = {}) =>
  sign(hash, image, { key: by.credentials.privateKey, ...more })
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING }

const good: readonly (readonly [string, Issued, Buffer])[] = [
  ['RSA-PSS, salt of 32 bytes', rsa, signed(rsa, 'sha256', { ...pss, saltLength: 32 })],
  ['RSA-PSS, the longest salt', rsa, signed(rsa, 'sha256', { ...pss, saltLength: 222 })],
  ['RSA-PSS without salt', rsa, signed(rsa, 'sha256', { ...pss, saltLength: 0 })],
  ['ECDSA as DER', ec, signed(ec, 'sha256')],
  ['ECDSA as two numbers', ec, signed(ec, 'sha256', { dsaEncoding: 'ieee-p1363' })],
  ['ECDSA on P-384', ec384, signed(ec384, 'sha256')],
  ['ECDSA on P-384 as two numbers', ec384, signed(ec384, 'sha256', { dsaEncoding: 'ieee-p1363' })],
]
for (const [name, by, signature] of good) {
  test(`[L01.FR.04] taken: ${name}`, () => assert.equal(isSigned(by, signature), true))
  test(`[L01.FR.04] refused: ${name}, over another image, cut, and with a bit turned`, () => {
    const other = Buffer.from(image)
    other[25_000] = (other[25_000] ?? 0) ^ 1
    assert.equal(isSigned(by, signature, other), false)
    assert.equal(isSigned(by, signature, image.subarray(1)), false)
    assert.equal(isSigned(by, signature.subarray(0, -1)), false)
    const turned = Buffer.from(signature)
    turned[turned.length - 1] = (turned[turned.length - 1] ?? 0) ^ 1
    assert.equal(isSigned(by, turned), false)
  })
}

const bad: readonly (readonly [string, Issued, Buffer])[] = [
  ['PKCS#1 v1.5', rsa, signed(rsa, 'sha256')],
  ['RSA-PSS with SHA-512', rsa, signed(rsa, 'sha512', pss)],
  ['RSA-PSS with SHA-1', rsa, signed(rsa, 'sha1', pss)],
  ['ECDSA with SHA-1', ec, signed(ec, 'sha1')],
  ['ECDSA with SHA-384', ec384, signed(ec384, 'sha384')],
  ['another key', ec, signed(ec384, 'sha256')],
  ['the other kind of key', rsa, signed(ec, 'sha256')],
  ['nothing', ec, Buffer.alloc(0)],
  ['zeros', ec, Buffer.alloc(64)],
  ['a mebibyte', ec, Buffer.alloc(1_048_576, 0x30)],
]
for (const [name, by, signature] of bad)
  test(`[L01.FR.04] refused: ${name}`, () => assert.equal(isSigned(by, signature), false))

test('[L01.FR.04] two numbers that begin like DER are read as what they are', () => {
  // 0x30 and the length that DER would have there: one signature of 65,536 looks like that.
  const spki =
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQxHPip+cEoht2eC0Vp70aZidI3oozLlZjkiYFq1XJ9fAN3ZOCuJaZfjwRJutMc9BF984n9hL/7lkEi/eYeDc0w=='
  const signature = 'MD7mVadsK+r8JaMxyiAgdohEImSyeAFvh8YVBbbkUKRKXw94qd1NN78+DPs2oDnxOb5uGs9S1+8quwS17snvQg=='
  const bytes = Buffer.from(signature, 'base64')
  assert.deepEqual([...bytes.subarray(0, 2)], [0x30, bytes.length - 2])
  const publicKey = createPublicKey({ key: Buffer.from(spki, 'base64'), type: 'spki', format: 'der' })
  const check = createImageCheck({ publicKey } as X509Certificate, bytes)
  check.update(Buffer.from('image'))
  assert.equal(check.end().isSigned, true)
})

test('[L01.FR.04] a key that makes none of these signatures is named', async () => {
  const ed = await root.chargePoint({ key: { type: 'ed25519' } })
  assert.equal(signatureAlgorithmProblem(ed.x509)?.code, 'signature_algorithm')
  assert.equal(isSigned(ed, sign(null, image, ed.credentials.privateKey)), false)
  for (const { x509 } of [rsa, ec, ec384]) assert.equal(signatureAlgorithmProblem(x509), null)
})

test('base64 is read as people write it, and nothing else is', () => {
  const bytes = randomBytes(71)
  const text = bytes.toString('base64')
  for (const form of [text, `${text}\n`, text.replace(/.{64}/g, '$&\r\n'), text.replace(/=+$/, '')])
    assert.deepEqual(readSignature(form), bytes)
  for (const form of ['', ' \n', 'ab-_', '====', 'a', `${text}!`, `=${text}`, bytes.toString('latin1')])
    assert.equal(readSignature(form), null, JSON.stringify(form))
})

test('[L01.FR.04] signatures of the openssl tool are taken', needsOpenssl, () => {
  folder.write('image.bin', image)
  for (const [name, by, options] of [
    ['rsa', rsa, ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']],
    ['ec', ec, []],
  ] as const) {
    folder.write(`${name}.key`, by.key)
    folder.run('dgst', '-sha256', ...options, '-sign', `${name}.key`, '-out', `${name}.sig`, 'image.bin')
    assert.equal(isSigned(by, folder.read(`${name}.sig`)), true)
  }
})
