import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashAlgorithms } from '../../../src/pki/hash-data.ts'
import type { RootSelector } from '../../../src/policy/root-certificate.ts'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import { callError, type Setting, setUp, status } from '../operation/setting.ts'
import { central, hashDataOf, listed, maker, operator, result, rootOf, script } from './setting.ts'

const errorOf = (code: string): CallOutcome => ({ kind: 'error', code, description: 'x', details: {} })
const [ids, remove] = ['GetInstalledCertificateIds', 'DeleteCertificate'] as const

async function run(
  setting: Setting,
  root: RootSelector,
  options: object,
  ...answers: readonly (readonly [string, CallOutcome])[]
): Promise<OperationOutcome> {
  const session = setting.connect()
  const asked = setting.changes.operations.deleteRoot('CP1', { ...operator, ...central, root, ...options })
  await script(session, ...answers)
  const outcome = await asked
  assert.deepEqual(session.calls.length, answers.length, 'nothing else was sent')
  return outcome
}

const [one, two] = await Promise.all([rootOf('one'), rootOf('two')])

for (const algorithm of hashAlgorithms) {
  test(`[M04.FR.01][M04.FR.02][M04.FR.07] it is named exactly as it was reported, with ${algorithm}`, async (t) => {
    const setting = await setUp(t)
    const { issuerNameHash, ...rest } = hashDataOf(one, one, algorithm)
    const reported = {
      ...rest,
      issuerNameHash: issuerNameHash.toUpperCase(),
      serialNumber: `0${rest.serialNumber}`,
    }
    const both = listed(reported, hashDataOf(two))
    for (const selector of [
      { certificate: one.certificate },
      { hashData: hashDataOf(one, one, algorithm) },
      { serialNumber: rest.serialNumber.toUpperCase() },
    ]) {
      const session = setting.connect()
      const asked = setting.changes.operations.deleteRoot('CP1', { ...operator, ...central, root: selector })
      await script(session, [ids, both], [remove, status('Accepted')], [ids, listed(hashDataOf(two))])
      assert.equal((await asked).ok, true)
      assert.deepEqual(session.calls[1]?.payload, { certificateHashData: reported })
    }
    const [inventory] = await setting.store.roots.inventory('CP1')
    assert.equal(inventory?.roots.length, 1)
    assert.match(setting.events.at(-1)?.techInfo ?? '', /deleted and no longer listed/)
  })
}

test('[M04.FR.07] the last CentralSystemRootCertificate goes by force only', async (t) => {
  const setting = await setUp(t)
  const selector = { certificate: one.certificate }
  const own = hashDataOf(one)
  const again = { ...own, issuerNameHash: own.issuerNameHash.toUpperCase() }
  for (const list of [listed(own), listed(own, again), listed(own, hashDataOf(one, one, 'SHA512'))]) {
    const refused = await run(setting, selector, {}, [ids, list])
    assert.ok(!refused.ok)
    assert.equal(refused.code, 'prerequisite')
    assert.match(refused.detail, /its last CentralSystemRootCertificate/)
  }
  const forced = [remove, status('Accepted')] as const
  assert.equal(
    (await run(setting, selector, { force: true }, [ids, listed(own)], forced, [ids, listed()])).ok,
    true,
  )
  assert.equal((await run(setting, selector, maker, [ids, listed(own)], forced, [ids, listed()])).ok, true)
})

test('[M04.FR.03][M04.FR.04] Failed, NotFound and errors are told', async (t) => {
  const setting = await setUp(t)
  const both = [ids, listed(hashDataOf(one), hashDataOf(two))] as const
  for (const [answer, code] of [
    [status('Failed'), 'refused'],
    [status('NotFound'), 'not_found'],
    [status('Rejected'), 'refused'],
    [callError, 'not_supported'],
    [errorOf('ProtocolError'), 'error_answer'],
    [{ kind: 'no-answer', detail: 'lost' }, 'no_answer'],
    [{ kind: 'not-sent', detail: 'lost' }, 'not_sent'],
  ] as const) {
    const got = await run(setting, { certificate: one.certificate }, {}, both, [remove, answer])
    assert.partialDeepStrictEqual(got, { ok: false, code })
  }
})

test('[M04.FR.02] what it lists afterwards decides; Success means Accepted', async (t) => {
  const setting = await setUp(t)
  const selector = { certificate: one.certificate }
  const both = [ids, listed(hashDataOf(one), hashDataOf(two))] as const
  const rest = [ids, listed(hashDataOf(two))] as const
  const odd = result({ status: 'Done' })
  assert.equal((await run(setting, selector, {}, both, [remove, status('Success')], rest)).ok, true)
  assert.equal((await run(setting, selector, {}, both, [remove, odd], rest)).ok, true)
  for (const [answer, code] of [
    [status('Accepted'), 'not_verified'],
    [odd, 'no_answer'],
  ] as const) {
    const got = await run(setting, selector, {}, both, [remove, answer], both)
    assert.ok(!got.ok)
    assert.equal(got.code, code)
    assert.match(got.detail, /still lists/)
  }
  const lost = await run(
    setting,
    selector,
    {},
    both,
    [remove, status('Accepted')],
    [ids, { kind: 'no-answer', detail: 'x' }],
  )
  assert.partialDeepStrictEqual(lost, { ok: false, code: 'no_answer' })
})

test('[M04.FR.04] what it does not list is not found; what is not clear is not deleted', async (t) => {
  const setting = await setUp(t)
  const own = hashDataOf(one)
  const certificate = { certificate: one.certificate }
  assert.partialDeepStrictEqual(await run(setting, certificate, {}, [ids, listed(hashDataOf(two))]), {
    ok: false,
    code: 'not_found',
  })
  const badlyHashed = { ...own, issuerKeyHash: 'ab' }
  const unclear = await run(setting, certificate, {}, [ids, listed(badlyHashed, hashDataOf(two))])
  assert.partialDeepStrictEqual(unclear, { ok: false, code: 'prerequisite' })
  const twice = await run(setting, { serialNumber: own.serialNumber }, {}, [ids, listed(own, badlyHashed)])
  assert.partialDeepStrictEqual(twice, { ok: false, code: 'prerequisite' })
  const silent = await run(setting, certificate, {}, [ids, { kind: 'no-answer', detail: 'x' }])
  assert.partialDeepStrictEqual(silent, { ok: false, code: 'not_sent' })
  const wrong = await run(setting, { certificate: 'nothing' }, {})
  assert.partialDeepStrictEqual(wrong, { ok: false, code: 'prerequisite' })
})

test('[M04.FR.07] without a preflight what was reported last counts', async (t) => {
  const setting = await setUp(t)
  const certificate = { certificate: one.certificate }
  const tool = { preflight: false }
  assert.partialDeepStrictEqual(await run(setting, certificate, tool), { ok: false, code: 'prerequisite' })
  const asked = setting.changes.operations.listRoots('CP1', { ...operator, ...central })
  await script(setting.connect(), [ids, listed(hashDataOf(one), hashDataOf(two))])
  await asked
  const rest = [ids, listed(hashDataOf(two))] as const
  assert.equal((await run(setting, certificate, tool, [remove, status('Accepted')], rest)).ok, true)
})

test('[M04.FR.07] a root that the servers lead to stays, unless another that is known does the same', async (t) => {
  const setting = await setUp(t)
  const validity = { notBefore: 0, notAfter: Date.UTC(2040, 0) }
  const { chain } = await one.server('ecdsa', ['localhost'], validity)
  const other = await two.server('ecdsa', ['localhost'], validity)
  setting.chains.push('nothing', other.chain, chain)
  const selector = { certificate: one.certificate }
  const both = [ids, listed(hashDataOf(one), hashDataOf(two))] as const
  const refused = await run(setting, selector, {}, both)
  assert.ok(!refused.ok)
  assert.match(refused.detail, /leads to this root.*only by force/)
  const gone = [
    [remove, status('Accepted')],
    [ids, listed(hashDataOf(two))],
  ] as const
  assert.equal((await run(setting, selector, { force: true }, both, ...gone)).ok, true)
  setting.chains.splice(0, setting.chains.length, other.chain)
  assert.equal((await run(setting, selector, {}, both, ...gone)).ok, true)
  // One that it has signed leads there, too; it is known, because it comes with what is shown.
  const cross = await one.intermediate({ ...validity, name: 'cross' })
  const below = await cross.server('ecdsa', ['localhost'], validity)
  setting.chains.splice(0, 1, below.chain)
  const three = [ids, listed(hashDataOf(one), hashDataOf(cross, one))] as const
  const left = [
    [remove, status('Accepted')],
    [ids, listed(hashDataOf(cross, one))],
  ] as const
  assert.equal((await run(setting, selector, {}, three, ...left)).ok, true)
})
