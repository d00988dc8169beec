import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contractIdProblem } from '../../src/policy/contract-id.ts'

const isHis = (contractId: string, ...commonNames: readonly string[]): boolean =>
  contractIdProblem(contractId, commonNames) === null

test('[ISO 15118-2 annex H] hyphens, case and a check digit on one side make no other contract', () => {
  const same = [
    'DE-ABC-C12345678-9',
    'DEABCC123456789',
    'de-abc-c12345678-9',
    'DEABC-C123456789',
    'DEABCC12345678',
    'DE-ABC-C12345678',
  ]
  for (const one of same) for (const other of same) assert.ok(isHis(one, other), `${one} ${other}`)
})

test('another contract is another one, however near', () => {
  for (const [contractId, name] of [
    ['DEABCC123456789', 'DEABCC123456788'],
    ['DEABCC12345678', 'DEABCC12345679'],
    ['DEABCC12345678', 'FRABCC12345678'],
    ['DEABCC12345678', 'DEABDC12345678'],
    // Hyphens belong at three places.
    ['DEABCC123456789', 'D-EABCC123456789'],
    ['DEABCC123456789', 'DE--ABC-C12345678-9'],
    ['DEABCC123456789', 'DEABCC123456789-'],
    // Two characters are no check digit, and ids of other forms have none.
    ['DEABCC12345678', 'DEABCC1234567890'],
    ['DE*ABC*123456', 'DE*ABC*123456*7'],
    ['DE-8AA-1A2B3C', 'DE-8AA-1A2B3C-D'],
    ['04A2B3C4', '04A2B3C4D'],
    ['', ''],
    ['DEABCC123456789', ''],
    ['DEABCC123456789', 'DEABCC123456789 '],
    ['DEABCC123456789 ', 'DEABCC123456789 '],
    ['DEABCC123456789', 'DEABCC123456789\0'],
    // The Kelvin sign and the long s, which become k and S.
    ['DEABKC12345678', 'DEAB\u212aC12345678'],
    ['DEABSC12345678', 'DEAB\u017fC12345678'],
    ['DEAB\u212aC12345678', 'DEAB\u212aC12345678'],
    ['DEABCC12345678', '\uff24\uff25ABCC12345678'],
    ['X'.repeat(37), 'X'.repeat(37)],
  ] as const)
    assert.ok(!isHis(contractId, name), `${contractId} ${name}`)
})

test('ids of other forms are the same when they are, but for their case', () => {
  assert.ok(isHis('DE*ABC*123456*7', 'de*abc*123456*7'))
  assert.ok(isHis('X'.repeat(36), 'x'.repeat(36)))
})

test('a certificate without a name, or with two, is that of nobody, and no id is repeated', () => {
  const id = 'DEABCC12345678'
  assert.equal(contractIdProblem(id, []), 'the contract certificate has no commonName')
  assert.equal(contractIdProblem(id, [id, id]), 'the contract certificate has 2 commonNames')
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 8 }), (one, name) => {
      const problem = contractIdProblem(one, [name])
      return problem === null ? one.toUpperCase() === name.toUpperCase() : !problem.includes(name)
    }),
  )
})
