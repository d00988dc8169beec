import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyFacts } from '../../src/policy/facts.ts'
import {
  describeKey,
  isStrongEnough,
  isStrongSignature,
  keyStrengthBits,
} from '../../src/policy/key-strength.ts'

test('[A00.FR.501] [A00.FR.502] [A00.FR.503] the strength of a key is that of SP 800-57 part 1', () => {
  const cases: readonly (readonly [KeyFacts, number])[] = [
    [{ type: 'rsa', bits: 0 }, 0],
    [{ type: 'rsa', bits: 512 }, 0],
    [{ type: 'rsa', bits: 1024 }, 80],
    [{ type: 'rsa', bits: 2047 }, 80],
    [{ type: 'rsa', bits: 2048 }, 112],
    [{ type: 'rsa-pss', bits: 3072 }, 128],
    [{ type: 'rsa', bits: 4096 }, 128],
    [{ type: 'rsa', bits: 7680 }, 192],
    [{ type: 'rsa', bits: 15360 }, 256],
    [{ type: 'dsa', bits: 2048 }, 112],
    [{ type: 'ec', curve: 'P-224', bits: 224 }, 112],
    [{ type: 'ec', curve: 'prime256v1', bits: 256 }, 128],
    [{ type: 'ec', curve: 'P-384', bits: 384 }, 192],
    [{ type: 'ec', curve: 'P-521', bits: 521 }, 256],
    [{ type: 'ec', curve: 'P-192', bits: 192 }, 0],
    [{ type: 'ec', curve: 'sect571r1', bits: 571 }, 0],
    [{ type: 'ed25519', bits: 256 }, 128],
    [{ type: 'ed448', bits: 456 }, 224],
    [{ type: 'unknown', bits: 0 }, 0],
  ]
  for (const [key, strength] of cases) {
    assert.equal(keyStrengthBits(key), strength, describeKey(key))
    assert.equal(isStrongEnough(key), strength >= 112)
  }
})

test('[A00.FR.504] [A00.FR.506] a signature is strong from SHA-256 on', () => {
  const strong = (signatureKind: string, signatureHash: string) =>
    isStrongSignature({ signatureKind, signatureHash })
  for (const digest of ['sha256', 'sha384', 'sha512']) assert.equal(strong('ecdsa', digest), true)
  for (const digest of ['sha1', 'md5', 'md2', 'sha224', 'none', 'unknown', '']) {
    assert.equal(strong('rsa', digest), false, digest)
  }
  assert.equal(strong('ed25519', 'none'), true)
  assert.equal(strong('ed448', 'none'), true)
  assert.equal(strong('unknown', 'sha256'), false)
})

test('keys are named as an operator would', () => {
  const names = [
    describeKey({ type: 'rsa', bits: 2048 }),
    describeKey({ type: 'rsa-pss', bits: 3072 }),
    describeKey({ type: 'ec', curve: 'P-256', bits: 256 }),
    describeKey({ type: 'ed25519', bits: 256 }),
  ]
  assert.deepEqual(names, ['RSA 2048', 'RSA-PSS 3072', 'EC P-256', 'Ed25519'])
})
