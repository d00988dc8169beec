import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKey } from '../../../src/pki/keys.ts'
import type { Answer } from '../../../src/relay/use-case.ts'
import type { FakeSession } from '../../support/fake-session.ts'
import { callError, status } from '../operation/setting.ts'
import { down, rejecting, type Setting, setUp } from './setting.ts'

const keys = await generateKey({ type: 'ec', curve: 'P-256' })

const configuration = (value?: string): Answer => ({
  kind: 'result',
  payload:
    value === undefined
      ? { unknownKey: ['CertificateSignedMaxChainSize'] }
      : { configurationKey: [{ key: 'CertificateSignedMaxChainSize', readonly: true, value }] },
})

/** The charge point answers GetConfiguration and the trigger. */
async function trigger(session: FakeSession, size?: string): Promise<void> {
  assert.equal((await session.outcome(configuration(size))).action, 'GetConfiguration')
  const triggered = await session.outcome(status('Accepted'))
  assert.deepEqual(triggered, {
    to: 'charge-point',
    action: 'ExtendedTriggerMessage',
    payload: { requestedMessage: 'SignChargePointCertificate' },
  })
}

/** All of A02 until it took the certificate. */
async function renewed(setting: Setting, session: FakeSession): Promise<void> {
  await trigger(session)
  assert.equal(await setting.sign({ keys }), 'Accepted')
  assert.equal((await session.outcome(status('Accepted'))).action, 'CertificateSigned')
}

test('[A02.FR.01][A02.FR.04][A02.FR.11][TC_074_CSMS] an operator renews the certificate of a charge point', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew()
  await renewed(setting, session)
  assert.partialDeepStrictEqual(await outcome, { ok: true })
  assert.partialDeepStrictEqual(await setting.renewal(), { phase: 'accepted', origin: 'operator' })
})

test('[A02.FR.13] CpoName is set first where the operator wants it', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew({ setCpoName: true })
  const set = await session.outcome(status('Accepted'))
  assert.deepEqual(set.payload, { key: 'CpoName', value: 'Example CPO' })
  await renewed(setting, session)
  assert.equal((await outcome).ok, true)

  const refused = setting.renew({ setCpoName: true })
  await session.outcome(status('NotSupported'))
  assert.partialDeepStrictEqual(await refused, { ok: false, code: 'not_supported' })
})

test('a chain that is larger than CertificateSignedMaxChainSize is not sent', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew()
  await trigger(session, '300')
  await setting.sign({ keys })
  assert.partialDeepStrictEqual(await outcome, { ok: false, code: 'authority_failed' })
  const { detail, maxChainSize } = await setting.renewal()
  assert.equal(maxChainSize, 300)
  assert.match(detail ?? '', /CertificateSignedMaxChainSize/)
  assert.ok(session.calls.every(({ action }) => action !== 'CertificateSigned'))
})

test('[A02.FR.08] reconnect: it is proven by a connection with the new certificate', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  setting.busy.add('CP1')
  const outcome = setting.renew({ reconnect: true })
  await renewed(setting, session)
  await setting.settle()
  assert.equal(session.ends.length, 0, 'a transaction is open')
  setting.becameIdle()
  await setting.settle()
  assert.equal(session.ends[0]?.code, 1001)
  setting.connect({ certificate: (await setting.renewal()).certificateFingerprint })
  assert.deepEqual(await outcome, { ok: true, detail: 'it has connected with the new certificate' })
})

test('[A02.FR.08] one that comes back with its old certificate has fallen back', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew({ reconnect: true })
  await renewed(setting, session)
  await setting.settle()
  setting.connect()
  assert.partialDeepStrictEqual(await outcome, { ok: false, code: 'fell_back' })
})

test('[A02.FR.07] refusals of the charge point are told for what they are', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const cases: readonly [answer: Answer, code: string][] = [
    [status('Rejected'), 'refused'],
    [status('NotImplemented'), 'not_supported'],
    [status('Perhaps'), 'error_answer'],
    [callError, 'not_supported'],
  ]
  for (const [answer, code] of cases) {
    const outcome = setting.renew()
    await session.outcome(configuration())
    await session.outcome(answer)
    assert.partialDeepStrictEqual(await outcome, { ok: false, code })
  }
  const outcome = setting.renew()
  await trigger(session)
  await setting.sign({ keys })
  await session.outcome(status('Rejected'))
  assert.partialDeepStrictEqual(await outcome, { ok: false, code: 'refused' })
})

test('[A02.FR.12] a request that is rejected ends the operation, with what is wrong', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew({ keyType: 'rsa' })
  await trigger(session)
  assert.equal(await setting.sign({ keys }), 'Rejected')
  const ended = await outcome
  assert.partialDeepStrictEqual(ended, { ok: false, code: 'request_rejected' })
  assert.match(ended.detail, /key of type ec, and rsa was asked for/)
})

test('[A02.FR.04] an authority that is down or rejects is told, and nothing is sent while it is known to be', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  setting.authority = rejecting
  const rejected = setting.renew()
  await trigger(session)
  await setting.sign({ keys })
  assert.partialDeepStrictEqual(await rejected, { ok: false, code: 'authority_failed' })

  setting.authority = down
  const pending = setting.renew()
  await trigger(session)
  await setting.sign({ keys })
  await setting.settle()
  setting.clock.advance(60_000)
  assert.partialDeepStrictEqual(await pending, { ok: false, code: 'authority_failed' })
  await setting.settle()

  const calls = session.calls.length
  assert.partialDeepStrictEqual(await setting.renew(), { ok: false, code: 'prerequisite' })
  assert.equal(session.calls.length, calls)
})

test('what is missing is told before anything is sent', async (t) => {
  const setting = await setUp(t)
  const missing: readonly [prepare: () => unknown, code: string][] = [
    [() => setting.connect({ profile: 1 }), 'prerequisite'],
    [() => setting.store.registry.update('CP1', { serialNumber: null }), 'prerequisite'],
    [() => setting.disconnect(), 'not_connected'],
  ]
  for (const [prepare, code] of missing) {
    const session = setting.connect()
    await prepare()
    assert.partialDeepStrictEqual(await setting.renew(), { ok: false, code })
    assert.deepEqual(session.calls, [])
  }
  setting.settings.securityMessages = 'forward'
  setting.connect()
  assert.match((await setting.renew()).detail, /securityMessages is forward/)
})

test('a charge point that accepts the trigger and sends nothing', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const outcome = setting.renew()
  await trigger(session)
  await setting.settle()
  setting.clock.advance(60_000)
  assert.deepEqual(await outcome, {
    ok: false,
    code: 'no_answer',
    detail: 'it accepted the trigger and sent no request',
  })
})
