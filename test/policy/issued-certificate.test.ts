import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CertificateFacts, ChainFacts } from '../../src/policy/facts.ts'
import {
  checkIssued,
  type IssuedProblemCode,
  type IssueExpectation,
} from '../../src/policy/issued-certificate.ts'

const now = Date.UTC(2026, 5, 1)
const day = 24 * 60 * 60 * 1000

const leaf: CertificateFacts = {
  commonNames: ['SN-0001'],
  organizationNames: ['Example CPO'],
  subject: 'O=Example CPO, CN=SN-0001',
  issuer: 'CN=root',
  serialNumber: '1F',
  notBefore: now - 60_000,
  notAfter: now + 365 * day,
  key: { type: 'ec', curve: 'P-256', bits: 256 },
  signatureHash: 'sha256',
  signatureKind: 'ecdsa',
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
  isCa: false,
  pathLength: null,
  selfIssued: false,
  unknownCriticalExtension: null,
  fingerprint: 'f1',
  keyFingerprint: 'k1',
}
const root: CertificateFacts = {
  ...leaf,
  commonNames: ['root'],
  subject: 'CN=root',
  notAfter: now + 3650 * day,
  isCa: true,
  keyUsage: ['keyCertSign'],
  selfIssued: true,
  fingerprint: 'f0',
  keyFingerprint: 'k0',
}
const expected: IssueExpectation = {
  keyFingerprint: 'k1',
  cpoNames: ['Example CPO'],
  serialNumber: 'SN-0001',
  now,
  minimumLifetimeMs: 31 * day,
}

interface Row {
  readonly ids: string
  readonly what: string
  readonly leaf?: Partial<CertificateFacts>
  readonly chain?: Partial<ChainFacts>
  readonly codes: readonly IssuedProblemCode[]
}

const rows: readonly Row[] = [
  { ids: 'A02.FR.06', what: 'an honest one', codes: [] },
  {
    ids: 'A02.FR.06',
    what: 'one for another key',
    leaf: { keyFingerprint: 'k2' },
    codes: ['issued_key_mismatch'],
  },
  {
    ids: 'A00.FR.404',
    what: 'another O',
    leaf: { organizationNames: ['Example CPO Two'] },
    codes: ['client_cert_organization'],
  },
  {
    ids: 'A00.FR.405',
    what: 'another CN',
    leaf: { commonNames: ['SN-0002'] },
    codes: ['client_cert_common_name'],
  },
  {
    ids: 'A00.FR.403',
    what: 'no path to the roots',
    chain: { anchor: null, issuers: [], pathProblem: 'no trusted root' },
    codes: ['client_cert_untrusted'],
  },
  { ids: 'A00.FR.403', what: 'an expired one', leaf: { notAfter: now }, codes: ['client_cert_expired'] },
  {
    ids: 'A02.FR.06',
    what: 'one that begins tomorrow',
    leaf: { notBefore: now + day },
    codes: ['client_cert_not_yet_valid'],
  },
  {
    ids: 'A02.FR.06',
    what: 'one of a clock that is half a minute ahead',
    leaf: { notBefore: now + 30_000 },
    codes: [],
  },
  {
    ids: 'A03.FR.01',
    what: 'one that ends in a week',
    leaf: { notAfter: now + 7 * day },
    codes: ['issued_short_lived'],
  },
  {
    ids: 'A00.FR.502',
    what: 'RSA 1024',
    leaf: { key: { type: 'rsa', bits: 1024 } },
    codes: ['client_cert_weak_key'],
  },
  {
    ids: 'A00.FR.506',
    what: 'SHA-1',
    leaf: { signatureHash: 'sha1' },
    codes: ['client_cert_weak_signature'],
  },
  {
    ids: 'A00.FR.508',
    what: 'no serial number',
    leaf: { serialNumber: '' },
    codes: ['client_cert_no_serial'],
  },
  { ids: 'A00.FR.512', what: 'an authority', leaf: { isCa: true }, codes: ['client_cert_key_usage'] },
  {
    ids: 'A00.FR.512',
    what: 'one for servers',
    leaf: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] },
    codes: ['client_cert_key_usage'],
  },
]

for (const { ids, what, leaf: changes, chain, codes } of rows) {
  test(`[${ids}] issued: ${what}: ${codes.join(', ') || 'handed on'}`, () => {
    const facts: ChainFacts = {
      leaf: { ...leaf, ...changes },
      issuers: [root],
      anchor: 'cpo',
      pathProblem: null,
      opensslError: null,
      ...chain,
    }
    assert.deepEqual(
      checkIssued(facts, expected).map(({ code }) => code),
      codes,
    )
  })
}
