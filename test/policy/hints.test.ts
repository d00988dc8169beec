import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type HintSource, hintFor } from '../../src/policy/hints.ts'
import { reasonCodes, reasons } from '../../src/policy/reasons.ts'

const source = (
  reason: string,
  facts: Record<string, unknown> = {},
  more: Partial<HintSource> = {},
): HintSource => ({
  reason,
  listener: 'basic-auth-tls',
  profile: 2,
  identity: 'CP1',
  facts,
  ...more,
})

const tls10 = {
  helloNames: {
    version: 'TLS 1.0',
    cipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'],
    groups: [],
    signatureAlgorithms: null,
  },
}

test('[A00.FR.314] a charge point with TLS 1.0 only: what it offered, what the listener has, what to do', () => {
  const off = hintFor(source('tls_version', { ...tls10, listener: { legacy: false } }))
  assert.match(off, /offered TLS 1.0 at most with TLS_RSA_WITH_AES_128_CBC_SHA only/)
  assert.match(off, /listener basic-auth-tls has legacy: false/)
  assert.match(off, /tls.legacy: true .*charge-points set CP1 --legacy-tls/)
  const unmarked = hintFor(
    source('tls_version', { ...tls10, listener: { legacy: true }, chargePoint: { legacyTls: false } }),
  )
  assert.match(unmarked, /not marked for it: `charge-points set CP1 --legacy-tls`/)
  assert.doesNotMatch(unmarked, /set tls.legacy/)
})

test('[A00.FR.323] hints name what was seen of this connection', () => {
  const certificate = {
    subject: 'CN=S2,O=Other',
    issuer: 'CN=Root',
    notAfter: 0,
    notBefore: 0,
    key: { type: 'rsa', bits: 1024 },
  }
  const chargePoint = { serialNumber: 'S1', legacyTls: false, securityProfile: 2, upgradeTo: null }
  const facts = {
    ...tls10,
    certificate,
    chargePoint,
    listener: { legacy: false, path: '/ocpp', protocols: ['ocpp1.6'] },
  }
  const cases: [string, RegExp][] = [
    ['tls_cipher', /TLS_RSA_WITH_AES_128_CBC_SHA only/],
    ['tls_signature_algorithm', /sent no signature_algorithms/],
    ['client_cert_untrusted', /issued by CN=Root/],
    ['client_cert_expired', /until 1970-01-01T/],
    ['client_cert_not_yet_valid', /from 1970-01-01T/],
    ['client_cert_weak_key', /RSA 1024 bits/],
    ['client_cert_organization', /CN=S2,O=Other/],
    ['client_cert_common_name', /CN=S2.*registered for this identity is S1/],
    ['path_unknown', /end in \/ocpp\/<identity>/],
    ['subprotocol', /serves ocpp1\.6/],
    ['charge_point_unknown', /charge-points add CP1/],
    ['charge_point_blocked', /charge-points unblock CP1/],
  ]
  for (const [reason, pattern] of cases) assert.match(hintFor(source(reason, facts)), pattern)
})

test('[A05.FR.09] a profile mismatch tells upgrades from downgrades', () => {
  const facts = { chargePoint: { securityProfile: 2 } }
  assert.match(
    hintFor(source('profile_mismatch', facts, { profile: 3 })),
    /kept on profile 2.*--upgrade-to 3/,
  )
  const lower = hintFor(source('profile_mismatch', facts, { profile: 1 }))
  assert.match(lower, /never accepted again/)
  assert.doesNotMatch(lower, /upgrade-to/)
})

test('[CWE-306] on profile 0 the hint is the mark, unless the charge point knows a higher one', () => {
  const hint = (chargePoint: object) => hintFor(source('profile_mismatch', { chargePoint }, { profile: 0 }))
  assert.match(hint({ securityProfile: null, migrating: false }), /charge-points set \S+ --migrating/)
  assert.match(hint({ securityProfile: 0, migrating: false }), /--migrating/)
  assert.match(hint({ securityProfile: 2, migrating: false }), /never accepted again/)
})

test('an identity in a command is one word of a shell', () => {
  const hint = hintFor(source('charge_point_blocked', {}, { identity: "a b'; rm -rf x" }))
  assert.ok(hint.includes("unblock 'a b'\\''; rm -rf x'"), hint)
})

test('without facts the hint is that of the table, or a command; never empty, never an exception', () => {
  for (const reason of reasonCodes) assert.notEqual(hintFor(source(reason)), '')
  assert.equal(hintFor(source('tls_version')), reasons.tls_version.hint)
  assert.match(hintFor(source('of_a_newer_version')), /does not know/)
  const facts = fc.record({
    helloNames: fc.anything(),
    certificate: fc.anything(),
    listener: fc.anything(),
    chargePoint: fc.anything(),
  })
  fc.assert(
    fc.property(fc.constantFrom(...reasonCodes), facts, (reason, anything) => {
      assert.equal(typeof hintFor(source(reason, anything)), 'string')
    }),
  )
})

test('[A00.FR.406] a factory certificate: what it is good for, and the command that lets it in', () => {
  const certificate = { subject: 'CN=SN-1, O=Maker' }
  const factory = hintFor(source('client_cert_organization', { certificate, anchor: 'factory' }))
  assert.match(factory, /CN=SN-1, O=Maker.*onboarding only.*`charge-points set CP1 --onboarding certificate`/)
  const own = hintFor(source('client_cert_organization', { certificate, anchor: 'cpo' }))
  assert.match(own, /its O must be one of cpo.names/)
})
