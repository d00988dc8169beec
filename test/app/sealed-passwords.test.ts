import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { SealedPasswords, type SealedPasswordsDeps } from '../../src/app/sealed-passwords.ts'
import { seal } from '../../src/store/seal.ts'
import type { ChargePointRecord } from '../../src/store/store.ts'
import { secret } from '../support/secrets.ts'

const [key, lost] = [secret('sealing key', randomBytes(32)), secret('sealing key', randomBytes(32))]

/** A fleet of more than one page, of which some have a password for the central system. */
function fleet(sealedBy: Readonly<Record<number, Buffer>>, nextSealedBy: Readonly<Record<number, Buffer>>) {
  const sealed = (by: Buffer | undefined, identity: string) =>
    by === undefined ? null : seal(by, identity, randomBytes(16))
  return Array.from({ length: 1200 }, (_, number) => {
    const identity = `CP-${String(number).padStart(4, '0')}`
    const nextUpstreamSecret = sealed(nextSealedBy[number], identity)
    const upstreamSecret = sealed(sealedBy[number], identity)
    const credentialChange = nextUpstreamSecret === null ? null : { nextUpstreamSecret }
    return { identity, upstreamSecret, credentialChange } as unknown as ChargePointRecord
  })
}

function looked(records: readonly ChargePointRecord[], authorization: string) {
  const state = { isAway: false, errors: 0, warnings: 0, sealingKey: key }
  const config = () => ({ centralSystem: { authorization }, store: { sealingKey: state.sealingKey } })
  const look = new SealedPasswords({
    registry: {
      list: async ({ after = '', limit }) => {
        if (state.isAway) throw new Error('away')
        return records.filter(({ identity }) => identity > after).slice(0, limit)
      },
    },
    config: config as unknown as SealedPasswordsDeps['config'],
    log: {
      warn() {
        state.warnings += 1
      },
      error() {
        state.errors += 1
      },
    },
  })
  return { look, state }
}

test('[CWE-636] what the sealing key does not open is told of before anybody is refused for it', async () => {
  const { look, state } = looked(
    fleet({ 3: key, 700: lost, 1100: lost }, { 900: lost, 901: key }),
    'perChargePoint',
  )
  assert.deepEqual(look.notes(), [])
  await look.look()
  const note = 'store.sealingKeyFile does not open the password for the central system of CP-0700 and 2 more'
  assert.deepEqual(look.notes(), [note])
  state.isAway = true
  await look.look()
  assert.deepEqual([look.notes(), state.errors], [[note], 1], 'what was known stays')
  state.isAway = false
  await look.look()
  assert.equal(state.warnings, 1, 'once')
  state.sealingKey = lost
  await look.look()
  assert.match(look.notes().join(), /of CP-0003 and 1 more$/)
})

test('where no password of a charge point is shown to the central system, nobody looks', async () => {
  const { look, state } = looked(fleet({ 3: lost }, {}), 'forward')
  state.isAway = true
  await look.look()
  assert.deepEqual([look.notes(), state.errors], [[], 0])
})
