import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { opcode } from '../../src/relay/opcode.ts'
import { type CallFate, type CallOutcome, forward, type UseCase } from '../../src/relay/use-case.ts'
import { after, turns } from '../relay/scripted.ts'
import { type OpenSession, type Peer, withSession } from '../relay/sockets.ts'
import { closePayload, type FrameParts, frame, testMask, textsOf } from '../relay/wire.ts'

type Side = 'chargePoint' | 'central'

/** What is done, in any order. */
type Step =
  /** A side sends a CALL: seen by nobody, let through at once, or held by a promise. */
  | {
      readonly kind: 'call'
      readonly side: Side
      readonly how: 'unseen' | 'seen' | 'held' | 'heard'
      readonly cuts: number
    }
  /** A side answers the oldest CALL that it has got; twice, where `again`. */
  | { readonly kind: 'answer'; readonly side: Side; readonly again: boolean; readonly cuts: number }
  /** A CALL of ours, to that side. */
  | { readonly kind: 'own'; readonly side: Side }
  /** The oldest promise is settled. */
  | { readonly kind: 'decide' }
  /** So much time passes. */
  | { readonly kind: 'time'; readonly ms: number }
  /** What was sent arrives. */
  | { readonly kind: 'wait' }

const side = fc.constantFrom<Side>('chargePoint', 'central')
const cuts = fc.integer({ min: 0, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      side,
      how: fc.constantFrom('unseen', 'seen', 'held', 'heard'),
      cuts,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), side, again: fc.boolean(), cuts }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('own' as const), side }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'decide' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1000, 30_000) }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'wait' as const }) },
)
const ending = fc.constantFrom('quiet', 'close', 'loss', 'destroy')

const otherSide = (one: Side): Side => (one === 'central' ? 'chargePoint' : 'central')

/** One run: what was sent, and what became of it. */
class Run {
  readonly open: OpenSession
  readonly sent: Record<Side, { calls: string[]; answers: string[] }> = {
    chargePoint: { calls: [], answers: [] },
    central: { calls: [], answers: [] },
  }
  readonly outcomes: CallOutcome[] = []
  owns = 0
  readonly #desk: Desk
  readonly #answered: Record<Side, number> = { chargePoint: 0, central: 0 }
  #count = 0

  constructor(open: OpenSession, desk: Desk) {
    this.open = open
    this.#desk = desk
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'call': {
        this.#count += 1
        const action = one.how === 'unseen' ? 'Heartbeat' : 'DataTransfer'
        const text = JSON.stringify([2, `${one.side}-${this.#count}`, action, { how: one.how }])
        this.sent[one.side].calls.push(text)
        return send(this.open[one.side], text, one.cuts)
      }
      case 'answer':
        return this.answer(one.side, one.again, one.cuts)
      case 'own':
        return this.own(one.side)
      case 'decide':
        return this.#desk.decide()
      case 'time':
        return after(this.open, one.ms)
      case 'wait':
        return turns(3)
    }
  }

  own(to: Side): void {
    const { session } = this.open
    this.owns += 1
    const method = to === 'chargePoint' ? 'callChargePoint' : 'callCentralSystem'
    void session[method]('TriggerMessage', {}, { timeoutMs: 50_000 }).then((outcome) =>
      this.outcomes.push(outcome),
    )
  }

  answer(from: Side, again = false, pieces = 0): void {
    const ids = idsOf(this.open[from], 2)
    const id = ids[this.#answered[from]]
    if (id === undefined) return
    this.#answered[from] += 1
    const text = JSON.stringify([3, id, { by: from }])
    for (let count = again ? 2 : 1; count > 0; count -= 1) {
      if (!isUuid(id)) this.sent[from].answers.push(text)
      send(this.open[from], text, pieces)
    }
  }

  /** Everything that can still happen does: until every CALL was delivered and answered. */
  async settle(): Promise<void> {
    const isDone = () =>
      this.outcomes.length === this.owns &&
      (['chargePoint', 'central'] as const).every(
        (to) =>
          this.sent[otherSide(to)].calls.length === callsOf(this.open[to]).length &&
          this.sent[otherSide(to)].answers.length === answersOf(this.open[to]).length &&
          this.#answered[to] === idsOf(this.open[to], 2).length,
      ) &&
      !this.open.session.hasOpenCalls
    for (let round = 0; round < 5000 && !isDone(); round += 1) {
      this.#desk.decide()
      this.answer('chargePoint')
      this.answer('central')
      await turns(1)
    }
    await turns(4)
  }
}

/** The use case under test: decides what it is told to, when it is told to. */
class Desk {
  readonly waiting: (() => void)[] = []
  heard = 0
  nulls = 0
  let = 0

  readonly useCase: UseCase = {
    name: 'desk',
    watches: [
      { direction: 'to-central-system', action: 'DataTransfer' },
      { direction: 'to-charge-point', action: 'DataTransfer' },
    ],
    onCall: ({ payload }) => {
      if (payload.how === 'held') {
        return new Promise<CallFate>((resolve) => this.waiting.push(() => resolve(forward)))
      }
      if (payload.how !== 'heard') return forward
      this.let += 1
      return {
        kind: 'forward',
        answered: (answer) => {
          this.heard += 1
          if (answer === null) this.nulls += 1
          return forward
        },
      }
    },
  }

  decide(): void {
    this.waiting.shift()?.()
  }
}

function send(peer: Peer, text: string, pieces: number): void {
  peer.send(...partsOf(text, pieces))
}

/** A message in so many fragments more than one. */
function partsOf(text: string, pieces: number): readonly FrameParts[] {
  const size = Math.ceil(text.length / (pieces + 1))
  return Array.from({ length: pieces + 1 }, (_, index) => ({
    payload: text.slice(index * size, (index + 1) * size),
    opcode: index === 0 ? opcode.text : opcode.continuation,
    fin: index === pieces,
  }))
}

const isUuid = (id: string) => id.length === 36
const parsed = (peer: Peer) => textsOf(peer.frames).map((text) => JSON.parse(text) as [number, string])
const idsOf = (peer: Peer, type: number) => parsed(peer).flatMap(([kind, id]) => (kind === type ? [id] : []))
/** CALLs and answers of the other side, as they arrived; ours are left out. */
const callsOf = (peer: Peer) =>
  textsOf(peer.frames).filter((text) => /^\[2,"[a-z]/i.test(text) && !isUuid(JSON.parse(text)[1]))
const answersOf = (peer: Peer) => textsOf(peer.frames).filter((text) => text.startsWith('[3'))

function judge(run: Run, isCut: boolean): void {
  const { open, sent } = run
  const ours = { chargePoint: idsOf(open.chargePoint, 2), central: idsOf(open.central, 2) }
  for (const to of ['chargePoint', 'central'] as const) {
    const from = otherSide(to)
    for (const [what, got, given] of [
      ['CALLs', callsOf(open[to]), sent[from].calls],
      ['answers', answersOf(open[to]), sent[from].answers],
    ] as const) {
      if (isCut) assert.deepEqual(got, given.slice(0, got.length), `${what} to ${to}: a beginning of them`)
      else assert.deepEqual(got, given, `${what} to ${to}`)
    }
    const foreign = ours[from].filter(isUuid)
    const text = textsOf(open[to].frames).join('')
    for (const id of foreign) assert.ok(!text.includes(id), `an id of ours reached ${to}`)
  }
  assert.equal(run.outcomes.length, run.owns, 'every CALL of ours has one outcome')
}

test('[design 9][principle 4] whatever happens in whatever order: each message once, in order, and no id of ours leaks', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), ending, async (steps, end) => {
      const desk = new Desk()
      await withSession(
        async (open) => {
          const run = new Run(open, desk)
          for (const one of steps) await run.take(one)
          if (end === 'quiet') await run.settle()
          if (end === 'close') open.chargePoint.send({ opcode: opcode.close, payload: closePayload(1000) })
          if (end === 'loss') open.central.socket.resetAndDestroy()
          if (end !== 'quiet') {
            await turns(4)
            open.session.destroy()
            await open.ended
            await turns(4)
          }
          judge(run, end !== 'quiet')
          assert.equal(desk.heard, desk.let, 'everybody who asked for an answer heard once')
          if (end === 'quiet') assert.equal(desk.nulls, 0)
          assert.deepEqual(open.refused, [])
        },
        // Use cases here take as long as they like.
        { useCases: [desk.useCase], callTimeout: 1_000_000_000 },
      )
    }),
    { numRuns: 150 },
  ))

test('[principle 3] where nothing is held, the stream is the bytes that came, however they are cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ how: fc.constantFrom('unseen', 'seen', 'heard'), isCall: fc.boolean(), cuts }), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.array(fc.nat(2000), { maxLength: 20 }),
      async (messages, places) => {
        const desk = new Desk()
        await withSession(
          async ({ chargePoint, central }) => {
            const bytes = Buffer.concat(
              messages.flatMap(({ how, isCall, cuts: pieces }, index) => {
                const action = how === 'unseen' ? 'Heartbeat' : 'DataTransfer'
                const message = isCall ? [2, `${index}`, action, { how }] : [3, `${index}`, {}]
                return partsOf(JSON.stringify(message), pieces).map((part) =>
                  frame({ ...part, mask: testMask }),
                )
              }),
            )
            const cutAt = [
              ...new Set([0, ...places.map((place) => place % bytes.length), bytes.length]),
            ].sort((a, b) => a - b)
            for (const [index, at] of cutAt.slice(0, -1).entries()) {
              chargePoint.socket.write(bytes.subarray(at, cutAt[index + 1]))
              await turns(1)
            }
            await central.until(() => central.bytes.length >= bytes.length)
            assert.deepEqual(central.bytes, bytes)
          },
          { useCases: [desk.useCase] },
        )
      },
    ),
    { numRuns: 60 },
  ))
