import { Ownership } from '../../../src/app/replicas/ownership.ts'
import { Questions } from '../../../src/app/replicas/questions.ts'
import { Recovery } from '../../../src/app/replicas/recovery.ts'
import { Rounds } from '../../../src/app/replicas/rounds.ts'
import type { Handler } from '../../../src/app/replicas/wire.ts'
import { ProxyError } from '../../../src/policy/error.ts'
import type { Session } from '../../../src/relay/session.ts'
import { type Claim, Sessions } from '../../../src/relay/sessions.ts'
import type { Leases } from '../../../src/store/store.ts'
import { away, type FakeServer } from './fake-server.ts'
import type { VirtualTime } from './virtual-time.ts'

export const leaseMs = 15_000
export const beatMs = leaseMs / 3
/** Of a command that gets no answer. */
const commandMs = 2_000

/** What there is outside of the replicas. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly server: FakeServer
  /** 0 to 1. */
  readonly random: () => number
  readonly replicas: Map<string, FakeReplica>
}

/** A charge point, or who says that it is one, and its connection. */
export interface Device {
  readonly identity: string
  readonly address: string
  /** The session that it uses, as it sees it; null: none. */
  session: Session | null
}

/** One replica: its real ownership, recovery and sessions, between a store, a bus and sockets that are not real. */
export class FakeReplica {
  readonly self: string
  readonly sessions = new Sessions()
  readonly ownership: Ownership
  readonly recovery: Recovery
  readonly errors: unknown[] = []
  isCut = false
  isDeaf = false
  failsToCatchUp = false
  failsToLook = false
  caughtUp = 0
  /** Until the central system has answered; null: by chance. */
  dialMs: number | null = null
  readonly #world: Surroundings
  readonly #rounds: Rounds
  readonly #handlers = new Map<string, Handler>()
  /** Stands still: what would happen meanwhile happens when it goes on. */
  #waiting: (() => void)[] | null = null
  #isBeating = false
  #hasNotBeaten = false
  #life = ''

  constructor(self: string, world: Surroundings) {
    this.self = self
    this.#world = world
    const { time } = world
    const leases = this.#leases()
    const wire = {
      serve: (what: string, handler: Handler) => void this.#handlers.set(what, handler),
      ask: (to: string, what: string, body: unknown, ms: number) => this.#ask(to, what, body, ms),
    }
    const now = () => time.now
    const wait = (ms: number, signal: AbortSignal) => this.#awake(time.wait(ms, signal))
    const log = { warn: () => {} }
    const { sessions } = this
    const isAway = (error: unknown) => error instanceof ProxyError && error.code === 'store_unavailable'
    const questions = new Questions({ self, leases, wire, sessions, log, lookMs: beatMs, now, wait })
    const isBridged = () => this.#hasNotBeaten
    const common = { leases, questions, sessions, now, isAway, isBridged }
    this.ownership = new Ownership({
      ...{ ...common, maxKnown: 100 },
      doubtful: () => this.recovery.need(),
      lapsed: () => void this.#beat(),
    })
    const { ownership } = this
    this.recovery = new Recovery({
      ...common,
      contestMs: leaseMs - beatMs,
      leaseMs,
      ownership,
      log,
      catchUp: () => this.#catchUp(),
    })
    this.#rounds = new Rounds({
      tasks: { recovery: () => this.recovery.look(this.#life) },
      failed: (_task, error) => {
        if (!isAway(error)) this.errors.push(error)
      },
    })
    this.#life = world.server.beat(self)
    ownership.beaten(this.#life)
    ownership.admitIn(this.#life)
    this.#tick()
  }

  get isPaused(): boolean {
    return this.#waiting !== null
  }

  pause(): void {
    this.#waiting ??= []
  }

  resume(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const run of waiting) run()
  }

  /** As the gate does: the identity, the central system, and the session. */
  async connect(device: Device, patienceMs: number): Promise<Claim['kind']> {
    const { time, random } = this.#world
    const { identity, address } = device
    let isWanted = true
    time.after(patienceMs, () => {
      isWanted = false
    })
    await this.#awake(time.wait(1))
    const claim = await this.ownership.claim(identity, { address, certificate: null }, () => isWanted)
    if (claim.kind !== 'granted') return claim.kind
    try {
      await this.#awake(time.wait(this.dialMs ?? random() * 500))
      if (!isWanted) return 'left'
      const session = this.#session(device)
      this.sessions.add(session)
      this.ownership.started(session)
      device.session = session
      return 'granted'
    } finally {
      claim.release()
    }
  }

  #session(device: Device): Session {
    const { time } = this.#world
    const over = () => {
      if (this.sessions.get(device.identity) === session) this.sessions.remove(session)
      this.ownership.ended(session)
      if (device.session === session) device.session = null
    }
    const session = {
      facts: { identity: device.identity, address: device.address, certificate: null },
      isOpen: true,
      isEnding: false,
      probe: async () => {
        const answers = device.session === session
        await this.#awake(time.wait(answers ? 20 : 5_000))
        return device.session === session
      },
      end() {
        if (session.isEnding) return
        session.isEnding = true
        session.isOpen = false
        time.after(30, over)
      },
      destroy: over,
    } as unknown as Session & { isEnding: boolean; isOpen: boolean }
    return session
  }

  #tick(): void {
    const next = () => {
      void this.#awake(Promise.resolve()).then(() => {
        void this.#beat()
        this.#world.time.after(beatMs, next)
      })
    }
    this.#world.time.after(beatMs * this.#world.random(), next)
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    try {
      this.#life = await this.#command(() => this.#world.server.beat(this.self))
      this.ownership.beaten(this.#life)
      this.#hasNotBeaten = false
      this.#rounds.run()
    } catch {
      this.#hasNotBeaten = true
      this.recovery.need()
    } finally {
      this.#isBeating = false
    }
  }

  async #catchUp(): Promise<void> {
    await this.#command(() => {})
    this.caughtUp += 1
    if (this.failsToCatchUp) throw new Error('catch up')
  }

  #leases(): Leases {
    const { server } = this.#world
    const { self } = this
    return {
      beat: () => this.#command(() => server.beat(self)),
      acquire: (kind, name, life) => this.#command(() => server.acquire(self, kind, name, life)),
      release: (kind, name, token) => this.#command(() => server.release(self, kind, name, token)),
      abandon: (kind, name) => this.#command(() => void server.release(self, kind, name, null)),
      held: (kind, names) =>
        this.#command(() => {
          if (this.failsToLook) throw new Error('not to be read')
          return names.map((name) => server.held(self, kind, name))
        }),
      owner: (kind, name) => this.#command(() => server.owner(kind, name)),
      alive: (names) => this.#command(() => names.map((name) => server.isAlive(name))),
      sweep: async () => 0,
    }
  }

  /** A command may be done, and its answer be lost. */
  async #command<Result>(run: () => Result): Promise<Result> {
    const { time, random } = this.#world
    if (this.isCut) throw away()
    await time.wait(random() * 20)
    if (this.isCut) return this.#never()
    const result = run()
    await this.#awake(time.wait(random() * 20))
    return this.isCut ? this.#never() : result
  }

  async #never(): Promise<never> {
    await this.#awake(this.#world.time.wait(commandMs))
    throw away()
  }

  async #ask(to: string, what: string, body: unknown, ms: number): Promise<unknown> {
    const { time, random, replicas } = this.#world
    const silent = () => new ProxyError('replica_silent', 'proxy', 'silent')
    if (this.isCut) throw away()
    const other = replicas.get(to)
    await time.wait(random() * 20)
    if (other === undefined || other.isCut || other.isDeaf) throw silent()
    const asked = (async () => {
      await other.#awake(Promise.resolve())
      const answer = (await other.#handlers.get(what)?.(structuredClone(body))) ?? null
      await time.wait(random() * 20)
      if (other.isCut || this.isCut || this.isDeaf) await new Promise(() => {})
      return answer
    })()
    const late = this.#awake(time.wait(ms)).then(() => Promise.reject(silent()))
    return Promise.race([asked, late])
  }

  /** What comes while it stands still waits until it goes on. */
  async #awake<Result>(promise: Promise<Result>): Promise<Result> {
    const result = await promise
    while (this.#waiting !== null) {
      await new Promise<void>((resolve) => this.#waiting?.push(resolve))
    }
    return result
  }
}
