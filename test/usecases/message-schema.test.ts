import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessagesConfig } from '../../src/config/schema.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { Payload } from '../../src/ocpp/message.ts'
import { createMessageSchemas, createMessageSchemas201 } from '../../src/ocpp/message-schemas.ts'
import type { Answer, CallFate, Direction } from '../../src/relay/use-case.ts'
import { createMessageSchema, schemaModeOf } from '../../src/usecases/message-schema.ts'
import { fakeSession } from '../support/fake-session.ts'
import { MetricsPage } from '../support/metrics.ts'

const schemas = createMessageSchemas()
const schemas201 = createMessageSchemas201()
type Settings = Pick<MessagesConfig, 'schema' | 'schemaTransactions'>

function parts(schema: MessagesConfig['schema'], schemaTransactions: 'report' | 'enforce' = 'report') {
  const metrics = createMetrics({ version: 'x', node: 'x', openssl: 'x' }, { processMetrics: false })
  const lines: string[] = []
  const clock = { now: 0 }
  const useCase = createMessageSchema({
    settings: (): Settings => ({ schema, schemaTransactions }),
    schemas,
    schemas201,
    metrics,
    log: createLogger('info', { write: (line) => lines.push(line) }),
    now: () => clock.now,
  })
  const send = async (
    direction: Direction,
    action: string,
    payload: Payload,
    protocol: 'ocpp1.6' | 'ocpp2.0.1' = 'ocpp1.6',
  ) => {
    const fate = await useCase?.onCall?.({ direction, id: '1', action, payload }, fakeSession({ protocol }))
    assert.ok(fate !== undefined)
    return fate
  }
  const counted = async (labels: Record<string, string>) =>
    new MetricsPage(await metrics.registry.metrics()).sum('ocpp_proxy_schema_violations_total', labels)
  return { useCase, send, counted, lines, clock }
}

async function answered(fate: CallFate, answer: Answer | null) {
  assert.ok(fate.kind === 'forward' && fate.answered !== undefined)
  return fate.answered(answer)
}

const up = 'to-central-system'
const down = 'to-charge-point'
const boot = { chargePointVendor: 'V', chargePointModel: 'M' }

test('[design 9] off: there is no use case, and nothing is parsed', () => {
  assert.equal(parts('off').useCase, null)
})

test('[A00.FR.006] the schemas and codes of the version that is spoken', async () => {
  const { send } = parts('enforce')
  const station = { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } }
  assert.equal((await send(up, 'BootNotification', station, 'ocpp2.0.1')).kind, 'forward')
  assert.equal((await send(up, 'BootNotification', boot)).kind, 'forward')
  const missing = { kind: 'answer', answer: { code: 'OccurrenceConstraintViolation' } }
  assert.partialDeepStrictEqual(await send(up, 'BootNotification', boot, 'ocpp2.0.1'), missing)
  const more = { ...station, more: 1 }
  const unknown = { kind: 'answer', answer: { code: 'FormatViolation' } }
  assert.partialDeepStrictEqual(await send(up, 'BootNotification', more, 'ocpp2.0.1'), unknown)
  assert.equal((await send(down, 'ChangeConfiguration', {}, 'ocpp2.0.1')).kind, 'forward', 'not its action')
  assert.equal((await send(up, 'TransactionEvent', {}, 'ocpp2.0.1')).kind, 'forward', 'reported only')
})

test('report: it counts, logs and forwards', async () => {
  const { send, counted, lines } = parts('report')
  assert.equal((await send(up, 'BootNotification', boot)).kind, 'forward')
  assert.equal(await counted({}), 0)
  assert.equal((await send(up, 'BootNotification', { chargePointVendor: 'V' })).kind, 'forward')
  assert.equal((await send(down, 'Reset', { type: 'Firm' })).kind, 'forward')
  assert.equal(
    await counted({ direction: 'from_charge_point', action: 'BootNotification', mode: 'report' }),
    1,
  )
  assert.equal(await counted({ direction: 'from_central_system', action: 'Reset', mode: 'report' }), 1)
  assert.partialDeepStrictEqual(JSON.parse(lines[0] ?? ''), {
    level: 'warn',
    identity: 'CP1',
    action: 'BootNotification',
    part: 'call',
    problem: 'chargePointModel is missing',
  })
})

test('[OCPP-J 4.2.3] enforce: a CALL that breaks its schema gets a CALLERROR that names the path', async () => {
  const { send, counted } = parts('enforce')
  const fate = await send(down, 'ChangeConfiguration', { key: 'k', value: 'c0ffee'.repeat(100) })
  assert.deepEqual(fate, {
    kind: 'answer',
    answer: {
      kind: 'error',
      code: 'PropertyConstraintViolation',
      description: 'value has more than 500 characters',
      details: {},
    },
  })
  assert.equal(
    await counted({ direction: 'from_central_system', action: 'ChangeConfiguration', mode: 'enforce' }),
    1,
  )
  assert.equal((await send(up, 'Heartbeat', {})).kind, 'forward')
})

test('[OCPP 1.6 3.7] enforce does not touch the transaction messages of a charge point', async () => {
  const { send, counted } = parts('enforce')
  for (const action of ['StartTransaction', 'StopTransaction', 'MeterValues']) {
    assert.equal((await send(up, action, {})).kind, 'forward', action)
    assert.equal(await counted({ action, mode: 'report' }), 1)
  }
  assert.equal(await counted({ mode: 'enforce' }), 0)
})

test('[A04.FR.02] enforce leaves SecurityEventNotification to its lenient reader, and counts it', async () => {
  const { send, counted } = parts('enforce')
  const event = { type: 'T', timestamp: 'yesterday', techInfo: 'x'.repeat(300) }
  assert.equal((await send(up, 'SecurityEventNotification', event)).kind, 'forward')
  assert.equal(await counted({ action: 'SecurityEventNotification', mode: 'report' }), 1)
})

test('[OCPP 1.6 3.7] unless the operator says so', async () => {
  const { send, counted } = parts('enforce', 'enforce')
  assert.equal((await send(up, 'StopTransaction', {})).kind, 'answer')
  assert.equal(await counted({ action: 'StopTransaction', mode: 'enforce' }), 1)
  const settings: Settings = { schema: 'report', schemaTransactions: 'enforce' }
  assert.equal(schemaModeOf(settings, { direction: up, action: 'StopTransaction' }), 'report')
})

test('an answer that breaks its schema is reported and forwarded, also in enforce', async () => {
  const { send, counted, lines } = parts('enforce')
  const bad: Answer = { kind: 'result', payload: { status: 'Accepted', currentTime: 'now', interval: 1 } }
  assert.deepEqual(await answered(await send(up, 'BootNotification', boot), bad), { kind: 'forward' })
  const labels = { direction: 'from_central_system', action: 'BootNotification', mode: 'report' }
  assert.equal(await counted(labels), 1)
  assert.partialDeepStrictEqual(JSON.parse(lines[0] ?? ''), {
    part: 'result',
    problem: 'currentTime is no date-time',
  })
  const reset = await send(down, 'Reset', { type: 'Soft' })
  await answered(reset, { kind: 'result', payload: {} })
  assert.equal(await counted({ direction: 'from_charge_point', action: 'Reset', mode: 'report' }), 1)
})

test('errors, good answers and no answer are none of its business', async () => {
  const { send, counted } = parts('report')
  const answers: (Answer | null)[] = [
    null,
    { kind: 'error', code: 'InternalError', description: '', details: {} },
    { kind: 'result', payload: { status: 'Accepted' } },
  ]
  for (const answer of answers) {
    assert.deepEqual(await answered(await send(down, 'Reset', { type: 'Soft' }), answer), { kind: 'forward' })
  }
  assert.equal(await counted({}), 0)
})

test('an action that OCPP 1.6 does not have passes, and makes no label', async () => {
  const { send, counted } = parts('enforce')
  assert.deepEqual(await send(up, 'X-Telemetry', { any: 'thing' }), { kind: 'forward' })
  assert.deepEqual(await send(up, '__proto__', {}), { kind: 'forward' })
  assert.equal(await counted({}), 0)
})

test('[CWE-770] every violation is counted, the same kind is logged once a minute', async () => {
  const { send, counted, lines, clock } = parts('report')
  for (let count = 0; count < 10; count += 1) await send(up, 'BootNotification', {})
  assert.equal(await counted({ action: 'BootNotification' }), 10)
  assert.equal(lines.length, 1)
  await send(up, 'BootNotification', { chargePointVendor: 'V' })
  assert.equal(lines.length, 2, 'another kind')
  clock.now = 60_000
  await send(up, 'BootNotification', {})
  assert.partialDeepStrictEqual(JSON.parse(lines[2] ?? ''), { unsaid: 9 })
})
