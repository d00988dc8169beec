import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import { callError, setUp } from '../operation/setting.ts'
import { central, hashDataOf, listed, operator, result, rootOf, script } from './setting.ts'

const ids = 'GetInstalledCertificateIds'

test('[M03.FR.01][M03.FR.02][M03.FR.03] both types are asked for, and stored', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const hashData = hashDataOf(await rootOf('one'))
  const asked = setting.changes.operations.listRoots('CP1', operator)
  await script(session, [ids, listed(hashData)], [ids, listed()])
  assert.deepEqual(await asked, {
    ok: true,
    detail: 'it holds 1 of type CentralSystemRootCertificate and 0 of type ManufacturerRootCertificate',
  })
  assert.deepEqual(
    session.calls.map(({ payload }) => payload),
    [{ certificateType: 'CentralSystemRootCertificate' }, { certificateType: 'ManufacturerRootCertificate' }],
  )
  const reportedAt = setting.clock.now()
  assert.deepEqual(await setting.store.roots.inventory('CP1'), [
    { ...central, reportedAt, roots: [{ hashData, children: [], fingerprint: null }] },
    { certificateType: 'ManufacturerRootCertificate', reportedAt, roots: [] },
  ])
})

test('[M03.FR.04][M04.FR.07] hash data are kept letter for letter, and known whatever their case', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const { issuerNameHash, issuerKeyHash, serialNumber, hashAlgorithm } = hashDataOf(root, root, 'SHA384')
  const reported = {
    hashAlgorithm,
    issuerNameHash: issuerNameHash.toUpperCase(),
    issuerKeyHash,
    serialNumber: `000${serialNumber.toUpperCase()}`,
  }
  const { fingerprint } = (await import('../../../src/pki/certificate.ts')).certificateFacts(root.x509)
  await setting.store.roots.addKnown({
    fingerprint,
    pem: root.certificate,
    subject: 'CN=one',
    notAfter: 1,
    usedAt: 1,
  })
  const asked = setting.changes.operations.listRoots('CP1', { ...operator, ...central })
  await script(setting.connect(), [ids, listed(reported)])
  assert.equal((await asked).ok, true)
  const [inventory] = await setting.store.roots.inventory('CP1')
  assert.deepEqual(inventory?.roots, [{ hashData: reported, children: [], fingerprint }])
})

test('[M03.FR.05] children are kept, in the form of OCPP 2.0.1 and beside the hash data', async (t) => {
  const setting = await setUp(t)
  const [root, child] = [hashDataOf(await rootOf('one')), hashDataOf(await rootOf('two'))]
  const nested = { certificateType: 'V2GCertificateChain', certificateHashData: root }
  for (const [answer, children] of [
    [result({ status: 'Accepted', certificateHashDataChain: [nested] }), []],
    [listed({ ...root, childCertificateHashData: [child] }), [child]],
    [listed({ ...nested, childCertificateHashData: [child, child] }), [child, child]],
  ] as const) {
    const asked = setting.changes.operations.listRoots('CP1', { ...operator, ...central })
    await script(setting.connect(), [ids, answer])
    assert.equal((await asked).ok, true)
    const [inventory] = await setting.store.roots.inventory('CP1')
    assert.deepEqual(inventory?.roots, [{ hashData: root, children, fingerprint: null }])
  }
})

test('[M03.FR.01][CWE-20] an answer that cannot be used changes nothing that is stored', async (t) => {
  const setting = await setUp(t)
  const good = hashDataOf(await rootOf('one'))
  const first = setting.changes.operations.listRoots('CP1', { ...operator, ...central })
  await script(setting.connect(), [ids, listed(good)])
  await first
  const before = await setting.store.roots.inventory('CP1')
  const bad: readonly (readonly [CallOutcome, string])[] = [
    [result({}), 'error_answer'],
    [result({ status: 'accepted' }), 'error_answer'],
    [result({ status: 'Accepted', certificateHashData: {} }), 'error_answer'],
    [listed(...Array.from({ length: 10_000 }, () => good)), 'error_answer'],
    [listed(...Array.from({ length: 101 }, () => good)), 'error_answer'],
    [listed(null), 'error_answer'],
    [listed(good, 7), 'error_answer'],
    [listed({ ...good, serialNumber: 7 }), 'error_answer'],
    [listed({ ...good, hashAlgorithm: 'MD5' }), 'error_answer'],
    [listed({ ...good, issuerKeyHash: 'x'.repeat(200) }), 'error_answer'],
    [listed({ ...good, childCertificateHashData: [good, good, good, good, good] }), 'error_answer'],
    [listed({ ...good, childCertificateHashData: 'x' }), 'error_answer'],
    [callError, 'not_supported'],
    [{ kind: 'error', code: 'InternalError', description: 'secret?', details: {} }, 'error_answer'],
    [{ kind: 'error', code: 'x', description: '', details: {}, origin: 'proxy' }, 'error_answer'],
    [{ kind: 'no-answer', detail: 'in time' }, 'no_answer'],
    [{ kind: 'not-sent', detail: 'gone' }, 'not_sent'],
  ]
  for (const [outcome, code] of bad) {
    const asked = setting.changes.operations.listRoots('CP1', { ...operator, ...central })
    await script(setting.connect(), [ids, outcome])
    const failed = await asked
    assert.ok(!failed.ok)
    assert.equal(failed.code, code, failed.detail)
    assert.doesNotMatch(failed.detail, /secret/)
  }
  assert.deepEqual(await setting.store.roots.inventory('CP1'), before)
})

test('[A00.FR.206] nothing about certificates goes over profiles 0 and 1, unless the operator allows it', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const { operations } = setting.changes
  const install = { ...operator, ...central, certificate: root.certificate }
  const remove = { ...operator, ...central, root: { serialNumber: '1' } }
  for (const profile of [0, 1] as const) {
    const session = setting.connect(profile)
    for (const outcome of [
      await operations.listRoots('CP1', operator),
      await operations.installRoot('CP1', install),
      await operations.deleteRoot('CP1', remove),
    ]) {
      assert.partialDeepStrictEqual(outcome, { ok: false, code: 'prerequisite' })
    }
    assert.deepEqual(session.calls, [])
  }
  const kinds = { certificates: 'allow', passwords: 'refuse', profile: 'refuse' }
  const lenient = await setUp(t, { messages: { overInsecureProfiles: { profile0: kinds, profile1: kinds } } })
  const asked = lenient.changes.operations.listRoots('CP1', { ...operator, ...central })
  await script(lenient.connect(1), [ids, listed()])
  assert.equal((await asked).ok, true)
})
