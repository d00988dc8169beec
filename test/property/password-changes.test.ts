import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { matches } from '../../src/gate/credentials/hash.ts'
import type { Answer, CallOutcome } from '../../src/relay/use-case.ts'
import { readAnswer } from '../../src/relay/wire-messages.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { type Setting, setUp, status } from '../usecases/operation/setting.ts'

/** What a charge point that behaves by the book may do with a new password, and what may happen on the way. */
const behaviours = [
  'accepts',
  'rejects',
  'reboot-required',
  // The line drops, after it has taken it or before.
  'drops-taken',
  'drops-kept',
  // The proxy is killed while the CALL is out.
  'killed-taken',
  'killed-kept',
  // It does not answer, and stays; it has taken it, or not.
  'ignores',
  'ignores-taken',
  // It has taken it, answers something that cannot be read, or that it failed, and stays.
  'unreadable-taken',
  'fails-taken',
] as const
type Behaviour = (typeof behaviours)[number]

type Step =
  | { readonly do: 'set'; readonly value: number; readonly reaction: Behaviour }
  | { readonly do: 'rotate'; readonly reaction: Behaviour }
  | { readonly do: 'login' | 'leave' | 'kill' | 'restart' }
  | { readonly do: 'pass'; readonly ms: number }

const behaviour = fc.constantFrom(...behaviours)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('set' as const), value: fc.nat({ max: 2 }), reaction: behaviour }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('rotate' as const), reaction: behaviour }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('login', 'leave', 'kill', 'restart') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 250_000 }) }),
  },
)

const unansweredGrace = 100_000
const timeoutMs = 1_000

/** One charge point, by the book (A01), and the proxy in front of it. */
class World {
  readonly #setting: Setting
  readonly #acceptedGrace: number
  #active: Buffer
  #fromRestart: Buffer | null = null
  #session: FakeSession | null = null
  #lastLogin = 0
  /** CALLs without an answer so far: the relay tells when the session ends. */
  #open: ((answer: Answer | null) => Promise<void>)[] = []

  constructor(setting: Setting, acceptedGrace: number) {
    this.#setting = setting
    this.#acceptedGrace = acceptedGrace
    this.#active = setting.password
  }

  async run(step: Step, values: readonly Buffer[]): Promise<void> {
    const { clock } = this.#setting
    clock.advance(1)
    switch (step.do) {
      case 'set':
        await this.#set(values[step.value] ?? this.#active, step.reaction)
        break
      case 'rotate':
        await this.#rotate(step.reaction)
        break
      case 'login':
        await this.#login()
        break
      case 'leave':
        await this.#leave()
        break
      case 'kill':
        this.#kill()
        break
      case 'restart':
        await this.#restart()
        break
      case 'pass':
        await this.#pass(step.ms)
        break
      default:
        step satisfies never
    }
    await this.#check()
  }

  async #set(key: Buffer, reaction: Behaviour): Promise<void> {
    if (this.#session === null) await this.#login()
    const value = key.toString('hex')
    const passed = await this.#setting.pass('ChangeConfiguration', { key: 'AuthorizationKey', value })
    if (passed.fate.kind !== 'forward') return
    const outcome = await this.#behave(key, reaction)
    if (outcome === 'killed') return
    if (outcome === 'open') this.#open.push(passed.answer)
    else await passed.answer(outcome.kind === 'no-answer' || outcome.kind === 'not-sent' ? null : outcome)
  }

  async #rotate(reaction: Behaviour): Promise<void> {
    const { changes, clock, keys } = this.#setting
    if (this.#session === null) await this.#login()
    let isOver = false
    const options = { origin: 'operator', timeoutMs, reset: false } as const
    const ended = changes.operations.rotatePassword('CP1', options).then(() => {
      isOver = true
    })
    let isAnswered = false
    for (let turn = 0; !isOver; turn += 1) {
      const session = this.#session
      // It is told to log in again, and does.
      if (session !== null && session.ends.length > 0) await this.#login()
      if (session !== null && !isAnswered && session.calls.length > (handled.get(session) ?? 0)) {
        isAnswered = true
        handled.set(session, session.calls.length)
        const outcome = await this.#behave(keys.at(-1) ?? this.#active, reaction)
        if (outcome === 'killed') return
        await session.outcome(outcome === 'open' ? { kind: 'no-answer', detail: 'too late' } : outcome)
      }
      await new Promise((resolve) => setImmediate(resolve))
      if (turn > 20) clock.advance(timeoutMs)
      assert.ok(turn < 1000, 'the operation ends')
    }
    await ended
  }

  /** What the charge point does, and what comes of the CALL. */
  async #behave(key: Buffer, reaction: Behaviour): Promise<CallOutcome | 'open' | 'killed'> {
    const lost: CallOutcome = { kind: 'no-answer', detail: 'the session ended' }
    switch (reaction) {
      case 'accepts':
        this.#take(key)
        return status('Accepted')
      case 'rejects':
        return status('Rejected')
      case 'reboot-required':
        this.#fromRestart = key
        return status('RebootRequired')
      case 'drops-taken':
        this.#take(key)
        await this.#leave()
        return lost
      case 'drops-kept':
        await this.#leave()
        return lost
      case 'killed-taken':
        this.#take(key)
        this.#kill()
        return 'killed'
      case 'killed-kept':
        this.#kill()
        return 'killed'
      case 'ignores':
        return 'open'
      case 'ignores-taken':
        this.#takeAndStay(key)
        return 'open'
      case 'unreadable-taken':
        this.#takeAndStay(key)
        return readAnswer('[3,"1","Accepted"]')
      case 'fails-taken':
        this.#takeAndStay(key)
        return { kind: 'error', code: 'InternalError', description: '', details: {} }
      default:
        return reaction satisfies never
    }
  }

  #takeAndStay(key: Buffer): void {
    this.#active = key
    this.#fromRestart = null
  }

  #take(key: Buffer): void {
    this.#takeAndStay(key)
    // A01.FR.03: it disconnects; the session is over for it.
    this.#hasLeft = true
  }
  #hasLeft = false

  async #login(): Promise<void> {
    await this.#leave()
    const session = await this.#setting.login(this.#active)
    assert.ok(session !== null, 'locked out')
    this.#session = session
    this.#lastLogin = this.#setting.clock.now()
  }

  async #leave(): Promise<void> {
    this.#hasLeft = false
    this.#session = null
    this.#setting.disconnect()
    for (const answer of this.#open.splice(0)) await answer(null)
  }

  #kill(): void {
    this.#open = []
    this.#session = null
    this.#hasLeft = false
    this.#setting.restart()
  }

  async #restart(): Promise<void> {
    this.#active = this.#fromRestart ?? this.#active
    this.#fromRestart = null
    await this.#login()
  }

  async #pass(ms: number): Promise<void> {
    if (this.#hasLeft) await this.#leave()
    this.#setting.clock.advance(ms)
    await this.#settle()
  }

  /** It is made to log in again where nothing else decides, and that settles it. */
  async #settle(): Promise<void> {
    const { changes, clock } = this.#setting
    await changes.settle()
    if (this.#session === null || this.#session.isOpen) return
    clock.advance(1)
    await this.#login()
    await changes.settle()
  }

  async #check(): Promise<void> {
    const { clock } = this.#setting
    if (this.#hasLeft) await this.#leave()
    const { credential, credentialChange: change } = await this.#setting.record()
    const isAdmitted = async (key: Buffer) => {
      for (const one of [change?.next ?? null, credential])
        if (one !== null && (await matches(one, key))) return true
      return false
    }
    assert.ok(await isAdmitted(this.#active), 'the password that it has is admitted')
    const later = this.#fromRestart ?? this.#active
    assert.ok(await isAdmitted(later), 'the one that it will have is admitted')
    if (change === null) return
    await this.#settle()
    const { credentialChange: rest } = await this.#setting.record()
    // Nobody knows when it restarts: until then it must not lose either.
    if (rest === null || rest.phase === 'reboot-required') return
    const isOverdue = clock.now() >= (rest.answeredAt ?? rest.startedAt) + unansweredGrace
    const wasSeen = this.#lastLogin > rest.startedAt || this.#session !== null
    assert.ok(!isOverdue || !wasSeen, `both are valid after the grace (${rest.phase})`)
    const accepted = rest.phase === 'accepted' && clock.now() >= (rest.answeredAt ?? 0) + this.#acceptedGrace
    assert.ok(!accepted, 'both are valid after the grace of an accepted one')
  }
}

/** How many CALLs of a session have been dealt with. */
const handled = new WeakMap<FakeSession, number>()

for (const acceptedGrace of [0, 50_000]) {
  test(`[A01.FR.03] [A01.FR.04] whatever happens, nobody is locked out and no grace is exceeded (grace ${acceptedGrace})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const cleanups: (() => unknown)[] = []
        const passwords = { acceptedGrace, unansweredGrace }
        const setting = await setUp({ after: (fn) => void cleanups.push(fn as () => unknown) }, { passwords })
        try {
          const world = new World(setting, acceptedGrace)
          const values = [randomBytes(20), randomBytes(20), randomBytes(20)]
          await world.run({ do: 'login' }, values)
          for (const one of steps) await world.run(one, values)
        } finally {
          for (const cleanup of cleanups) await cleanup()
        }
      }),
      { numRuns: 60 },
    )
  })
}
