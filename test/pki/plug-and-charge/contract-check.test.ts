import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { CertificateStatus, StatusOutcome } from '../../../src/pki/plug-and-charge/certificate-status.ts'
import { createContractCheck } from '../../../src/pki/plug-and-charge/contract-check.ts'
import type { OcspRequestData } from '../../../src/pki/plug-and-charge/ocsp-request-data.ts'
import { judgeContract } from '../../../src/policy/contract-certificate.ts'
import { type Authority, type Issued, makeAuthority } from '../../support/authority.ts'
import { foreignAuthority } from '../../support/foreign-authority.ts'
import { needsOpenssl } from '../../support/openssl-ca.ts'

const day = 86_400_000

/** Authority information access with one responder (RFC 5280 4.2.2.1). */
function responderAt(url: string) {
  const location = Buffer.concat([Buffer.from([0x86, url.length]), Buffer.from(url)])
  const method = Buffer.from('06082b06010505073001', 'hex')
  const description = Buffer.concat([Buffer.from([0x30, method.length + location.length]), method, location])
  const value = Buffer.concat([Buffer.from([0x30, description.length]), description])
  return { extensions: [{ oid: '1.3.6.1.5.5.7.1.1', critical: false, value }] }
}

async function settingOf(statusOf: (data: OcspRequestData) => StatusOutcome = () => ok('good')) {
  const root = await makeAuthority({ name: 'MO root' })
  const sub = await root.intermediate({ name: 'MO sub-CA', overrides: responderAt('http://ocsp.mo/root') })
  const contract = await contractOf(sub)
  const asked: OcspRequestData[] = []
  const status: CertificateStatus = {
    ask: async (data) => {
      asked.push(data)
      return statusOf(data)
    },
    close() {},
  }
  const check = (
    pem: string,
    options: {
      issuers?: readonly Authority[]
      unreachable?: 'refuse' | 'allow'
      now?: number
      contractId?: string | null
    } = {},
  ) => {
    const { issuers = [root, sub], unreachable = 'refuse', now = Date.now() } = options
    const { contractId = 'DE-ABC-C12345678-9' } = options
    const made = createContractCheck(
      { issuers: issuers.map(({ x509 }) => x509), unreachable },
      { status, now: () => now },
    )
    return made.check({ hashes: [], certificate: pem, contractId })
  }
  return { root, sub, contract, asked, check }
}

function contractOf(issuer: Authority, options: object = {}): Promise<Issued> {
  const overrides = responderAt('http://ocsp.mo/sub')
  return issuer.chargePoint({ cn: 'DEABCC123456789', o: 'MO', days: 100, overrides, ...options })
}

function ok(status: 'good' | 'revoked' | 'unknown'): StatusOutcome {
  return { ok: true, response: Buffer.alloc(0), status }
}

test('[C07.FR.05] every certificate below the last known authority is asked about', async () => {
  const { contract, asked, check, root, sub } = await settingOf()
  assert.deepEqual(await check(contract.chain), { status: 'Accepted', detail: null })
  const urls = () => asked.splice(0).map(({ responderURL }) => responderURL)
  assert.deepEqual(urls(), ['http://ocsp.mo/sub', 'http://ocsp.mo/root'])
  assert.equal((await check(contract.chain, { issuers: [sub] })).status, 'Accepted')
  assert.deepEqual(urls(), ['http://ocsp.mo/sub'])
  // Its path is right, and nobody could say whose OCSP answer counts.
  assert.equal((await check(contract.chain, { issuers: [root] })).status, 'CertChainError')
})

test('a chain that leads nowhere, has ended or is weak is refused, and nobody is asked', async () => {
  const { contract, asked, check, sub } = await settingOf()
  const stranger = await makeAuthority({ name: 'another root' })
  const expired = await contractOf(sub, { notBefore: Date.now() - 10 * day, notAfter: Date.now() - day })
  const future = await contractOf(sub, { notBefore: Date.now() + day })
  const weak = await contractOf(sub, { signatureHash: 'SHA-1' })
  for (const [pem, options, expected] of [
    [contract.chain, { issuers: [stranger] }, 'CertChainError'],
    [expired.chain, {}, 'CertificateExpired'],
    [contract.chain, { now: Date.now() + 200 * day }, 'CertificateExpired'],
    [future.chain, {}, 'CertChainError'],
    [sub.certificate, {}, 'CertChainError'],
    ['', {}, 'CertChainError'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', {}, 'CertChainError'],
    [weak.chain, {}, 'CertChainError'],
  ] as const)
    assert.equal((await check(pem, options)).status, expected)
  assert.deepEqual(asked, [])
})

test('[C07.FR.16] of several the worst is told', () => {
  const detail = 'why'
  const [good, revoked, untrusted, unreachable] = [
    { kind: 'good' },
    { kind: 'revoked', detail },
    { kind: 'untrusted', detail },
    { kind: 'unreachable', detail },
  ] as const
  const judged = (...findings: Parameters<typeof judgeContract>[0]) =>
    judgeContract(findings, 'refuse').status
  assert.equal(judged(good, unreachable, untrusted, revoked), 'CertificateRevoked')
  assert.equal(judged(unreachable, untrusted, good), 'CertChainError')
  assert.equal(judged(good, unreachable), 'CertChainError')
  assert.deepEqual(judgeContract([good, unreachable], 'allow'), { status: 'Accepted', detail })
  assert.equal(judgeContract([revoked, unreachable], 'allow').status, 'CertificateRevoked')
})

test('[C07.FR.13] the certificate of another contract is none for this one, and what weighs more is told', async () => {
  const { contract, check, sub } = await settingOf()
  const other = { contractId: 'DE-ABC-C12345678-8' }
  const detail = 'idToken is another contract than that of the certificate'
  assert.deepEqual(await check(contract.chain, other), { status: 'ContractCancelled', detail })
  assert.equal((await check(contract.chain, { contractId: null })).status, 'ContractCancelled')
  const silent = await sub.chargePoint({ cn: 'DEABCC123456789' })
  for (const unreachable of ['refuse', 'allow'] as const)
    assert.equal((await check(silent.chain, { ...other, unreachable })).status, 'ContractCancelled')
  const revoked = await settingOf(() => ok('revoked'))
  assert.equal((await revoked.check(revoked.contract.chain, other)).status, 'CertificateRevoked')
  const now = Date.now() + 200 * day
  assert.equal((await check(contract.chain, { ...other, now })).status, 'CertificateExpired')
})

test('[C07.FR.13] of a subject that could be read in two ways nobody chooses', async () => {
  const { check, sub } = await settingOf()
  const eMaid = 'DEABCC123456789'
  for (const [subject, expected] of [
    [[['CN', eMaid]], 'Accepted'],
    [[['O', eMaid]], 'ContractCancelled'],
    [[['CN', `${eMaid} `]], 'ContractCancelled'],
    [[['CN', ` ${eMaid}`]], 'ContractCancelled'],
    [[['CN', `${eMaid}\0X`]], 'ContractCancelled'],
    [[['CN', 'DE-ABC-C12345678-9'.padEnd(40, '-')]], 'ContractCancelled'],
  ] as const) {
    const { chain } = await contractOf(sub, { subject })
    assert.equal((await check(chain)).status, expected, JSON.stringify(subject))
  }
  // Whichever of two the vehicle shows.
  const { chain } = await contractOf(sub, { cn: [eMaid, 'DEABCC000000000'] })
  for (const contractId of [eMaid, 'DEABCC000000000'])
    assert.equal((await check(chain, { contractId })).status, 'ContractCancelled')
})

test('the commonName is read from every type of string', needsOpenssl, async (t) => {
  const ca = foreignAuthority(t)
  const status: CertificateStatus = { ask: async () => ok('good'), close() {} }
  const { check } = createContractCheck(
    { issuers: [ca.root], unreachable: 'allow' },
    { status, now: Date.now },
  )
  // ASN.1 type of the string: its mask in OpenSSL, and its tag.
  for (const [name, stringMask, tag] of [
    ['printable', 'MASK:0x2', 0x13],
    ['t61', 'MASK:0x4', 0x14],
    ['bmp', 'MASK:0x800', 0x1e],
    ['utf8', 'MASK:0x2000', 0x0c],
  ] as const) {
    const { raw } = ca.issue(name, { subject: '/CN=DEABCC123456789', stringMask })
    assert.ok(raw.includes(Buffer.from([0x06, 0x03, 0x55, 0x04, 0x03, tag])), name)
    const certificate = readFileSync(ca.file(`${name}.pem`), 'utf8')
    const judged = async (contractId: string) => (await check({ hashes: [], certificate, contractId })).status
    assert.equal(await judged('DEABCC123456789'), 'Accepted', name)
    assert.equal(await judged('DEABCC123456788'), 'ContractCancelled', name)
  }
})

test('a certificate that names no responder counts as one that cannot be asked about', async () => {
  const { check, sub } = await settingOf()
  const { chain } = await sub.chargePoint({ cn: 'DEABCC123456789' })
  assert.equal((await check(chain)).status, 'CertChainError')
  assert.equal((await check(chain, { unreachable: 'allow' })).status, 'Accepted')
})
