import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import {
  type CentralSystem,
  type CentralSystemOptions,
  createCentralSystem,
} from '../../src/simulator/central-system.ts'
import {
  type ChargePoint,
  type ChargePointOptions,
  createChargePoint,
} from '../../src/simulator/charge-point.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { ChargePointPatch, RejectionRecord, Store } from '../../src/store/store.ts'
import type { Issued } from './authority.ts'
import { type LogLine, LogLines } from './log-lines.ts'
import { MetricsPage } from './metrics.ts'
import {
  buildConfig,
  type ConfigChange,
  createPki,
  type ListenerName,
  type Pki,
  profiles,
  writeConfig,
} from './proxy-config.ts'
import { ProxyProcess } from './proxy-process.ts'
import { secret } from './secrets.ts'
import { keep, keepDatabase, keepFile } from './transcript.ts'

export interface ProxyOptions extends ConfigChange {
  /** Server certificates; ECDSA alone unless told otherwise, because RSA keys take long to make. */
  readonly serverKeys?: readonly ('ecdsa' | 'rsa')[]
  /** More files in the folder of the configuration, by name; readable for the owner only. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** null: the test has a central system of its own, and names it in `centralSystem.url`. */
  readonly central?: CentralSystemOptions | null
}

/** How a charge point is registered; the usual one has a password and the serial number SN-0001. */
export interface Registration extends ChargePointPatch {
  readonly password?: Uint8Array
  /** A person chose the password: hashed slowly. */
  readonly isText?: boolean
}

/** A running proxy, the central system behind it, and everything that can be known about both. */
export class TestProxy {
  readonly pki: Pki
  readonly store: Store
  readonly log = new LogLines()
  /** Everything that happened at the central system, refused requests included. */
  readonly centralEvents: readonly SimulatorEvent[]
  readonly configPath: string
  readonly #central: CentralSystem | null
  readonly #t: Pick<TestContext, 'after'>
  readonly #config: (change: ConfigChange) => object
  readonly #secrets: Buffer[] = []
  readonly #passwords = new Map<string, Buffer>()
  #process: ProxyProcess | null = null
  #firstLine = 0

  constructor(
    t: Pick<TestContext, 'after'>,
    pki: Pki,
    central: CentralSystem | null,
    centralEvents: readonly SimulatorEvent[],
    config: (change: ConfigChange) => object,
  ) {
    this.#t = t
    this.centralEvents = centralEvents
    this.pki = pki
    this.#central = central
    this.#config = config
    this.configPath = writeConfig(pki.folder, config({}))
    this.store = openSqliteStore(join(pki.folder, 'data', 'proxy.db'))
  }

  get central(): CentralSystem {
    assert.ok(this.#central !== null, 'this test has a central system of its own')
    return this.#central
  }

  /**
   * What the central system has seen since there were `from` events, but for the ends of sessions:
   * one that was open before may be seen to end at any time, and who is refused has none.
   */
  centralSaw(from: number): SimulatorEvent[] {
    return this.centralEvents.slice(from).filter(({ kind }) => kind !== 'disconnected')
  }

  get process(): ProxyProcess {
    assert.ok(this.#process !== null, 'the proxy was not started')
    return this.#process
  }

  /** Starts it, or starts it again after it has ended, on other ports. */
  async start(): Promise<void> {
    this.#firstLine = this.log.all.length
    this.#process = await ProxyProcess.start(this.configPath, this.log)
  }

  port(listener: ListenerName | 'admin'): number {
    const port = this.process.ports.get(listener)
    assert.ok(port !== undefined, `${listener} does not listen`)
    return port
  }

  /** What a charge point appends its identity to. */
  url(listener: ListenerName): string {
    return `${profiles[listener] < 2 ? 'ws' : 'wss'}://127.0.0.1:${this.port(listener)}/ocpp`
  }

  async metrics(): Promise<MetricsPage> {
    const answer = await fetch(`http://127.0.0.1:${this.port('admin')}/metrics`)
    return new MetricsPage(await answer.text())
  }

  async readiness(): Promise<{
    status: number
    body: { status: string; problems: string[]; notes: string[] }
  }> {
    const answer = await fetch(`http://127.0.0.1:${this.port('admin')}/readyz`)
    return { status: answer.status, body: (await answer.json()) as never }
  }

  /** All that are stored, the newest first. */
  rejections(): Promise<readonly RejectionRecord[]> {
    return this.store.rejections.list({ limit: 1000 })
  }

  /** Fulfilled when every refusal that was counted so far is logged, and thereby stored. */
  async allNoted(): Promise<void> {
    const counted = (await this.metrics()).sum('ocpp_proxy_rejections_total')
    const logged = () => this.present.filter((line) => 'refusedAt' in line).length
    if (logged() < counted) await this.log.wait(`${counted} refusals`, () => logged() >= counted)
  }

  /** Lines of the present process, not of one that has ended. */
  get present(): readonly LogLine[] {
    return this.log.all.slice(this.#firstLine)
  }

  logLines(): readonly Readonly<Record<string, unknown>>[] {
    return this.log.all
  }

  /** Registers a charge point; the password that it gets, where none is given, is random. */
  async register(identity = 'CP-1', options: Registration = {}): Promise<Buffer> {
    const { password: given, isText = false, ...fields } = options
    const password = secret('password', Buffer.from(given ?? randomBytes(20)))
    this.#secrets.push(password)
    this.#passwords.set(identity, password)
    await this.store.registry.add(identity, {
      serialNumber: identity === 'CP-1' ? 'SN-0001' : `SN of ${identity}`,
      credential: await hashKey(password, isText),
      ...fields,
    })
    return password
  }

  /** A simulated charge point for a listener: password of its registration, trust in the proxy. */
  chargePoint(listener: ListenerName, options: Partial<ChargePointOptions> = {}): ChargePoint {
    const identity = options.identity ?? 'CP-1'
    const password = this.#passwords.get(identity)
    if (options.password !== undefined) secret('password', options.password.bytes)
    const chargePoint = createChargePoint({
      url: this.url(listener),
      identity,
      securityProfile: profiles[listener],
      handshakeTimeoutMs: 60_000,
      ...(password === undefined ? {} : { password: { bytes: password, form: 'raw' } }),
      ...options,
      tls: { ca: this.pki.serverRoot, ...options.tls },
      onEvent: (event) => {
        keep('simulator', JSON.stringify(event))
        options.onEvent?.(event)
      },
    })
    this.#t.after(() => chargePoint.close())
    return chargePoint
  }

  /** The same with this certificate, on profile 3. */
  withCertificate(
    issued: Pick<Issued, 'chain' | 'key'>,
    options: Partial<ChargePointOptions> = {},
  ): ChargePoint {
    const tls = { certificate: issued.chain, key: issued.key, ...options.tls }
    return this.chargePoint('mutual-tls', { ...options, tls })
  }

  /** Writes another configuration; what it does about it is up to signals and the watcher. */
  rewriteConfig(change: ConfigChange): void {
    writeConfig(this.pki.folder, this.#config(change))
  }

  /** Reloads by SIGHUP; fulfilled when the new configuration is in use or was refused. */
  async reload(change: ConfigChange): Promise<'reloaded' | 'refused'> {
    this.rewriteConfig(change)
    return this.hangUp()
  }

  /** SIGHUP, and the result of the reload that it causes: the watcher may cause others before. */
  async hangUp(): Promise<'reloaded' | 'refused'> {
    const from = this.log.all.length
    this.process.signal('SIGHUP')
    const isOurs = ({ msg, cause }: LogLine) => msg === 'reloading' && cause === 'SIGHUP'
    const begun = await this.log.wait('a reload by SIGHUP', isOurs, from)
    return (await this.reloadEnded(this.log.all.indexOf(begun))).result
  }

  /** The first reload that ends from this line of the log on. */
  async reloadEnded(from: number): Promise<{ result: 'reloaded' | 'refused'; next: number }> {
    const refused = 'the new configuration was refused; the old one stays'
    const results = ['configuration reloaded', 'nothing has changed', refused]
    const line = await this.log.wait('a reload', ({ msg }) => results.includes(String(msg)), from)
    return {
      result: line.msg === refused ? 'refused' : 'reloaded',
      next: this.log.all.indexOf(line) + 1,
    }
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | string> {
    this.process.signal('SIGTERM')
    return this.process.exit
  }

  /** For the look at everything that the whole suite has written (scripts/grep-secrets.ts). */
  #keepFiles(): void {
    const data = join(this.pki.folder, 'data')
    keepDatabase(join(data, 'proxy.db'))
    // The rest are files of sinks, those that were rotated included.
    for (const name of readdirSync(data)) {
      if (!name.startsWith('proxy.db')) keepFile('sink', join(data, name))
    }
  }

  /** The end of the test, however it went. No password may have reached log or store (A01.FR.09). */
  async end(): Promise<void> {
    const running = this.#process
    const diedBefore = running?.hasEnded ?? false
    if (!diedBefore) running?.signal('SIGKILL')
    await running?.exit
    await this.#central?.close()
    const records = JSON.stringify(await this.rejections())
    await this.store.close()
    this.#keepFiles()
    rmSync(this.pki.folder, { recursive: true, force: true })
    const text = [...this.log.raw, records, running?.stderr ?? ''].join('\n')
    for (const secret of this.#secrets) {
      const forms = [secret.toString('hex'), secret.toString('base64').replace(/=+$/, '')]
      if (/^[\x20-\x7e]{8,}$/.test(secret.toString('latin1'))) forms.push(secret.toString())
      for (const form of forms) assert.ok(!text.includes(form), 'a password is in the log or in a record')
    }
    assert.equal(running?.stderr ?? '', '', 'nothing goes to stderr')
  }
}

function seen(events: SimulatorEvent[], event: SimulatorEvent): void {
  events.push(event)
  keep('simulator', JSON.stringify(event))
}

/**
 * Starts the real process, behind it a recording central system. Both end with the test, whether it
 * passes or not.
 */
export async function startProxy(
  t: Pick<TestContext, 'after'>,
  options: ProxyOptions = {},
): Promise<TestProxy> {
  const { serverKeys = ['ecdsa'], central: centralOptions = {}, files = {}, ...usual } = options
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-behaviour-'))
  const events: SimulatorEvent[] = []
  const central =
    centralOptions === null
      ? null
      : createCentralSystem({ onEvent: (event) => seen(events, event), ...centralOptions })
  const url = central === null ? '' : (await central.listen()).url
  const pki = await createPki(folder, serverKeys)
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  const config = (change: ConfigChange) => buildConfig(mergeChanges(usual, change), serverKeys, url)
  const proxy = new TestProxy(t, pki, central, events, config)
  t.after(() => proxy.end())
  await proxy.start()
  return proxy
}

function mergeChanges(usual: ConfigChange, change: ConfigChange): ConfigChange {
  const sections = [...new Set([...Object.keys(usual), ...Object.keys(change)])] as (keyof ConfigChange)[]
  return Object.fromEntries(
    sections.map((name) => {
      const [before, after] = [usual[name], change[name]]
      const both = typeof before === 'object' && typeof after === 'object'
      return [name, both ? { ...before, ...after } : (after ?? before)]
    }),
  )
}
