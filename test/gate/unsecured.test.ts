import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admit, stillHolds } from '../../src/gate/admission.ts'
import { createLockout } from '../../src/gate/credentials/lockout.ts'
import { createPasswordVerifier } from '../../src/gate/credentials/verifier.ts'
import { warnOfUnsecured } from '../../src/gate/unsecured.ts'
import { createLogger } from '../../src/observe/log.ts'
import type { CheckMode } from '../../src/policy/reasons.ts'
import type { ChargePointRecord, Registry } from '../../src/store/store.ts'
import { aRecord, factsWith } from './facts.ts'

/** Somebody comes on profile 0 and shows nothing. */
async function comes(record: Partial<ChargePointRecord> | null, mode: CheckMode = 'enforce', learn = false) {
  const registry: Pick<Registry, 'get' | 'findBySerialNumber'> = {
    get: async () => (record === null ? null : { ...aRecord, ...record }),
    findBySerialNumber: async () => null,
  }
  const result = await admit(
    {
      profile: 0,
      identity: { identity: 'CP1', encoded: 'CP1' },
      authorization: undefined,
      facts: factsWith(),
      learn,
      modeOf: () => mode,
      report: () => assert.fail('nothing is merely reported on profile 0'),
    },
    {
      registry: registry as Registry,
      verifier: createPasswordVerifier({ now: () => 0 }),
      lockout: createLockout({ failures: 5, lockMs: 1000, now: () => 0 }),
      now: () => 7,
    },
  )
  return result.ok ? 'admitted' : result.reason
}

test('[A00.FR.001] profile 0: a charge point that is marked as migrating is admitted', async () => {
  assert.equal(await comes({ migrating: true }), 'admitted')
  assert.equal(await comes({ migrating: true, securityProfile: 0 }), 'admitted')
  const onItsWay = { migrating: true, securityProfile: 0, upgradeTo: 2 } as const
  assert.equal(await comes(onItsWay), 'admitted', '[A05.FR.08] until the new profile is seen')
})

test('[A00.FR.002] profile 0: one that is not marked, or has reached a profile, is refused', async () => {
  assert.equal(await comes({ migrating: false }), 'profile_mismatch')
  assert.equal(await comes({ migrating: false, securityProfile: 0 }), 'profile_mismatch')
  for (const securityProfile of [1, 2, 3] as const) {
    assert.equal(await comes({ migrating: true, securityProfile }), 'profile_mismatch')
  }
  assert.equal(await comes({ migrating: true, blocked: true }), 'charge_point_blocked')
})

test('[CWE-306] profile 0: these checks cannot be switched off, nor is anybody learned', async () => {
  for (const mode of ['report', 'off'] as const) {
    assert.equal(await comes({ migrating: false }, mode), 'profile_mismatch')
    assert.equal(await comes({ migrating: true, securityProfile: 2 }, mode), 'profile_mismatch')
  }
  assert.equal(await comes(null), 'charge_point_unknown')
  assert.equal(await comes(null, 'off', true), 'charge_point_unknown')
})

test('[A05.FR.09] profile 0: what happened before the 101 counts, whatever the mode', () => {
  const record = { ...aRecord, migrating: true }
  const reasonOf = (now: Partial<ChargePointRecord>) => {
    const verdict = stillHolds({ record, profile: 0, credential: null }, { ...record, ...now }, 'off')
    return verdict.ok ? 'holds' : verdict.reason
  }
  assert.equal(reasonOf({}), 'holds')
  assert.equal(reasonOf({ migrating: false }), 'profile_mismatch')
  assert.equal(reasonOf({ securityProfile: 2 }), 'profile_mismatch')
})

test('[CWE-306] listeners of profile 0 are named in a warning, and nothing is said without one', () => {
  const lines: string[] = []
  const log = createLogger('warn', { write: (line) => lines.push(line) })
  warnOfUnsecured([{ name: 'a', securityProfile: 1 }], log)
  assert.deepEqual(lines, [])
  warnOfUnsecured(
    [
      { name: 'a', securityProfile: 1 },
      { name: 'b', securityProfile: 0 },
    ],
    log,
  )
  assert.partialDeepStrictEqual(JSON.parse(lines[0] ?? ''), { level: 'warn', listeners: ['b'] })
})
