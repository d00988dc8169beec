import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Directory } from '../../../src/app/replicas/directory.ts'
import { Leader } from '../../../src/app/replicas/leader.ts'
import { fleetOperations } from '../../../src/app/replicas/operations.ts'
import type { Wire } from '../../../src/app/replicas/wire.ts'
import type { Leases } from '../../../src/store/store.ts'
import type { ChargePointOperations } from '../../../src/usecases/operation/operation.ts'

/** Leases of one job, that anybody may take from us. */
function setting(gained: (token: number) => Promise<void> = async () => {}) {
  const state = { token: 0, held: null as number | null }
  const log: string[] = []
  const leases = {
    acquire: async () => {
      state.token += 1
      state.held = state.token
      return { ok: true, token: state.token }
    },
    held: async () => [state.held],
    release: async (_kind: string, _name: string, token: number) => {
      log.push(`released ${token}`)
      state.held = null
      return true
    },
  } as unknown as Leases
  const leader = new Leader({
    leases,
    log: { info() {}, error: (_: object, text?: string) => void log.push(`${text}`) },
    mayLead: () => true,
    gained: async (token) => {
      await gained(token)
      log.push(`gained ${token}`)
    },
    lost: async () => void log.push('lost'),
  })
  return { leader, state, log }
}

test('who cannot take up the work gives it back, and tries again', async () => {
  let isBroken = true
  const { leader, log } = setting(async () => {
    if (isBroken) throw new Error('the store is away')
  })
  await leader.look('life')
  assert.deepEqual([leader.isLeader, leader.token, leader.isSureIn('life')], [false, null, false])
  assert.deepEqual(log, ['the work for all replicas did not change hands well', 'lost', 'released 1'])
  isBroken = false
  await leader.look('life')
  assert.deepEqual([leader.token, log.at(-1)], [2, 'gained 2'])
})

test('[CWE-362] in a new life nothing is certain before the lease was looked at', async () => {
  const { leader, state, log } = setting()
  await leader.look('one')
  assert.deepEqual([leader.isSureIn('one'), leader.isSureIn('two')], [true, false])
  await leader.look('two')
  assert.equal(leader.isSureIn('two'), true)
  state.held = null
  await leader.look('three')
  assert.deepEqual(log, ['gained 1', 'lost', 'gained 2'])
})

test('[CWE-362] who is not certain to lead sends no operation', async () => {
  const sent: string[] = []
  const rotatePassword = async (identity: string) => {
    sent.push(identity)
    return { ok: true, detail: '' } as const
  }
  const local = { rotatePassword } as unknown as ChargePointOperations
  const directory = { remote: () => null } as unknown as Directory
  let mayBegin = true
  const operations = fleetOperations(local, {} as Wire, directory, () => mayBegin)
  const options = { origin: 'campaign', timeoutMs: 1, reset: false } as const
  await operations.rotatePassword('CP1', options)
  mayBegin = false
  await assert.rejects(operations.rotatePassword('CP2', options), { code: 'lease_lost' })
  assert.deepEqual(sent, ['CP1'])
})
