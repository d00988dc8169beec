import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../../src/ocpp/message.ts'
import { judgeAuthorize, readContract, withStatus } from '../../../src/usecases/plug-and-charge/authorize.ts'

const hash = '00'.repeat(32)
const entry = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: hash,
  issuerKeyHash: hash,
  serialNumber: '1',
  responderURL: 'http://ocsp.example.com/',
}

test('what Authorize says about certificates is read, or nobody says what it means', () => {
  assert.equal(readContract({}), null)
  assert.equal(readContract({ iso15118CertificateHashData: [] }), null)
  assert.equal(readContract({ certificate: null, iso15118CertificateHashData: null }), null)
  assert.deepEqual(readContract({ iso15118CertificateHashData: [entry] }), {
    certificate: null,
    hashes: [entry],
    contractId: null,
  })
  // The note has an object, OCPP 2.0.1 one with a type, and some write the text itself.
  for (const idToken of [{ idToken: 'ID' }, { idToken: 'ID', type: 'eMAID' }, 'ID'])
    assert.deepEqual(readContract({ idToken, certificate: 'PEM' }), {
      ...{ certificate: 'PEM', hashes: [], contractId: 'ID' },
    })
  for (const data of [
    { iso15118CertificateHashData: [entry, entry, entry, entry, entry] },
    { iso15118CertificateHashData: [entry, { ...entry, issuerKeyHash: 'xy' }] },
    { iso15118CertificateHashData: [entry, null] },
    { iso15118CertificateHashData: entry },
    { iso15118CertificateHashData: 'text' },
    { certificate: 7 },
    { certificate: 'A'.repeat(5501) },
    { certificate: ['-----BEGIN CERTIFICATE-----'], iso15118CertificateHashData: [entry] },
  ])
    assert.equal(readContract(data), 'malformed', JSON.stringify(data).slice(0, 80))
})

test('[C07.FR.16] what is malformed is refused, and nobody is asked', async () => {
  const check = { check: () => assert.fail('nobody may be asked') }
  const { answer, verdict } = await judgeAuthorize({ certificate: 7 }, check)
  assert.equal(verdict, null)
  assert.deepEqual(answer?.payload, {
    certificateStatus: 'CertChainError',
    idTokenInfo: { status: 'Invalid' },
  })
  assert.equal(answer?.result, 'malformed')
})

test('[C07.FR.02] a contract certificate with no contract id is that of nobody', async () => {
  const check = { check: () => assert.fail('nobody may be asked') }
  for (const idToken of [undefined, null, '', 7, ['ID'], { idToken: '' }, { idToken: ['ID'] }, {}]) {
    const { answer } = await judgeAuthorize({ certificate: 'PEM', idToken }, check)
    assert.deepEqual(answer?.payload, {
      certificateStatus: 'ContractCancelled',
      idTokenInfo: { status: 'Invalid' },
    })
    assert.equal(answer?.result, 'malformed')
  }
})

test('[C07.FR.15][C07.FR.16][C07.FR.17] the contract id shares the fate of its certificates', async () => {
  for (const [certificateStatus, status] of [
    ['CertificateExpired', 'Expired'],
    ['CertificateRevoked', 'Invalid'],
    ['CertChainError', 'Invalid'],
    ['ContractCancelled', 'Invalid'],
  ] as const) {
    const check = { check: async () => ({ status: certificateStatus, detail: 'why' }) }
    const { answer } = await judgeAuthorize({ certificate: 'PEM', idToken: 'ID' }, check)
    assert.deepEqual(answer?.payload, { certificateStatus, idTokenInfo: { status } })
  }
})

test('[C07.FR.13][C07.FR.14] the certificate of a contract that is not accepted is good for nothing', () => {
  const statusFor = (payload: Payload) => {
    const fate = withStatus({ kind: 'result', payload })
    assert.ok(fate.kind === 'replace' && fate.answer.kind === 'result')
    return fate.answer.payload.certificateStatus
  }
  for (const status of ['Blocked', 'Expired', 'Invalid', 'Unknown'])
    assert.equal(statusFor({ idTokenInfo: { status } }), 'ContractCancelled', status)
  for (const status of ['Accepted', 'ConcurrentTx', 'NoCredit', 'NotAtThisLocation', 'NotAtThisTime'])
    assert.equal(statusFor({ idTokenInfo: { status } }), 'Accepted', status)
})

test('the word of the central system about certificates stands', () => {
  const payload = { idTokenInfo: { status: 'Accepted' }, certificateStatus: 'ContractCancelled' }
  assert.deepEqual(withStatus({ kind: 'result', payload }), { kind: 'forward' })
  assert.deepEqual(withStatus(null), { kind: 'forward' })
  assert.deepEqual(withStatus({ kind: 'error', code: 'InternalError', description: '', details: {} }), {
    kind: 'forward',
  })
})
