import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type CentralSystem,
  type CentralSystemOptions,
  createCentralSystem,
} from '../../src/simulator/central-system.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import type { Moment } from '../support/killed-proxy.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  buildConfig,
  type ConfigChange,
  createPki,
  type ListenerName,
  type Pki,
  profiles,
  writeConfig,
} from '../support/proxy-config.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { secret } from '../support/secrets.ts'

const program = 'test/support/killed-proxy.ts'
/** Each process starts this much later than the one before: what the second one finds is past its grace. */
const leapMs = 40_000
const grace = '60s'
export interface WorldOptions {
  readonly config?: (folder: string) => ConfigChange
  readonly central?: Omit<CentralSystemOptions, 'onEvent'>
}

/** One store and central system, and one proxy process after the other. */
export class World {
  readonly pki: Pki
  readonly store: Store
  readonly central: CentralSystem
  /** Who wants to see what happens at the central system. */
  readonly centralListeners = new Set<(event: SimulatorEvent) => void>()
  readonly #configPath: string
  readonly #after: (() => Promise<unknown>)[] = []
  readonly #token = secret('admin token', randomBytes(24).toString('base64url'))
  readonly #secrets: Buffer[] = []
  readonly #texts: string[] = []
  #process: ProxyProcess | null = null
  #log = new LogLines()
  #starts = 0

  private constructor(pki: Pki, central: CentralSystem, url: string, change: ConfigChange) {
    this.pki = pki
    this.central = central
    writeFileSync(join(pki.folder, 'admin.token'), this.#token, { mode: 0o600 })
    const config = buildConfig(
      {
        ...change,
        passwords: { unansweredGrace: grace, ...change.passwords },
        limits: { failuresPerIdentity: 1000, ...change.limits },
        drain: { timeout: '100ms' },
        admin: { tokenFile: 'admin.token' },
      },
      ['ecdsa'],
      url,
    )
    this.#configPath = writeConfig(pki.folder, config)
    this.store = openSqliteStore(join(pki.folder, 'data', 'proxy.db'))
  }

  static async open(t: Pick<TestContext, 'after'>, options: WorldOptions = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'ocpp-chaos-'))
    const onEvent = (event: SimulatorEvent) => {
      for (const listener of world.centralListeners) listener(event)
    }
    const central = createCentralSystem({ ...options.central, onEvent })
    const [{ url }, pki] = await Promise.all([central.listen(), createPki(folder, ['ecdsa'])])
    const world = new World(pki, central, url, options.config?.(folder) ?? {})
    t.after(() => world.#end())
    return world
  }

  /** The next process; it kills itself when all these moments have come, once it is told to count. */
  async start(moments: readonly Moment[]): Promise<void> {
    await this.#kill()
    this.#log = new LogLines()
    const after = [String(this.#starts * leapMs), JSON.stringify(moments)]
    this.#starts += 1
    this.#process = await ProxyProcess.start(this.#configPath, this.#log, { before: [program], after })
    await this.#log.wait('ready', ({ msg }) => msg === 'ready')
  }

  /** From now on the process counts what it writes. */
  async count(): Promise<void> {
    this.process.signal('SIGUSR2')
    await this.#log.wait('armed', ({ msg }) => msg === 'armed')
  }

  /** In this very moment. */
  kill(): void {
    this.process.signal('SIGKILL')
  }

  /** Lets it end in order, unless it was killed before; what ended it: an exit code or a signal. */
  async ended(): Promise<number | string> {
    this.process.signal('SIGTERM')
    return this.died()
  }

  /** What ended the process, once that is so. */
  async died(): Promise<number | string> {
    const end = await this.process.exit
    assert.equal(this.process.stderr, '', 'nothing goes to stderr')
    this.#texts.push(...this.#log.raw)
    return end
  }

  /** Fulfilled when `task` is, or when the proxy is dead: then whatever becomes of it does not matter. */
  async orDeath(task: Promise<unknown>): Promise<void> {
    const { process } = this
    const settled = task.catch((error: unknown) => {
      if (!process.hasEnded) throw error
    })
    await Promise.race([settled, process.exit])
    settled.catch(() => {})
  }

  get process(): ProxyProcess {
    assert.ok(this.#process !== null, 'the proxy was not started')
    return this.#process
  }

  /** Of the present process. */
  get log(): LogLines {
    return this.#log
  }

  port(listener: ListenerName | 'admin'): number {
    return this.process.ports.get(listener) ?? 0
  }

  url(listener: ListenerName): string {
    return `${profiles[listener] < 2 ? 'ws' : 'wss'}://127.0.0.1:${this.port(listener)}/ocpp`
  }

  /** An operator's request; undefined when the proxy died over it. */
  async post(path: string, body: object): Promise<unknown> {
    const request = {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }
    const url = `http://127.0.0.1:${this.port('admin')}/api/v1${path}`
    try {
      return await (await fetch(url, request)).json()
    } catch {
      return undefined
    }
  }

  /** May appear in no log (A01.FR.09). */
  secret(password: Buffer): Buffer {
    this.#secrets.push(password)
    return secret('password', password)
  }

  /** Runs when the world ends. */
  after(task: () => Promise<unknown>): void {
    this.#after.push(task)
  }

  /** What a failed round has left running. */
  async #kill(): Promise<void> {
    if (this.#process?.hasEnded === false) this.kill()
    await this.#process?.exit
  }

  async #end(): Promise<void> {
    await this.#kill()
    for (const task of this.#after) await task()
    await this.central.close()
    await this.store.close()
    rmSync(this.pki.folder, { recursive: true, force: true })
    const text = [...this.#texts, ...this.#log.raw].join('\n').toLowerCase()
    for (const password of this.#secrets) {
      for (const form of [password.toString('hex'), password.toString('base64').toLowerCase()]) {
        assert.ok(!text.includes(form), 'a password is in the log')
      }
    }
  }
}
