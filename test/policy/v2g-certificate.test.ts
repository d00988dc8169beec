import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateFacts, splitPem } from '../../src/pki/certificate.ts'
import { buildChain } from '../../src/pki/chain.ts'
import { readCsr } from '../../src/pki/csr.ts'
import {
  checkV2gCsr,
  checkV2gIssued,
  longV2gLifetime,
  v2gCommonNames,
} from '../../src/policy/v2g-certificate.ts'
import {
  type Authority,
  type ChargePointOptions,
  type Issued,
  keyPairOf,
  makeAuthority,
} from '../support/authority.ts'
import { makeCsr } from '../support/csr.ts'

const [serverAuth, clientAuth] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] as const

async function factsOf(cn: string) {
  const reading = readCsr(
    await makeCsr({
      subject: [
        ['O', 'Example CPO'],
        ['CN', cn],
      ],
    }),
  )
  assert.ok(reading.ok)
  return reading.csr.facts
}

test('the name of a request is one that the templates have', async () => {
  const expected = { organizations: ['Example CPO'], tlsKeyOwner: null }
  const codes = async (cn: string, commonNames: readonly string[]) =>
    checkV2gCsr(await factsOf(cn), { ...expected, commonNames }).map(({ code }) => code)
  assert.deepEqual(await codes('SN1', ['SN1']), [])
  assert.deepEqual(await codes('SN1', ['*']), [])
  assert.deepEqual(await codes('SN10', ['SN1']), ['csr_common_name'])
  assert.deepEqual(await codes('SN1', []), ['csr_common_name'])
})

test('a key or an organization of somebody else is refused', async () => {
  const facts = await factsOf('SN1')
  const codes = (change: object) =>
    checkV2gCsr(facts, {
      organizations: ['Example CPO'],
      commonNames: ['SN1'],
      tlsKeyOwner: null,
      ...change,
    }).map(({ code }) => code)
  assert.deepEqual(codes({}), [])
  assert.deepEqual(codes({ tlsKeyOwner: 'CP-1' }), ['csr_shared_key'])
  assert.deepEqual(codes({ organizations: ['Another'] }), ['csr_organization'])
})

test('templates are filled, and one without its value stands for nothing', () => {
  const templates = ['{serialNumber}', 'DE*{identity}', '*']
  assert.deepEqual(v2gCommonNames(templates, { identity: 'CP$&1', serialNumber: 'SN1' }), [
    'SN1',
    'DE*CP$&1',
    '*',
  ])
  assert.deepEqual(v2gCommonNames(templates, { identity: 'CP1', serialNumber: null }), ['DE*CP1', '*'])
})

test('what an authority returned is held to the rules of vehicles', async () => {
  const now = Date.now()
  const p521 = { type: 'ec', curve: 'P-521' } as const
  const [root, rsa, cpo] = await Promise.all([
    makeAuthority({ name: 'V2G root' }),
    makeAuthority({ name: 'RSA root', key: 'rsa' }),
    makeAuthority({ name: 'CPO root' }),
  ])
  const issued = async (issuer: Authority, options: ChargePointOptions = {}) =>
    issuer.chargePoint({ cn: 'DE*EXA*E1', o: 'anybody', eku: [serverAuth], days: 80, ...options })
  const keyOf = (one: { x509: X509Certificate }) => certificateFacts(one.x509).keyFingerprint
  const problems = async (issuer: Authority, options: ChargePointOptions = {}, change: object = {}) => {
    const leaf = await issued(issuer, options)
    const roots = { cpo: [root.x509, rsa.x509], factory: [] }
    const above = splitPem(leaf.chain)
      .slice(1)
      .map((pem) => new X509Certificate(pem))
    return checkV2gIssued(buildChain(leaf.x509, above, roots, now), {
      keyFingerprint: keyOf(leaf),
      ...{ now, minimumLifetimeMs: 0, foreignKeys: new Set([keyOf(cpo)]) },
      ...change,
    }).join('; ')
  }
  assert.equal(await problems(root), '')
  assert.equal(await problems(root, { key: p521 }), '')
  assert.match(await problems(root, { eku: [clientAuth] }), /without serverAuth/)
  assert.match(await problems(root, { ku: ['keyEncipherment'] }), /without digitalSignature/)
  assert.match(await problems(root, { key: { type: 'ec', curve: 'P-384' } }), /EC P-384; vehicles know/)
  assert.match(await problems(rsa), /RSA 2048; vehicles know/)
  assert.match(await problems(cpo), /no path|nor the trusted roots/)
  assert.match(await problems(root, {}, { keyFingerprint: '00' }), /another key than the request/)
  assert.match(await problems(root, {}, { minimumLifetimeMs: 90 * 86_400_000 }), /too soon/)
  // The authority of charge points, certified by the V2G root: what it signs would be good for both.
  const crossed = await root.intermediate({ name: 'CPO root', key: keyPairOf(cpo as unknown as Issued) })
  assert.match(await problems(crossed), /trusted for charge points as well/)
})

test('a life of more than three months is told', async () => {
  const root = await makeAuthority({ name: 'V2G root' })
  const facts = async (days: number) => certificateFacts((await root.chargePoint({ days })).x509)
  assert.equal(longV2gLifetime(await facts(90)), null)
  assert.match(longV2gLifetime(await facts(365)) ?? '', /lives for 36\d days/)
})
