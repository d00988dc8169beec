import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkCommonName,
  checkCommonNameForm,
  checkKeyOwner,
  checkKeys,
  checkKeyUsage,
  checkOpenssl,
  checkOrganization,
  checkPath,
  checkSerialNumber,
  checkSignatures,
  checkValidity,
  opensslReasons,
} from '../../src/policy/certificate.ts'
import type { CertificateFacts, ChainFacts, KeyFacts } from '../../src/policy/facts.ts'
import { reasonCodes } from '../../src/policy/reasons.ts'
import type { Verdict } from '../../src/policy/verdict.ts'

const honest: CertificateFacts = {
  commonNames: ['SN-0001'],
  organizationNames: ['Example CPO'],
  subject: 'O=Example CPO, CN=SN-0001',
  issuer: 'CN=root',
  serialNumber: '1F',
  notBefore: 1_000_000,
  notAfter: 2_000_000,
  key: { type: 'ec', curve: 'P-256', bits: 256 },
  signatureHash: 'sha256',
  signatureKind: 'ecdsa',
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: null,
  isCa: false,
  pathLength: null,
  selfIssued: false,
  unknownCriticalExtension: null,
  fingerprint: 'aa',
  keyFingerprint: 'bb',
}
const authority: CertificateFacts = {
  ...honest,
  commonNames: ['root'],
  subject: 'CN=root',
  isCa: true,
  selfIssued: true,
  keyUsage: ['keyCertSign'],
}

function leafOf(changes: Partial<CertificateFacts>): CertificateFacts {
  return { ...honest, ...changes }
}

function chainOf(changes: Partial<ChainFacts> = {}): ChainFacts {
  return {
    leaf: honest,
    issuers: [authority],
    anchor: 'cpo',
    pathProblem: null,
    opensslError: null,
    ...changes,
  }
}

/** The reason of a refusal, or ok. */
function outcome(verdict: Verdict): string {
  return verdict.ok ? 'ok' : verdict.reason
}

test('[A00.FR.403] [A00.FR.407] no path is refused with the problem that was found', () => {
  assert.equal(outcome(checkPath(chainOf())), 'ok')
  assert.equal(outcome(checkPath(chainOf({ anchor: 'factory' }))), 'ok')
  const verdict = checkPath(chainOf({ anchor: null, pathProblem: 'issuer CN=X is missing' }))
  assert.deepEqual(verdict, { ok: false, reason: 'client_cert_untrusted', detail: 'issuer CN=X is missing' })
})

test('[A00.FR.403] every certificate of the path is within its dates', () => {
  const cases = [
    [1_500_000, honest, authority, 'ok'],
    [1_000_000, honest, authority, 'ok'],
    [999_999, honest, authority, 'client_cert_not_yet_valid'],
    [1_999_999, honest, authority, 'ok'],
    [2_000_000, honest, authority, 'client_cert_expired'],
    [1_500_000, honest, { ...authority, notAfter: 1_400_000 }, 'client_cert_expired'],
    [1_500_000, honest, { ...authority, notBefore: 1_600_000 }, 'client_cert_not_yet_valid'],
  ] as const
  for (const [now, leaf, issuer, expected] of cases) {
    assert.equal(outcome(checkValidity(chainOf({ leaf, issuers: [issuer] }), now)), expected, `${now}`)
  }
  const late = checkValidity(chainOf(), 3_000_000)
  assert.ok(!late.ok && late.detail.includes('1970-01-01T00:33:20.000Z'))
})

test('[A00.FR.501] [A00.FR.502] [A00.FR.503] weak keys are refused wherever they are in the path', () => {
  const cases: readonly (readonly [KeyFacts, string])[] = [
    [{ type: 'rsa', bits: 2048 }, 'ok'],
    [{ type: 'rsa', bits: 2047 }, 'client_cert_weak_key'],
    [{ type: 'rsa', bits: 1024 }, 'client_cert_weak_key'],
    [{ type: 'rsa-pss', bits: 3072 }, 'ok'],
    [{ type: 'dsa', bits: 1024 }, 'client_cert_weak_key'],
    [{ type: 'ec', curve: 'P-224', bits: 224 }, 'ok'],
    [{ type: 'ec', curve: 'P-192', bits: 192 }, 'client_cert_weak_key'],
    [{ type: 'ec', curve: '1.2.3', bits: 256 }, 'client_cert_weak_key'],
    [{ type: 'ed25519', bits: 256 }, 'ok'],
    [{ type: 'unknown', bits: 0 }, 'client_cert_weak_key'],
  ]
  for (const [key, expected] of cases) {
    assert.equal(outcome(checkKeys(chainOf({ leaf: leafOf({ key }) }))), expected, JSON.stringify(key))
    assert.equal(
      outcome(checkKeys(chainOf({ issuers: [{ ...authority, key }] }))),
      expected,
      JSON.stringify(key),
    )
  }
})

test('[A00.FR.504] [A00.FR.506] signatures below SHA-256 are refused, but for that of the trusted root', () => {
  const sha1 = { signatureHash: 'sha1' }
  assert.equal(outcome(checkSignatures(chainOf())), 'ok')
  assert.equal(outcome(checkSignatures(chainOf({ leaf: leafOf(sha1) }))), 'client_cert_weak_signature')
  assert.equal(outcome(checkSignatures(chainOf({ issuers: [{ ...authority, ...sha1 }] }))), 'ok')
  const intermediate = { ...authority, ...sha1 }
  assert.equal(
    outcome(checkSignatures(chainOf({ issuers: [intermediate, authority] }))),
    'client_cert_weak_signature',
  )
  const unanchored = chainOf({ issuers: [intermediate], anchor: null, pathProblem: 'x' })
  assert.equal(outcome(checkSignatures(unanchored)), 'client_cert_weak_signature')
  for (const signatureHash of ['md5', 'sha224', 'unknown', 'none', '']) {
    assert.equal(
      outcome(checkSignatures(chainOf({ leaf: leafOf({ signatureHash }) }))),
      'client_cert_weak_signature',
    )
  }
  const eddsa = leafOf({ signatureHash: 'none', signatureKind: 'ed25519' })
  assert.equal(outcome(checkSignatures(chainOf({ leaf: eddsa }))), 'ok')
})

test('[A00.FR.508] a certificate needs a serial number', () => {
  assert.equal(outcome(checkSerialNumber(honest)), 'ok')
  assert.equal(outcome(checkSerialNumber(leafOf({ serialNumber: '' }))), 'client_cert_no_serial')
})

test('[A00.FR.512] key usage, where present, allows TLS client authentication', () => {
  const cases: readonly (readonly [Partial<CertificateFacts>, string])[] = [
    [{ keyUsage: null }, 'ok'],
    [{ keyUsage: [] }, 'client_cert_key_usage'],
    [{ keyUsage: ['keyEncipherment'] }, 'client_cert_key_usage'],
    [{ keyUsage: ['digitalSignature', 'keyEncipherment'] }, 'ok'],
    [{ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }, 'ok'],
    [{ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] }, 'ok'],
    [{ extendedKeyUsage: ['2.5.29.37.0'] }, 'ok'],
    [{ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }, 'client_cert_key_usage'],
    [{ extendedKeyUsage: [] }, 'client_cert_key_usage'],
    [{ isCa: true, keyUsage: ['digitalSignature', 'keyCertSign'] }, 'client_cert_key_usage'],
  ]
  for (const [changes, expected] of cases) {
    assert.equal(outcome(checkKeyUsage(leafOf(changes))), expected, JSON.stringify(changes))
  }
})

test('[A00.FR.404] [A00.FR.509] the organization is exactly one of the CPO names', () => {
  const cpoNames = ['Example CPO', 'Daughter GmbH']
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['Example CPO'], 'ok'],
    [['Daughter GmbH'], 'ok'],
    [['Example CPO Two'], 'client_cert_organization'],
    [['Example'], 'client_cert_organization'],
    [['example cpo'], 'client_cert_organization'],
    [['Example CPO\0'], 'client_cert_organization'],
    [[''], 'client_cert_organization'],
    [[], 'client_cert_organization'],
    [['Evil', 'Example CPO'], 'client_cert_organization'],
    [['Example CPO', 'Evil'], 'client_cert_organization'],
  ]
  for (const [organizationNames, expected] of cases) {
    assert.equal(
      outcome(checkOrganization(leafOf({ organizationNames }), cpoNames)),
      expected,
      organizationNames.join(),
    )
  }
  assert.equal(outcome(checkOrganization(honest, [])), 'client_cert_organization')
})

test('[A00.FR.405] the common name is the registered serial number, no more and no less', () => {
  const cases: readonly (readonly [readonly string[], string | null, string])[] = [
    [['SN-0001'], 'SN-0001', 'ok'],
    [['SN-00010'], 'SN-0001', 'client_cert_common_name'],
    [['SN-000'], 'SN-0001', 'client_cert_common_name'],
    [['sn-0001'], 'SN-0001', 'client_cert_common_name'],
    [['SN-0001', 'SN-0002'], 'SN-0001', 'client_cert_common_name'],
    [[], 'SN-0001', 'client_cert_common_name'],
    [[], '', 'client_cert_common_name'],
    [['SN-0001'], null, 'client_cert_common_name'],
  ]
  for (const [commonNames, serialNumber, expected] of cases) {
    assert.equal(outcome(checkCommonName(leafOf({ commonNames }), serialNumber)), expected, `${commonNames}`)
  }
})

test('[A00.FR.511] [A00.FR.405] serial numbers pass, addresses and tricks do not', () => {
  const fine = [
    'SN-0001',
    'S/N0123456789',
    'SN.123',
    'AC.22.V2',
    'AB:12',
    '4711',
    'x',
    'Säule 7',
    'a'.repeat(64),
  ]
  fine.push(
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    'DE*ABC*E1',
    'cafe',
    'ab:cd:ef:01:02:03',
    'http',
    'SN 1.x y',
    'SN:12/3.b2',
    'A/b.com',
  )
  for (const name of fine)
    assert.equal(outcome(checkCommonNameForm(leafOf({ commonNames: [name] }))), 'ok', name)
  const wrong = ['', ' SN', 'SN ', 'a'.repeat(65), 'SN\u00001', 'SN\n1', '\u202eSN', 'bad\ufffd', '\ud800']
  wrong.push(
    'https://example.com',
    'WSS://x',
    'ocpp+x://h',
    '10.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '2001:db8::1',
  )
  wrong.push('[::1]', 'fe80::1%eth0', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1', '1:2:3:4:5:6:1.2.3.4')
  wrong.push('10.0.0.1:8443', '10.0.0.1/24', '[::1]:8443', 'cp.example.com:443', 'cp.example.com/ocpp/CP1')
  wrong.push('cp.example.com', 'cp.example.com.', '*.example.com', 'CP1.LOCAL', 'x.xn--p1ai', 'a_b.example')
  for (const name of wrong) {
    const verdict = checkCommonNameForm(leafOf({ commonNames: [name] }))
    assert.equal(outcome(verdict), 'client_cert_common_name_form', JSON.stringify(name))
    assert.ok(!verdict.ok && !/\p{C}/u.test(verdict.detail), 'the detail is safe to print')
  }
  assert.equal(outcome(checkCommonNameForm(leafOf({ commonNames: [] }))), 'client_cert_common_name_form')
  assert.equal(
    outcome(checkCommonNameForm(leafOf({ commonNames: ['a', 'a'] }))),
    'client_cert_common_name_form',
  )
})

test('[A00.FR.427] a key serves one identity', () => {
  assert.equal(outcome(checkKeyOwner(null, 'CP-1')), 'ok')
  assert.equal(outcome(checkKeyOwner('CP-1', 'CP-1')), 'ok')
  assert.equal(outcome(checkKeyOwner('CP-2', 'CP-1')), 'client_cert_shared')
  assert.equal(outcome(checkKeyOwner('cp-1', 'CP-1')), 'client_cert_shared')
})

test('[A00.FR.403] a refusal of OpenSSL stands unless a reason that is not enforced explains it', () => {
  const refusing = (code: string) => chainOf({ opensslError: code })
  assert.equal(outcome(checkOpenssl(chainOf(), [])), 'ok')
  const cases = [
    ['CERT_HAS_EXPIRED', ['client_cert_expired'], 'ok'],
    ['CERT_HAS_EXPIRED', [], 'client_cert_untrusted'],
    ['CERT_HAS_EXPIRED', ['client_cert_untrusted'], 'client_cert_untrusted'],
    ['CERT_NOT_YET_VALID', ['client_cert_not_yet_valid'], 'ok'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['client_cert_untrusted'], 'ok'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['client_cert_expired'], 'client_cert_untrusted'],
    ['INVALID_PURPOSE', ['client_cert_key_usage'], 'ok'],
    ['UNSPECIFIED', ['client_cert_weak_key'], 'ok'],
    ['UNSPECIFIED', ['client_cert_weak_signature'], 'ok'],
    ['UNSPECIFIED', ['client_cert_common_name'], 'client_cert_untrusted'],
    ['SOMETHING_NEW', [...reasonCodes], 'client_cert_untrusted'],
    ['constructor', [...reasonCodes], 'client_cert_untrusted'],
  ] as const
  for (const [code, explained, expected] of cases) {
    assert.equal(outcome(checkOpenssl(refusing(code), explained)), expected, `${code} ${explained}`)
  }
  const verdict = checkOpenssl(refusing('SOMETHING_NEW'), [])
  assert.ok(!verdict.ok && verdict.detail.includes('SOMETHING_NEW'))
  assert.deepEqual(opensslReasons('CERT_REVOKED'), ['client_cert_revoked'])
})
