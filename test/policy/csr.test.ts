import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CsrExpectation, type CsrFacts, type CsrProblemCode, checkCsr } from '../../src/policy/csr.ts'

const good: CsrFacts = {
  commonNames: ['SN-0001'],
  organizationNames: ['Example CPO'],
  subject: 'O=Example CPO, CN=SN-0001',
  key: { type: 'ec', curve: 'P-256', bits: 256 },
  keyFingerprint: 'ab',
  signatureKind: 'ecdsa',
  signatureHash: 'sha256',
  signature: 'verified',
  wantsCa: false,
  keyUsage: null,
  extendedKeyUsage: null,
  alternativeNames: [],
}
const expected: CsrExpectation = {
  identity: 'CP1',
  cpoNames: ['Old CPO', 'Example CPO'],
  serialNumber: 'SN-0001',
  keyOwner: null,
}

interface Row {
  readonly ids: string
  readonly what: string
  readonly facts?: Partial<CsrFacts>
  readonly expected?: Partial<CsrExpectation>
  readonly codes: readonly CsrProblemCode[]
}

const rsa = (bits: number): CsrFacts['key'] => ({ type: 'rsa', bits })

const rows: readonly Row[] = [
  { ids: 'A02.FR.11', what: 'an honest one on P-256', codes: [] },
  { ids: 'A00.FR.502', what: 'RSA 2048', facts: { key: rsa(2048) }, codes: [] },
  { ids: 'A00.FR.502', what: 'RSA 2047', facts: { key: rsa(2047) }, codes: ['csr_weak_key'] },
  {
    ids: 'A00.FR.503',
    what: 'P-192',
    facts: { key: { type: 'ec', curve: 'P-192', bits: 192 } },
    codes: ['csr_weak_key'],
  },
  {
    ids: 'A00.FR.501',
    what: 'an unknown key',
    facts: { key: { type: 'unknown', bits: 0 }, signature: 'invalid' },
    codes: ['csr_signature', 'csr_weak_key'],
  },
  { ids: 'A02.FR.12', what: 'no proof', facts: { signature: 'invalid' }, codes: ['csr_signature'] },
  {
    ids: 'A00.FR.504, A00.FR.506',
    what: 'SHA-1',
    facts: { signature: 'weak', signatureHash: 'sha1' },
    codes: ['csr_weak_signature'],
  },
  {
    ids: 'A00.FR.506',
    what: 'a weak signature, whatever its name says',
    facts: { signature: 'weak' },
    codes: ['csr_weak_signature'],
  },
  { ids: 'A00.FR.509', what: 'no O', facts: { organizationNames: [] }, codes: ['csr_organization'] },
  {
    ids: 'A00.FR.404',
    what: 'two O, both right',
    facts: { organizationNames: ['Example CPO', 'Old CPO'] },
    codes: ['csr_organization'],
  },
  {
    ids: 'A02.FR.13',
    what: 'an O that contains the name',
    facts: { organizationNames: ['Example CPO Two'] },
    codes: ['csr_organization'],
  },
  { ids: 'A00.FR.404', what: 'no CPO name set', expected: { cpoNames: [] }, codes: ['csr_organization'] },
  {
    ids: 'A00.FR.405',
    what: 'a CN that contains the serial number',
    facts: { commonNames: ['SN-00010'] },
    codes: ['csr_common_name'],
  },
  {
    ids: 'A00.FR.405',
    what: 'another case',
    facts: { commonNames: ['sn-0001'] },
    codes: ['csr_common_name'],
  },
  {
    ids: 'A00.FR.405',
    what: 'no serial number registered',
    expected: { serialNumber: null },
    codes: ['csr_common_name'],
  },
  {
    ids: 'A00.FR.405, A00.FR.511',
    what: 'no CN',
    facts: { commonNames: [] },
    codes: ['csr_common_name', 'csr_common_name_form'],
  },
  {
    ids: 'A00.FR.405',
    what: 'two CN, one right',
    facts: { commonNames: ['SN-0001', 'SN-0002'] },
    codes: ['csr_common_name', 'csr_common_name_form'],
  },
  {
    ids: 'A00.FR.511',
    what: 'a host name, even a registered one',
    facts: { commonNames: ['cp.example.com'] },
    expected: { serialNumber: 'cp.example.com' },
    codes: ['csr_common_name_form'],
  },
  { ids: 'A00.FR.427', what: 'its own key again', expected: { keyOwner: 'CP1' }, codes: [] },
  {
    ids: 'A00.FR.427',
    what: 'the key of another',
    expected: { keyOwner: 'CP2' },
    codes: ['csr_shared_key'],
  },
  { ids: 'A02.FR.12', what: 'CA:TRUE', facts: { wantsCa: true }, codes: ['csr_authority'] },
  {
    ids: 'A00.FR.512',
    what: 'keyCertSign',
    facts: { keyUsage: ['digitalSignature', 'keyCertSign'] },
    codes: ['csr_authority'],
  },
  { ids: 'A00.FR.512', what: 'cRLSign', facts: { keyUsage: ['cRLSign'] }, codes: ['csr_authority'] },
  {
    ids: 'A00.FR.512',
    what: 'other usages, which are not heeded',
    facts: {
      keyUsage: ['keyAgreement'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
      alternativeNames: ['DNS:x.y'],
    },
    codes: [],
  },
]

for (const { ids, what, facts, expected: known, codes } of rows) {
  test(`[${ids}] a request with ${what}: ${codes.join(', ') || 'may be signed'}`, () => {
    const problems = checkCsr({ ...good, ...facts }, { ...expected, ...known })
    assert.deepEqual(
      problems.map(({ code }) => code),
      codes,
    )
  })
}

test('[A02.FR.12] what a charge point wrote cannot move the cursor of whoever reads the problem', () => {
  const facts = { ...good, organizationNames: ['\u001b[2J\u202e'.padEnd(500, 'x')] }
  const [problem] = checkCsr(facts, expected)
  assert.match(problem?.detail ?? '', /^organizationName "/)
  assert.doesNotMatch(problem?.detail ?? '', /[\p{C}]/u)
  assert.ok((problem?.detail.length ?? 0) < 200)
})
