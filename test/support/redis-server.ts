import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { RedisSettings } from '../../src/store/redis/settings.ts'
import { freePort } from './free-port.ts'

const found = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
)

/** For `skip` of a test: false where a server is installed. */
export const withoutRedis: string | false = found === undefined ? 'redis-server is not installed' : false

export interface RedisServerOptions {
  /** Lines of its configuration, such as `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
}

/** A server of our own on a free port, with its data in a folder of its own. */
export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'ocpp-redis-'))
  readonly port: number
  readonly #args: readonly string[]
  #child: ChildProcess | null = null

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  static async start({ args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.run()
    return server
  }

  /** A sentinel that watches the server on `port`; `settings` of it by name, such as down-after-milliseconds. */
  static async startSentinel(
    port: number,
    name: string,
    settings: Readonly<Record<string, number>> = {},
  ): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [])
    const file = join(server.folder, 'sentinel.conf')
    const lines = [`port ${server.port}`, 'bind 127.0.0.1', `dir ${server.folder}`]
    const watched = Object.entries(settings).map(([key, value]) => `sentinel ${key} ${name} ${value}`)
    writeFileSync(file, [...lines, `sentinel monitor ${name} 127.0.0.1 ${port} 1`, ...watched, ''].join('\n'))
    // Which replicas there are, it asks the primary at first and then every ten seconds.
    await server.#spawn([file, '--sentinel'], settings['down-after-milliseconds'] ? /\+slave/ : /\+monitor/)
    return server
  }

  /** A server that speaks TLS only, and asks for a client certificate. */
  static async startTls(pem: { chain: string; key: string; ca: string }): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [])
    const file = (name: string, text: string) => {
      writeFileSync(join(server.folder, name), text, { mode: 0o600 })
      return join(server.folder, name)
    }
    const args = ['--tls-port', String(server.port), '--port', '0', '--bind', '127.0.0.1', '--save', '']
    const certificates = [
      '--tls-cert-file',
      file('c.pem', pem.chain),
      '--tls-key-file',
      file('c.key', pem.key),
    ]
    await server.#spawn([...args, ...certificates, '--tls-ca-cert-file', file('ca.pem', pem.ca)])
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts it, or starts it again with the data that it had. */
  async run(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder]
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
    await this.#spawn([...args, ...durable, ...this.#args])
  }

  async #spawn(args: readonly string[], isReady = /Ready to accept connections/): Promise<void> {
    const child = spawn(found ?? '', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    const ready = Promise.withResolvers<void>()
    const lines = createInterface({ input: child.stdout })
    let output = ''
    lines.on('line', (line) => {
      output = `${output}${line}\n`.slice(-4000)
      if (isReady.test(line)) ready.resolve()
    })
    child.once('exit', (code) => ready.reject(new Error(`redis-server ended (${code}):\n${output}`)))
    // Nobody has it before it is ready, and so nobody would end it.
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
    await ready.promise.finally(() => clearTimeout(timer))
  }

  /** Does a replica have everything that was written so far? */
  async isReplicated(): Promise<boolean> {
    const { stdout } = await promisify(execFile)('redis-cli', [
      '-p',
      String(this.port),
      'info',
      'replication',
    ])
    const offset = /^master_repl_offset:(\d+)/m.exec(stdout)?.[1]
    return /^slave0:.*,state=online,offset=(\d+)/m.exec(stdout)?.[1] === offset
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** Ends the process; its data stay for the next `run`. */
  async stop(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(name)
    await ended
  }

  async end(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Nothing that a busy machine does takes as long as these times: a test that is about one of them says so. */
export function settingsOf(url: string, more: Partial<RedisSettings> = {}): RedisSettings {
  return {
    mode: 'single',
    urls: [url],
    sentinelName: 'mymaster',
    password: null,
    sentinelPassword: null,
    keyPrefix: 'test',
    timeout: 10_000,
    lease: 60_000,
    ...more,
  }
}
