import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { revocationSources } from '../../../src/pki/revocation/sources.ts'
import { makeAuthority } from '../../support/authority.ts'
import { makeOpensslCa, needsOpenssl } from '../../support/openssl-ca.ts'

test('[facts 7.1] the addresses that openssl writes into a certificate are read', needsOpenssl, () => {
  const ca = makeOpensslCa()
  after(() => ca.remove())
  const certificate = ca.issue('leaf', {
    extensions: [
      'authorityInfoAccess = OCSP;URI:http://ocsp.example.com/a,caIssuers;URI:http://ca.example.com,OCSP;URI:ldap://x',
      'crlDistributionPoints = URI:http://crl.example.com/1,URI:ldap://crl.example.com,some,other',
      '[some]',
      'fullname = URI:http://crl.example.com/some',
      'reasons = keyCompromise',
      '[other]',
      'fullname = URI:https://crl.example.com/2',
    ].join('\n'),
  })
  assert.deepEqual(revocationSources(certificate), {
    ocsp: ['http://ocsp.example.com/a'],
    crl: ['http://crl.example.com/1', 'https://crl.example.com/2'],
  })
  assert.deepEqual(revocationSources(ca.root), { ocsp: [], crl: [] })
})

test('[CWE-754] extensions that cannot be read name no address, and nothing throws', async () => {
  const root = await makeAuthority()
  const values = fc.sample(fc.uint8Array({ maxLength: 40 }), 20)
  for (const bytes of values) {
    const value = Buffer.from(bytes)
    const extensions = ['1.3.6.1.5.5.7.1.1', '2.5.29.31'].map((oid) => ({ oid, critical: false, value }))
    const leaf = await root.chargePoint({ overrides: { extensions } })
    assert.deepEqual(revocationSources(leaf.x509), { ocsp: [], crl: [] })
  }
})
