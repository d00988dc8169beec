import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createMessageSchemas201 } from '../../../src/ocpp/message-schemas.ts'
import { generateKey } from '../../../src/pki/keys.ts'
import { splitPem } from '../../../src/pki/pem.ts'
import type { Answer, CallFate } from '../../../src/relay/use-case.ts'
import { type Signer, signCertificate201 } from '../../../src/usecases/ocpp201/sign-certificate.ts'
import { makeCsr } from '../../support/csr.ts'
import type { FakeSession } from '../../support/fake-session.ts'
import { oldFingerprint, type Setting, setUp } from '../certificate-update/setting.ts'
import { status } from '../operation/setting.ts'

const keys = await generateKey({ type: 'ec', curve: 'P-256' })
const csr = await makeCsr({ keys })
const schemas = createMessageSchemas201()

const subject = (o: string, cn: string) =>
  [
    ['O', o],
    ['CN', cn],
  ] as const

const answered: CallFate = { kind: 'answer', answer: { kind: 'result', payload: { status: 'Accepted' } } }
const v2gServed: Signer = { serves: () => true, request: () => answered }
const v2gPassed: Signer = { serves: () => false, request: () => answered }

const connect = (setting: Setting, certificate: string | null = oldFingerprint): FakeSession =>
  setting.connect({ protocol: 'ocpp2.0.1', certificate })

/** What becomes of the CALL; what has to come behind the answer is done. */
async function send(setting: Setting, session: FakeSession, payload: object, v2g = v2gPassed) {
  const useCase = signCertificate201({ schemas, chargingStation: setting.update, v2g })
  assert.deepEqual(useCase.protocols, ['ocpp2.0.1'])
  const call = { direction: 'to-central-system', id: '1', action: 'SignCertificate', payload } as const
  const fate = await useCase.onCall?.(call as never, session)
  if (fate?.kind !== 'answer') return fate?.kind
  fate.sent?.()
  return fate.answer.kind === 'result' ? fate.answer.payload.status : fate.answer.code
}

for (const certificateType of ['ChargingStationCertificate', undefined] as const) {
  test(`[A02.FR.04][A02.FR.11][A03.FR.01][A03.FR.04][A03.FR.11] OCPP 2.0.1, type ${certificateType ?? 'left out'}: Accepted, then CertificateSigned of the same type`, async (t) => {
    const setting = await setUp(t)
    const session = connect(setting)
    const payload = certificateType === undefined ? { csr } : { csr, certificateType }
    assert.equal(await send(setting, session, payload), 'Accepted')
    const sent = await session.outcome(status('Accepted'))
    assert.equal(sent.action, 'CertificateSigned')
    assert.equal(schemas.check('CertificateSigned', 'call', sent.payload), null)
    assert.equal(sent.payload.certificateType, certificateType)
    const [leaf] = splitPem(String(sent.payload.certificateChain)).map((pem) => new X509Certificate(pem))
    assert.ok(leaf?.publicKey.equals(keys.publicKey))
    await setting.settle()
    assert.partialDeepStrictEqual(await setting.renewal(), { phase: 'accepted', deliveries: 1 })
  })
}

test('[A02.FR.08][A03.FR.08] OCPP 2.0.1: the old certificate retires when the new one was seen', async (t) => {
  const setting = await setUp(t)
  await send(setting, connect(setting), { csr })
  const first = await setting.store.renewals.get('CP1')
  assert.equal(first?.phase, 'pending')
  setting.disconnect()
  await setting.restart()
  const session = connect(setting)
  await setting.settle()
  setting.clock.advance(60_000)
  await session.outcome(status('Accepted'))
  await setting.settle()
  assert.equal(await setting.store.denied.count(), 0)
  connect(setting, (await setting.renewal()).certificateFingerprint)
  await setting.heard()
  assert.equal((await setting.renewal()).phase, 'seen')
  const [entry] = await setting.store.denied.list({ limit: 9 })
  assert.partialDeepStrictEqual(entry, { target: { fingerprint: oldFingerprint }, by: 'superseded' })
})

test('[A02.FR.07][A03.FR.07] OCPP 2.0.1: Rejected by the charge point keeps its old certificate', async (t) => {
  const setting = await setUp(t)
  const session = connect(setting)
  await send(setting, session, { csr, certificateType: 'ChargingStationCertificate' })
  await session.outcome(status('Rejected'))
  await setting.settle()
  assert.equal((await setting.renewal()).phase, 'refused')
  assert.equal(await setting.store.denied.count(), 0)
  assert.deepEqual(setting.noted(), ['InvalidChargePointCertificate'])
})

test('[A02.FR.12][A03.FR.12] OCPP 2.0.1: what cannot be signed is Rejected, what breaks the schema an error', async (t) => {
  const setting = await setUp(t)
  const session = connect(setting)
  for (const wrong of [
    { csr: await makeCsr({ keys, subject: subject('Example CPO', 'SN-0002') }) },
    { csr: await makeCsr({ keys, subject: subject('Another CPO', 'SN-0001') }) },
    { csr: 'no request', certificateType: 'ChargingStationCertificate' },
  ]) {
    assert.equal(await send(setting, session, wrong), 'Rejected')
  }
  setting.authority = null
  assert.equal(await send(setting, session, { csr }), 'Rejected')
  assert.equal(await send(setting, session, {}), 'OccurrenceConstraintViolation')
  assert.equal(await send(setting, session, { csr, typeOfCertificate: 'x' }), 'FormatViolation')
  assert.equal(await send(setting, session, { csr, certificateType: 'Other' }), 'PropertyConstraintViolation')
  assert.equal(session.calls.length, 0)
  const insecure = setting.connect({ protocol: 'ocpp2.0.1', profile: 1, certificate: null })
  assert.equal(await send(setting, insecure, { csr }), 'SecurityError')
})

test('[A02.FR.12] each type goes to who signs it, and passes where nobody does', async (t) => {
  const setting = await setUp(t)
  const session = connect(setting)
  const v2g = { csr, certificateType: 'V2GCertificate' }
  assert.equal(await send(setting, session, v2g), 'forward')
  assert.equal(await send(setting, session, v2g, v2gServed), 'Accepted')
  assert.equal(await setting.store.renewals.get('CP1'), null, 'two domains of trust')
  setting.settings.certificates201 = 'pass'
  for (const payload of [{ csr }, { csr, certificateType: 'ChargingStationCertificate' }, {}])
    assert.equal(await send(setting, session, payload, v2gServed), 'forward')
  const { watches } = signCertificate201({ schemas, chargingStation: setting.update, v2g: v2gPassed })
  assert.equal(watches[0]?.only?.(session), false, 'nothing is parsed for it')
})

test('[A02.FR.01][A02.FR.13] an operator renews it in the messages of OCPP 2.0.1', async (t) => {
  const setting = await setUp(t)
  const session = connect(setting)
  const component = { name: 'SecurityCtrlr' }
  const variable = (name: string) => ({ component, variable: { name } })
  const outcome = setting.renew({ setCpoName: true, reconnect: true })
  const set: Answer = {
    kind: 'result',
    payload: { setVariableResult: [{ attributeStatus: 'Accepted', ...variable('OrganizationName') }] },
  }
  assert.deepEqual((await session.outcome(set)).payload, {
    setVariableData: [{ attributeValue: 'Example CPO', ...variable('OrganizationName') }],
  })
  const size = { ...variable('MaxCertificateChainSize'), attributeStatus: 'Accepted', attributeValue: '9000' }
  const asked = await session.outcome({ kind: 'result', payload: { getVariableResult: [size] } })
  assert.equal(schemas.check('GetVariables', 'call', asked.payload), null)
  assert.deepEqual(await session.outcome(status('Accepted')), {
    to: 'charge-point',
    action: 'TriggerMessage',
    payload: { requestedMessage: 'SignChargingStationCertificate' },
  })
  await send(setting, session, { csr, certificateType: 'ChargingStationCertificate' })
  await session.outcome(status('Accepted'))
  await setting.settle()
  assert.partialDeepStrictEqual(await setting.renewal(), { origin: 'operator', maxChainSize: 9000 })
  connect(setting, (await setting.renewal()).certificateFingerprint)
  assert.equal((await outcome).ok, true)
})

test('[A02.FR.12] a renewal is not begun where it passes, and the reason is told', async (t) => {
  const setting = await setUp(t)
  const session = connect(setting)
  setting.settings.certificates201 = 'pass'
  const outcome = await setting.renew()
  assert.partialDeepStrictEqual(outcome, { ok: false, code: 'prerequisite' })
  assert.match(outcome.detail, /centralSystem201\.certificates is pass/)
  assert.deepEqual(session.calls, [])
})
