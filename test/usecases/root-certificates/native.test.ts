import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isActionName201 } from '../../../src/ocpp/actions-201.ts'
import { createMessageSchemas201 } from '../../../src/ocpp/message-schemas.ts'
import { certificateFacts } from '../../../src/pki/certificate.ts'
import { hashAlgorithms } from '../../../src/pki/hash-data.ts'
import type { RootCertificateType, RootHashData } from '../../../src/policy/root-certificate.ts'
import type { Answer, CallOutcome } from '../../../src/relay/use-case.ts'
import type { FakeSession } from '../../support/fake-session.ts'
import { callError, type Setting, setUp, status } from '../operation/setting.ts'
import { hashDataOf, operator, result, rootOf, script, signedBy } from './setting.ts'

const [get, ids, install, remove] = [
  'GetVariables',
  'GetInstalledCertificateIds',
  'InstallCertificate',
  'DeleteCertificate',
] as const
const central = 'CentralSystemRootCertificate'
/** Our names, and those of OCPP 2.0.1. */
const names = [
  [central, 'CSMSRootCertificate'],
  ['ManufacturerRootCertificate', 'ManufacturerRootCertificate'],
  ['V2GRootCertificate', 'V2GRootCertificate'],
  ['MORootCertificate', 'MORootCertificate'],
] as const
const [one, two] = await Promise.all([rootOf('one'), rootOf('two')])
const schemas = createMessageSchemas201()

const begin = (t: Parameters<typeof setUp>[0]) => setUp(t, {}, 'ocpp2.0.1')

/** GetInstalledCertificateIdsResponse of certificates of one type. */
function chains(certificateType: string, ...all: readonly RootHashData[]): Answer {
  if (all.length === 0) return status('NotFound')
  return chainOf(...all.map((certificateHashData) => ({ certificateType, certificateHashData })))
}

function chainOf(...certificateHashDataChain: readonly object[]): Answer {
  const answer = { status: 'Accepted', certificateHashDataChain }
  assert.equal(schemas.check(ids, 'result', answer), null)
  return result(answer)
}

/** GetVariablesResponse about AdditionalRootCertificateCheck; undefined: it does not have it. */
function checks(attributeValue?: 'true' | 'false'): Answer {
  const which = {
    component: { name: 'SecurityCtrlr' },
    variable: { name: 'AdditionalRootCertificateCheck' },
  }
  const told =
    attributeValue === undefined
      ? { attributeStatus: 'UnknownVariable' }
      : { attributeStatus: 'Accepted', attributeValue }
  return result({ getVariableResult: [{ ...told, ...which }] })
}

/** All that was said is of OCPP 2.0.1, and nothing of it is wrapped. */
function assertNative({ calls }: FakeSession): void {
  for (const { action, payload } of calls) {
    assert.ok(isActionName201(action) && action !== 'DataTransfer', action)
    assert.equal(schemas.check(action, 'call', payload), null, action)
  }
}

async function installed(
  setting: Setting,
  certificateType: RootCertificateType,
  certificate: string,
  ...answers: readonly (readonly [string, CallOutcome])[]
) {
  const session = setting.connect()
  const options = { ...operator, certificateType, certificate }
  const asked = setting.changes.operations.installRoot('CP1', options)
  await script(session, ...answers)
  const outcome = await asked
  assert.equal(session.calls.length, answers.length)
  assertNative(session)
  return { outcome, session }
}

for (const [certificateType, name] of names) {
  test(`[M03.FR.01][M03.FR.02][M03.FR.03] native: ${name} is asked for in a list, and stored`, async (t) => {
    const setting = await begin(t)
    for (const roots of [[], [hashDataOf(one), hashDataOf(two, two, 'SHA512')]]) {
      const session = setting.connect()
      const asked = setting.changes.operations.listRoots('CP1', { ...operator, certificateType })
      await script(session, [ids, chains(name, ...roots)])
      assert.deepEqual(await asked, {
        ok: true,
        detail: `it holds ${roots.length} of type ${certificateType}`,
      })
      assertNative(session)
      assert.deepEqual(session.calls[0]?.payload, { certificateType: [name] })
      const [inventory] = await setting.store.roots.inventory('CP1')
      assert.deepEqual(
        inventory?.roots.map(({ hashData }) => hashData),
        roots,
      )
    }
  })

  test(`[M05.FR.01][M05.FR.02] native: ${name} is installed, and seen in the list`, async (t) => {
    const setting = await begin(t)
    const { outcome, session } = await installed(
      setting,
      certificateType,
      one.certificate,
      [get, checks()],
      [ids, chains(name)],
      [install, status('Accepted')],
      [ids, chains(name, hashDataOf(one))],
    )
    assert.equal(outcome.ok, true)
    assert.deepEqual(session.calls[2]?.payload, { certificateType: name, certificate: one.certificate })
  })

  test(`[M04.FR.01][M04.FR.02][M04.FR.07] native: ${name} is deleted by the hash data that it reported`, async (t) => {
    const setting = await begin(t)
    for (const algorithm of hashAlgorithms) {
      const { serialNumber, ...rest } = hashDataOf(one, one, algorithm)
      const reported = { ...rest, serialNumber: `00${serialNumber.toUpperCase()}` }
      const session = setting.connect()
      const options = { ...operator, certificateType, root: { certificate: one.certificate } }
      const asked = setting.changes.operations.deleteRoot('CP1', options)
      await script(
        session,
        [ids, chains(name, reported, hashDataOf(two))],
        [remove, status('Accepted')],
        [ids, chains(name, hashDataOf(two))],
      )
      assert.equal((await asked).ok, true)
      assertNative(session)
      assert.deepEqual(session.calls[1]?.payload, { certificateHashData: reported })
    }
  })
}

test('[M03.FR.04] native: hash data are known whatever their case, and of other types left out', async (t) => {
  const setting = await begin(t)
  const { fingerprint } = certificateFacts(one.x509)
  const pem = { pem: one.certificate, subject: 'CN=one', notAfter: 1, usedAt: 1 }
  await setting.store.roots.addKnown({ fingerprint, ...pem })
  const { issuerNameHash, ...rest } = hashDataOf(one)
  const reported = { ...rest, issuerNameHash: issuerNameHash.toUpperCase() }
  const session = setting.connect()
  const asked = setting.changes.operations.listRoots('CP1', { ...operator, certificateType: central })
  const others = { certificateType: 'V2GRootCertificate', certificateHashData: hashDataOf(two) }
  const own = { certificateType: 'CSMSRootCertificate', certificateHashData: reported }
  await script(session, [ids, chainOf(others, own)])
  assert.equal((await asked).ok, true)
  const [inventory] = await setting.store.roots.inventory('CP1')
  assert.deepEqual(inventory?.roots, [{ hashData: reported, children: [], fingerprint }])
})

test('[M03.FR.05] native: a V2GCertificateChain is kept with its children', async (t) => {
  const setting = await begin(t)
  const certificateType = 'V2GCertificateChain'
  const [root, child] = [hashDataOf(one), hashDataOf(two)]
  const asked = setting.changes.operations.listRoots('CP1', { ...operator, certificateType })
  const entry = { certificateType, certificateHashData: root, childCertificateHashData: [child, child] }
  await script(setting.connect(), [ids, chainOf(entry)])
  assert.equal((await asked).ok, true)
  const [inventory] = await setting.store.roots.inventory('CP1')
  assert.deepEqual(inventory?.roots, [{ hashData: root, children: [child, child], fingerprint: null }])
})

test('[M05.FR.03][M05.FR.06][M05.FR.07] native: Failed, Rejected and errors are told', async (t) => {
  const setting = await begin(t)
  for (const [answer, code, words] of [
    [status('Failed'), 'refused', /answered Failed/],
    [status('Rejected'), 'refused', /its store is full, or it finds the certificate invalid/],
    [callError, 'not_supported', /CALLERROR/],
  ] as const) {
    const { outcome } = await installed(
      setting,
      central,
      one.certificate,
      [get, checks()],
      [ids, chains('CSMSRootCertificate')],
      [install, answer],
    )
    assert.partialDeepStrictEqual(outcome, { ok: false, code })
    assert.match(outcome.detail, words)
  }
})

test('[M04.FR.03][M04.FR.04] native: Failed and NotFound are told', async (t) => {
  const setting = await begin(t)
  const certificateType = 'ManufacturerRootCertificate'
  for (const [answer, code] of [
    ['Failed', 'refused'],
    ['NotFound', 'not_found'],
  ] as const) {
    const session = setting.connect()
    const options = { ...operator, certificateType, root: { certificate: one.certificate } } as const
    const asked = setting.changes.operations.deleteRoot('CP1', options)
    await script(session, [ids, chains(certificateType, hashDataOf(one))], [remove, status(answer)])
    assert.partialDeepStrictEqual(await asked, { ok: false, code })
  }
})

test('[M04.FR.07] native: the last CSMSRootCertificate goes only by force', async (t) => {
  const setting = await begin(t)
  const only = chains('CSMSRootCertificate', hashDataOf(one))
  const options = { ...operator, certificateType: central, root: { certificate: one.certificate } } as const
  const refused = setting.changes.operations.deleteRoot('CP1', options)
  await script(setting.connect(), [ids, only])
  assert.partialDeepStrictEqual(await refused, { ok: false, code: 'prerequisite' })
  const forced = setting.changes.operations.deleteRoot('CP1', { ...options, force: true })
  const session = setting.connect()
  await script(session, [ids, only], [remove, status('Accepted')], [ids, status('NotFound')])
  assert.equal((await forced).ok, true)
})

test('[M05.FR.10] native: with AdditionalRootCertificateCheck the old root has to have signed the new one', async (t) => {
  const setting = await begin(t)
  await setting.store.roots.addKnown({
    ...{ fingerprint: certificateFacts(one.x509).fingerprint, pem: one.certificate },
    ...{ subject: 'CN=one', notAfter: 1, usedAt: 1 },
  })
  const present = chains('CSMSRootCertificate', hashDataOf(one))
  const before = [
    [get, checks('true')],
    [ids, present],
  ] as const
  const { outcome } = await installed(setting, central, two.certificate, ...before)
  assert.partialDeepStrictEqual(outcome, { ok: false, code: 'prerequisite' })
  assert.match(outcome.detail, /root_not_signed_by_old/)
  const next = await signedBy(one, 'next')
  const good = await installed(
    setting,
    central,
    next.certificate,
    ...before,
    [install, status('Accepted')],
    [ids, chains('CSMSRootCertificate', hashDataOf(next, one))],
  )
  assert.equal(good.outcome.ok, true, good.outcome.detail)
})
