import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  beginChange,
  type CredentialState,
  changeAtSuccess,
  parseCredentialChange,
  startOfChange,
  stepChange,
} from '../../src/store/credential-change.ts'
import type { CredentialChange, CredentialHash } from '../../src/store/store.ts'
import { hashOf, offer } from './contract/credential-changes.ts'

const time = fc.integer({ min: 0, max: 2 ** 50 })
const change: fc.Arbitrary<CredentialChange> = fc.record(
  {
    next: fc.integer({ min: 1, max: 255 }).map(hashOf),
    nextUpstreamSecret: fc.option(fc.string()),
    phase: fc.constantFrom('offered', 'accepted', 'reboot-required'),
    origin: fc.constantFrom('operator', 'campaign', 'central-system'),
    startedAt: time,
    answeredAt: fc.option(time),
    oldSeenAt: fc.option(time),
  },
  { noNullPrototype: true },
)

test('[CWE-20] a change is read as it was written, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(change, (one) =>
      assert.deepEqual(parseCredentialChange(JSON.parse(JSON.stringify(one))), one),
    ),
  )
  fc.assert(fc.property(fc.anything(), (value) => assert.equal(parseCredentialChange(value), null)))
  fc.assert(
    fc.property(
      change,
      fc.constantFrom('next', 'phase', 'origin', 'startedAt', 'answeredAt', 'oldSeenAt'),
      (one, key) => assert.equal(parseCredentialChange({ ...one, [key]: 'x' }), null),
    ),
  )
})

test('a change never begins when the one before it began', () => {
  fc.assert(
    fc.property(time, fc.option(time), (now, last) => {
      const startedAt = startOfChange(now, last)
      assert.notEqual(startedAt, last)
      assert.ok(Math.abs(startedAt - now) <= 60_000)
    }),
  )
})

/** A charge point that does as the standard says, and a network that may swallow its answer. */
interface Fleet {
  readonly state: CredentialState
  readonly held: CredentialHash
}

const admits = ({ state, held }: Fleet) => {
  const hashes = [state.credential, state.credentialChange?.next].map((hash) => hash?.salt)
  return hashes.includes(held.salt)
}

type Move = 'offer-accepted' | 'offer-rejected' | 'offer-lost' | 'answer-lost' | 'login'

/** One change at a time: the next begins when the one before is settled, or was accepted. */
function play(fleet: Fleet, move: Move, now: number): Fleet {
  const { state, held } = fleet
  const open = state.credentialChange
  if (move === 'login') {
    const credential = held.salt === open?.next.salt ? 'next' : 'current'
    return { held, state: changeAtSuccess(state, { credential, at: now }) ?? state }
  }
  if (open !== null && open.phase !== 'accepted') return fleet
  const next = hashOf((now % 200) + 1)
  const begun = beginChange(state, { ...offer(0), next }, now)
  switch (move) {
    case 'offer-accepted':
      return { held: next, state: stepChange(begun, now, 'accepted', now + 1) ?? begun }
    case 'offer-rejected':
      return { held, state: stepChange(begun, now, 'revert', now + 1) ?? begun }
    case 'offer-lost':
      return { held, state: begun }
    case 'answer-lost':
      return { held: next, state: begun }
    default:
      return move satisfies never
  }
}

test('[A01.FR.03][A01.FR.04] whatever gets lost, the charge point is never locked out', () => {
  const moves = fc.array(
    fc.constantFrom<Move>('offer-accepted', 'offer-rejected', 'offer-lost', 'answer-lost', 'login'),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(moves, (played) => {
      const held = hashOf(255)
      let fleet: Fleet = { held, state: { credential: held, upstreamSecret: null, credentialChange: null } }
      for (const [index, move] of played.entries()) {
        fleet = play(fleet, move, 10 + index * 10)
        assert.ok(admits(fleet), `after ${played.slice(0, index + 1).join(', ')}`)
        if (move !== 'login') continue
        assert.equal(
          fleet.state.credentialChange === null || fleet.state.credential?.salt === fleet.held.salt,
          true,
        )
      }
    }),
  )
})
