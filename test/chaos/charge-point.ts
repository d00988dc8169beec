import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import type { ChangeBehaviour } from '../../src/simulator/behaviour.ts'
import { type ChargePoint, createChargePoint } from '../../src/simulator/charge-point.ts'
import { type CommandHandler, coreCommands } from '../../src/simulator/commands.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { Happened } from './happened.ts'
import type { World } from './world.ts'

/** The steps of a change (A01, A05) as the charge point sees them. */
export const changeSteps = {
  called: 'the charge point has got the CALL',
  answered: 'the charge point has answered',
  hungUp: 'the charge point has hung up',
  back: 'the charge point is back',
} as const

export interface Settings {
  /** How it takes a change. */
  readonly behaviour?: ChangeBehaviour
  /** Failed connections on a new profile until it goes back to the old one; never by default. */
  readonly fallbackAttempts?: number
}

/** A port that nobody listens on. */
const nowhere = 'ws://127.0.0.1:1/ocpp'

/**
 * A simulated charge point that works by the book: it comes back on its own for as long as it takes, with
 * what it has stored, and it has stored what it has accepted.
 */
export class ChaosChargePoint {
  readonly identity: string
  readonly simulated: ChargePoint
  readonly events: Happened<SimulatorEvent>
  /** The password it had when it was registered. */
  readonly first: Buffer
  /** The password it has now. */
  password: Buffer
  /** The one that it was offered last. */
  offered: Buffer | null = null
  readonly #world: World
  readonly #steps = new Map<string, () => void>()
  #released = Promise.withResolvers<void>()
  #isNowhere = false

  private constructor(world: World, identity: string, password: Buffer, settings: Settings) {
    this.#world = world
    this.identity = identity
    this.first = password
    this.password = password
    this.events = new Happened(identity)
    const url = (listener: 'basic-auth' | 'basic-auth-tls') =>
      this.#isNowhere ? nowhere : world.url(listener)
    const { behaviour = 'accept', fallbackAttempts = Number.POSITIVE_INFINITY } = settings
    this.simulated = createChargePoint({
      identity,
      url: world.url('basic-auth'),
      // Read anew at every attempt: each process of the proxy listens on ports of its own.
      profileUrls: {
        get 1() {
          return url('basic-auth')
        },
        get 2() {
          return url('basic-auth-tls')
        },
      },
      securityProfile: 1,
      password: { bytes: password, form: 'raw' },
      tls: { ca: world.pki.serverRoot },
      backoff: { initialMs: 10, maxMs: 100 },
      fallback: { attempts: fallbackAttempts },
      behaviour: { authorizationKey: behaviour, securityProfile: behaviour },
      commands: { ChangeConfiguration: (payload, target) => this.#changed(payload, target) },
      onEvent: (event) => this.#happened(event),
    })
  }

  /** Registered on profile 1, connected, booted. */
  static async start(world: World, identity: string, settings: Settings = {}): Promise<ChaosChargePoint> {
    const password = world.secret(randomBytes(20))
    const credential = await hashKey(password, false)
    await world.store.registry.add(identity, { credential, securityProfile: 1 })
    const chargePoint = new ChaosChargePoint(world, identity, password, settings)
    world.after(() => chargePoint.close())
    void chargePoint.simulated.run({ transact: false })
    await chargePoint.served()
    return chargePoint
  }

  /** Fulfilled when it comes to this step from now on. There it waits until it is released. */
  reached(step: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#steps.set(step, resolve)
    return promise
  }

  /** It goes on from where it waits. Returns how many events there were until now. */
  release(): number {
    this.#steps.clear()
    this.#isNowhere = false
    this.#released.resolve()
    return this.events.all.length
  }

  /** Connected, and a message of it is answered. Throws when it is turned away again and again. */
  async served(from = 0): Promise<void> {
    for (let next = from; ; ) {
      if (!this.simulated.isOpen) {
        next = await this.events.next('a connection', (event) => this.#isConnection(event, from), next)
      }
      if ((await this.simulated.heartbeat()).kind === 'result') return
      await this.events.until('the end of a connection', () => !this.simulated.isOpen)
    }
  }

  async close(): Promise<void> {
    this.release()
    await this.simulated.close()
  }

  /** Its own answer, as late as the steps ask for. */
  #changed: CommandHandler = (payload, target) => {
    if (payload.key === 'AuthorizationKey') {
      this.offered = this.#world.secret(Buffer.from(String(payload.value), 'hex'))
    }
    const answer = coreCommands.ChangeConfiguration?.(payload, target)
    assert.ok(answer !== undefined && answer.kind !== 'error')
    const goOn = () => answer.afterwards?.()
    // What it would have answered is lost with the connection.
    if (this.#comes(changeSteps.called)) return { kind: 'none', afterwards: () => this.#onRelease(goOn) }
    const afterwards = () => (this.#comes(changeSteps.answered) ? this.#onRelease(goOn) : goOn())
    return { ...answer, afterwards }
  }

  #happened(event: SimulatorEvent): void {
    if (event.kind === 'note' && event.detail === 'the password was changed' && this.offered !== null) {
      this.password = this.offered
    }
    if (event.kind === 'disconnected' && this.#comes(changeSteps.hungUp)) this.#isNowhere = true
    if (event.kind === 'connected') this.#comes(changeSteps.back)
    if (event.kind === 'sent' && event.message.kind === 'call')
      this.#comes(`it has sent ${event.message.action}`)
    if (event.kind === 'received' && event.message.kind === 'result') {
      this.#comes(`it has the answer to ${event.message.action}`)
    }
    this.events.add(event)
  }

  /** Is somebody interested in this step? */
  #comes(step: string): boolean {
    const resolve = this.#steps.get(step)
    this.#steps.delete(step)
    resolve?.()
    return resolve !== undefined
  }

  #onRelease(task: () => void): void {
    void this.#released.promise.then(task)
  }

  #isConnection(event: SimulatorEvent, from: number): boolean {
    if (event.kind === 'refused') {
      const refusals = this.events.all.slice(from).filter(isTurnedAway)
      assert.ok(refusals.length < 3, `${this.identity} is locked out: ${JSON.stringify(refusals)}`)
    }
    return event.kind === 'connected'
  }
}

/** Not by a proxy that is away, but by one that does not want it. */
function isTurnedAway(event: SimulatorEvent): boolean {
  return event.kind === 'refused' && /\b40[134]\b/.test(event.detail)
}
