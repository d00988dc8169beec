import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../../src/ocpp/message.ts'
import { createMessageSchemas201 } from '../../../src/ocpp/message-schemas.ts'
import { wrapRequest } from '../../../src/ocpp/plug-and-charge.ts'
import type { Call, CallFate, UseCaseSession } from '../../../src/relay/use-case.ts'
import { createPlugAndCharge } from '../../../src/usecases/plug-and-charge/plug-and-charge.ts'
import {
  noPlugAndCharge,
  type PlugAndChargeServices,
} from '../../../src/usecases/plug-and-charge/settings.ts'
import { fakeSession } from '../../support/fake-session.ts'

const contract = { iso15118SchemaVersion: 'urn', action: 'Install', exiRequest: 'AAAA' }
const pool = {
  ask: async () => ({ ok: true, status: 'Accepted', exiResponse: 'BBBB' }) as const,
  close() {},
}
const contractCheck = { check: async () => ({ status: 'Accepted', detail: null }) as const }

function settingOf(services: Partial<PlugAndChargeServices>) {
  const counted: string[] = []
  const state = { services: { ...noPlugAndCharge, ...services } }
  const { useCase } = createPlugAndCharge({
    services: () => state.services,
    signing: { request: () => assert.fail('nothing is signed here'), ended() {}, watch: () => () => {} },
    schemas201: createMessageSchemas201(),
    callTimeoutMs: () => 1000,
    counted: (message, result) => void counted.push(`${message} ${result}`),
    log: { warn() {} } as never,
  })
  const call = async (session: UseCaseSession, action: string, payload: Payload): Promise<CallFate> => {
    const asked: Call = { direction: 'to-central-system', id: '1', action, payload }
    const fate = await useCase.onCall?.(asked, session)
    assert.ok(fate !== undefined)
    return fate
  }
  const isWatched = (session: UseCaseSession, action: string): boolean =>
    useCase.watches.some((watch) => watch.action === action && watch.only?.(session) !== false)
  return { call, counted, isWatched, state }
}

test('what nobody serves is not even parsed, in either version', () => {
  const { isWatched, state } = settingOf({})
  const [old, station] = [fakeSession(), fakeSession({ protocol: 'ocpp2.0.1' })]
  const all = [
    'DataTransfer',
    'Authorize',
    'GetCertificateStatus',
    'Get15118EVCertificate',
    'SignCertificate',
  ]
  const watched = (session: UseCaseSession) => all.filter((action) => isWatched(session, action))
  assert.deepEqual([watched(old), watched(station)], [[], []])
  state.services = { ...noPlugAndCharge, contractPool: pool }
  assert.deepEqual([watched(old), watched(station)], [['DataTransfer'], ['Get15118EVCertificate']])
})

test('a message of the other version is none of ours', async () => {
  const { call, counted } = settingOf({ contractPool: pool })
  const natively = await call(fakeSession(), 'Get15118EVCertificate', contract)
  const wrapped = wrapRequest('Get15118EVCertificate', contract)
  const inside = await call(fakeSession({ protocol: 'ocpp2.0.1' }), 'DataTransfer', wrapped)
  assert.deepEqual([natively.kind, inside.kind, counted], ['forward', 'forward', []])
})

test('[A00.FR.806] with factory credentials there is no contract to be had', async () => {
  const { call, counted } = settingOf({ contractPool: pool, contractCheck })
  const session = fakeSession({ stage: 'onboarding' })
  for (const message of ['Get15118EVCertificate', 'Authorize'] as const)
    assert.equal((await call(session, 'DataTransfer', wrapRequest(message, contract))).kind, 'forward')
  assert.deepEqual(counted, [])
})

test('a central system that does not answer Authorize leaves the charge point an error', async () => {
  for (const outcome of [
    { kind: 'no-answer', detail: 'late' },
    { kind: 'not-sent', detail: 'the session ended' },
  ] as const) {
    const { call, counted } = settingOf({ contractCheck })
    const session = fakeSession()
    const data = { idToken: { idToken: 'DEABCC123456789' } }
    const fate = call(session, 'DataTransfer', wrapRequest('Authorize', data))
    const asked = await session.outcome(outcome)
    assert.deepEqual(asked, {
      to: 'central-system',
      action: 'Authorize',
      payload: { idTag: 'DEABCC123456789' },
    })
    assert.partialDeepStrictEqual(await fate, {
      kind: 'answer',
      answer: { kind: 'error', code: 'InternalError' },
    })
    assert.deepEqual(counted, ['Authorize failed'])
  }
})

test('idToken is an object or its text; what no idTag holds is asked of nobody', async () => {
  const { call } = settingOf({ contractCheck })
  const session = fakeSession()
  const wrapped = (idToken: unknown) => wrapRequest('Authorize', { idToken })
  const fate = call(session, 'DataTransfer', wrapped('DEABCC123456789'))
  const idTagInfo = { status: 'Accepted', parentIdTag: 'group' }
  await session.outcome({ kind: 'result', payload: { idTagInfo } })
  assert.partialDeepStrictEqual(await fate, {
    answer: { payload: { status: 'Accepted', data: '{"idTokenInfo":{"status":"Accepted"}}' } },
  })
  for (const idToken of ['X'.repeat(21), '', undefined, null, 7, {}, { idToken: 7 }, ['DEABCC123456789']])
    assert.partialDeepStrictEqual(await call(session, 'DataTransfer', wrapped(idToken)), {
      answer: { payload: { status: 'Accepted', data: '{"idTokenInfo":{"status":"Invalid"}}' } },
    })
  assert.equal(session.calls.length, 1)
})
