import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  behaviourOf,
  type ChangeBehaviour,
  type ChargePointBehaviour,
} from '../../src/simulator/behaviour.ts'
import type { ChargePointOptions } from '../../src/simulator/charge-point.ts'
import type { CallOutcome } from '../../src/simulator/endpoint.ts'
import { createFallback } from '../../src/simulator/fallback.ts'
import { simulators } from './simulators.ts'

const oldKey = Buffer.alloc(16, 0xe1)
const newKey = Buffer.alloc(20, 0x8f)
const basic = (key: Buffer): string =>
  `Basic ${Buffer.concat([Buffer.from('CP-1:'), key]).toString('base64')}`

function kindOf(outcome: CallOutcome): unknown {
  if (outcome.kind === 'result') return outcome.payload.status
  return outcome.kind === 'error' ? outcome.code : outcome.kind
}

/** A booted charge point with a password, and what changes its settings. */
async function setUp(
  t: TestContext,
  behaviour: Partial<ChargePointBehaviour>,
  options: Partial<ChargePointOptions> = {},
) {
  const password = { bytes: oldKey, form: 'raw' } as const
  const found = await simulators(t, { securityProfile: 1, password, behaviour, ...options })
  await found.chargePoint.connect()
  await found.chargePoint.boot()
  const change = (key: string, value: string, timeoutMs = 60_000) =>
    found.central.send('CP-1', 'ChangeConfiguration', { key, value }, { timeoutMs })
  const comesWith = async () => (await found.central.nextConnection()).headers.authorization
  return { ...found, change, comesWith, changeKey: () => change('AuthorizationKey', newKey.toString('hex')) }
}

const staying: readonly (readonly [ChangeBehaviour, string])[] = [
  ['refuse', 'Rejected'],
  ['not-supported', 'NotSupported'],
  ['error', 'InternalError'],
]
for (const [behaviour, answer] of staying) {
  test(`[A01.FR.04] ${behaviour}: ${answer}, it stays connected and keeps its password`, async (t) => {
    const { central, chargePoint, changeKey, comesWith } = await setUp(t, { authorizationKey: behaviour })
    assert.equal(kindOf(await changeKey()), answer)
    assert.equal((await chargePoint.heartbeat()).kind, 'result')
    assert.equal(central.connections().length, 1)
    const next = comesWith()
    await chargePoint.close()
    await chargePoint.connect()
    assert.equal(await next, basic(oldKey))
  })
}

test('[A01.FR.03] reboot-required: the new password is used from the next Reset on', async (t) => {
  const { central, chargePoint, changeKey, comesWith } = await setUp(t, {
    authorizationKey: 'reboot-required',
  })
  assert.equal(kindOf(await changeKey()), 'RebootRequired')
  const again = comesWith()
  await chargePoint.close()
  await chargePoint.connect()
  assert.equal(await again, basic(oldKey))
  const afterReset = comesWith()
  assert.equal(kindOf(await central.send('CP-1', 'Reset', { type: 'Soft' })), 'Accepted')
  assert.equal(await afterReset, basic(newKey))
})

test('[A01.FR.03] silent: no answer at all, and other CALLs are answered', async (t) => {
  const { central, chargePoint, change } = await setUp(t, { authorizationKey: 'silent' })
  assert.equal(kindOf(await change('AuthorizationKey', newKey.toString('hex'), 20)), 'timeout')
  assert.equal(kindOf(await central.send('CP-1', 'ClearCache', {})), 'Accepted')
  assert.equal(chargePoint.traffic().unanswered, 1)
  assert.equal(central.traffic().timeouts, 1)
})

for (const [behaviour, key] of [
  ['drop-before', oldKey],
  ['drop-after', newKey],
] as const) {
  test(`[A01.FR.03] ${behaviour}: the line drops without an answer, and it comes back with one key`, async (t) => {
    const { central, changeKey, comesWith } = await setUp(t, { authorizationKey: behaviour })
    const next = comesWith()
    const closed = central.nextClose()
    assert.equal(kindOf(await changeKey()), 'closed')
    assert.equal((await closed).code, 1006)
    assert.equal(await next, basic(key))
  })
}

test('[A05.FR.05] the same behaviours for the security profile; prerequisites come first', async (t) => {
  const start = { securityProfile: 0 } as const
  const { chargePoint, change, comesWith } = await setUp(t, { securityProfile: 'drop-after' }, start)
  assert.equal(kindOf(await change('SecurityProfile', '0')), 'Rejected')
  assert.equal(kindOf(await change('SecurityProfile', '2')), 'Rejected')
  for (const [behaviour, answer] of staying) {
    chargePoint.behave({ securityProfile: behaviour })
    assert.equal(kindOf(await change('SecurityProfile', '1')), answer)
    assert.equal(chargePoint.securityProfile, 0)
  }
  chargePoint.behave({ securityProfile: 'drop-after' })
  const next = comesWith()
  assert.equal(kindOf(await change('SecurityProfile', '1')), 'closed')
  assert.equal(await next, basic(oldKey))
  assert.equal(chargePoint.securityProfile, 1)
})

test('[A05.FR.08] a new profile is given up after so many failures, or so long', () => {
  let now = 0
  const fallback = createFallback({ attempts: 3, afterMs: 1000 }, () => now)
  assert.equal(fallback.failed(), null, 'nothing to go back to')
  fallback.begin(1)
  assert.deepEqual([fallback.failed(), fallback.failed(), fallback.failed()], [null, null, 1])
  assert.equal(fallback.failed(), null)
  fallback.begin(0)
  now = 1000
  assert.equal(fallback.failed(), 0)
  fallback.begin(1)
  fallback.begin(2)
  fallback.confirm()
  now = 5000
  assert.equal(fallback.failed(), null, 'it has worked')
})

test('of a fleet, every so many-th misbehaves, one behaviour after the other', () => {
  const misbehaviour = { every: 10, behaviours: ['refuse', 'silent', 'drop-before'] } as const
  const found = Array.from({ length: 50 }, (_, index) => behaviourOf(index + 1, misbehaviour))
  const wrong = found.map(({ authorizationKey }) => authorizationKey).filter((how) => how !== 'accept')
  assert.deepEqual(wrong, ['refuse', 'silent', 'drop-before', 'refuse', 'silent'])
  assert.equal(found[9]?.authorizationKey, 'refuse')
  assert.deepEqual(behaviourOf(10, { ...misbehaviour, only: 'securityProfile' }), {
    authorizationKey: 'accept',
    securityProfile: 'refuse',
  })
  assert.equal(behaviourOf(10, { every: 10, behaviours: [] }).authorizationKey, 'accept')
})
