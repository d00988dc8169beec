import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Payload } from '../../../src/ocpp/message.ts'
import { parseCampaignRoot } from '../../../src/store/campaign-root.ts'
import { parseInstalledRoots } from '../../../src/store/root-inventory.ts'
import { readChange, readInstalled } from '../../../src/usecases/root-certificates/answers.ts'
import {
  readRootConfiguration,
  readRootVariables,
} from '../../../src/usecases/root-certificates/configuration.ts'
import { readRoot } from '../../../src/usecases/root-certificates/root.ts'
import { central, result } from './setting.ts'

const hex = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 1, maxLength })
const hashData = fc.record(
  {
    hashAlgorithm: fc.constantFrom('SHA256', 'SHA384', 'SHA512'),
    issuerNameHash: hex(128),
    issuerKeyHash: hex(128),
    serialNumber: hex(40),
  },
  { noNullPrototype: true },
)
const json = fc.jsonValue({ maxDepth: 5 })
/** What looks like an answer, with anything in its members. */
const payload = fc.record(
  {
    status: fc.oneof(fc.constantFrom('Accepted', 'NotFound', 'Rejected', 'Failed'), json),
    certificateHashData: fc.oneof(json, fc.array(fc.oneof(hashData, json), { maxLength: 120 })),
    certificateHashDataChain: json,
    configurationKey: fc.oneof(json, fc.array(fc.record({ key: json, value: json }))),
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('[M03.FR.01][CWE-20] readers of answers are total, and bounded', () => {
  fc.assert(
    fc.property(payload, (given) => {
      const answer = result(given as Payload)
      const installed = readInstalled(answer)
      if (installed.kind === 'installed') {
        assert.ok(installed.roots.length <= 100)
        assert.ok(JSON.stringify(installed.roots).length < 100 * 5 * 500)
      }
      assert.equal(typeof readChange(answer).kind, 'string')
      readRootConfiguration(answer)
    }),
    { numRuns: 500 },
  )
})

test('[M03.FR.04] what is well-formed is read word for word, and comes back from a store', () => {
  fc.assert(
    fc.property(fc.array(hashData, { minLength: 1, maxLength: 20 }), (certificateHashData) => {
      const answer = readInstalled(result({ status: 'Accepted', certificateHashData }))
      assert.ok(answer.kind === 'installed')
      assert.deepEqual(
        answer.roots,
        certificateHashData.map((one) => ({ hashData: one, children: [] })),
      )
      const stored = answer.roots.map((root) => ({ ...root, fingerprint: null }))
      assert.deepEqual(parseInstalledRoots(JSON.parse(JSON.stringify(stored))), stored)
    }),
  )
})

test('[CWE-20] neither a store nor an operator can make a reader fail', () => {
  fc.assert(
    fc.property(json, fc.string(), (value, text) => {
      parseInstalledRoots(value)
      const campaign = parseCampaignRoot(value)
      assert.ok(campaign === null || campaign.certificateType !== undefined)
      assert.ok('code' in readRoot(text))
      assert.ok('code' in readRoot(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`))
    }),
  )
  assert.equal(parseCampaignRoot({ ...central }), null)
  assert.equal(parseCampaignRoot({ ...central, certificate: 'x', hashData: {} }), null)
})

test('[M05.FR.10] GetConfiguration is read whatever the case of its keys and the type of its values', () => {
  const keys = (configurationKey: unknown) => readRootConfiguration(result({ configurationKey }))
  assert.deepEqual(keys([{ key: 'ADDITIONALROOTCERTIFICATECHECK', value: ' TRUE ' }]), {
    additionalCheck: true,
    storeMaxLength: null,
  })
  assert.deepEqual(
    keys([
      { key: 'AdditionalRootCertificateCheck', value: false },
      { key: 'CertificateStoreMaxLength', value: 5 },
    ]),
    { additionalCheck: false, storeMaxLength: 5 },
  )
  assert.deepEqual(keys('x'), { additionalCheck: null, storeMaxLength: null })
  assert.deepEqual(keys([{ key: 'AdditionalRootCertificateCheck' }]), {
    additionalCheck: null,
    storeMaxLength: null,
  })
  assert.equal(readRootConfiguration({ kind: 'no-answer', detail: 'x' }), null)
  const variable = (attributeValue: unknown, attributeStatus = 'Accepted') =>
    readRootVariables(
      result({
        getVariableResult: [
          {
            attributeStatus,
            attributeValue,
            component: { name: 'SecurityCtrlr' },
            variable: { name: 'additionalrootcertificateCHECK' },
          },
        ],
      }),
    )?.additionalCheck
  assert.equal(variable('true'), true)
  assert.equal(variable('False'), false)
  for (const value of ['', 'yes', 1, null]) assert.equal(variable(value), null)
  assert.equal(variable('true', 'UnknownVariable'), null)
})
