import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCsr } from '../../src/pki/csr.ts'
import { checkV2gCsr, v2gCommonNames } from '../../src/policy/v2g-certificate.ts'
import { makeCsr } from '../support/csr.ts'

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
