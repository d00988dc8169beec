import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import { createStationNetwork } from '../../src/simulator/station-network.ts'

/** A charging station on profile 2, with all that it needs unless `means` says otherwise. */
function begin(means: object = {}) {
  let profile: SecurityProfile = 2
  const entered: (readonly [SecurityProfile, string | undefined])[] = []
  let staged: (() => void)[] = []
  const network = createStationNetwork({
    security: {
      get profile() {
        return profile
      },
      meansOf: () => ({ password: true, roots: true, certificate: true, address: true, ...means }),
      enterProfile(next, at) {
        profile = next
        entered.push([next, at])
      },
      stage: (take) => staged.push(take),
    },
    note: () => {},
    entered: () => {},
  })
  return {
    ...{ network, entered },
    set(
      configurationSlot: unknown,
      securityProfile: unknown,
      ocppCsmsUrl: unknown = `wss://p${securityProfile}`,
    ) {
      const payload = { configurationSlot, connectionData: { securityProfile, ocppCsmsUrl } }
      const answer = network.table.SetNetworkProfile?.(payload, {} as never)
      return answer?.kind === 'result' ? answer.payload.status : answer?.kind
    },
    reset() {
      for (const take of staged) take()
      staged = []
    },
  }
}

test('[A05.FR.01] a slot takes no lower profile, and the one in use is not changed', () => {
  const { set } = begin()
  assert.equal(set(2, 1), 'Rejected')
  assert.equal(set(1, 3), 'Rejected')
  assert.equal(set(2, 7), 'Rejected')
  assert.equal(set('2', 3), 'Rejected')
  assert.equal(set(2, 3, 5), 'Rejected')
  assert.equal(set(2, 2), 'Accepted')
  for (let slot = 3; slot < 9; slot += 1) assert.equal(set(slot, 3), 'Accepted')
  assert.equal(set(99, 3), 'Rejected', 'they are full')
  assert.equal(set(8, 2), 'Accepted', 'but one that is there can be another')
})

test('[A05.FR.02][A05.FR.03][A05.FR.04] the order is refused without what its profiles need', () => {
  for (const [profile, means] of [
    [2, { password: false }],
    [3, { roots: false }],
    [3, { certificate: false }],
  ] as const) {
    const { network, set } = begin(means)
    assert.equal(set(2, profile), 'Accepted')
    assert.equal(network.setPriority('2,1'), 'Rejected')
    assert.equal(network.priority, '1')
  }
  const { network } = begin()
  for (const wrong of ['2', '', 'one', '1,2']) assert.equal(network.setPriority(wrong), 'Rejected', wrong)
})

test('[A05.FR.05][A05.FR.06][A05.FR.07] it counts from the next reset on; lower ones go once it works', () => {
  const { network, set, entered, reset } = begin()
  set(2, 3)
  assert.equal(network.setPriority('2,1'), 'Accepted')
  assert.deepEqual(entered, [])
  reset()
  assert.deepEqual(entered, [[3, 'wss://p3']])
  assert.equal(set(2, 3), 'Rejected', 'it is in use')
  network.connected()
  assert.equal(network.priority, '2')
})

test('[A05.FR.08] back on the one before it, that is in use again', () => {
  const { network, set, reset } = begin()
  set(2, 3)
  network.setPriority('2,1')
  reset()
  network.fellBack()
  assert.equal(set(1, 3), 'Rejected')
  assert.equal(set(2, 3), 'Accepted')
  assert.equal(network.priority, '2,1')
})
