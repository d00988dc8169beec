import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ProxyError } from '../../policy/error.ts'
import { isReasonCode, type ReasonCode } from '../../policy/reasons.ts'

type LogLine = Readonly<Record<string, unknown>>

const startMs = 20_000
const scrapeMs = 5_000
/** Of errors of a proxy that does not start. */
const maxErrorText = 4_000

/**
 * `serve` as a process of its own. The demo uses the real one, because only that has signals, exit
 * codes, an admin address and a store that others open too.
 */
export class ProxyProcess {
  readonly #child: ChildProcess
  readonly #ports = new Map<string, number>()
  readonly #lines: string[] = []
  readonly #refused: LogLine[] = []
  readonly #listening = Promise.withResolvers<void>()
  #errorText = ''
  #isEnding = false
  /** The exit code; -1 when a signal ended it. */
  readonly exit: Promise<number>

  /** `program`: the words that run this program, Node first. */
  constructor(program: readonly string[], configFile: string) {
    const [node = process.execPath, ...words] = program
    this.#child = spawn(node, [...words, 'serve', '--config', configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is for the demo, which then ends its proxies in order.
      detached: true,
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-maxErrorText)
    })
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line))
    }
    this.exit = once(this.#child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : -1))
    // However this process ends, its proxies end with it.
    const kill = () => this.kill()
    process.once('exit', kill)
    void this.exit.then(() => process.off('exit', kill))
    void this.exit.then(() => this.#listening.reject(this.#failure('ended before it listened')))
    this.#listening.promise.catch(() => {})
  }

  /** Fulfilled when everything listens. Throws ProxyError `demo_proxy`. */
  async start(): Promise<void> {
    const timer = setTimeout(() => this.#listening.reject(this.#failure('does not start')), startMs)
    await this.#listening.promise.finally(() => clearTimeout(timer))
  }

  /** The port of a listener, or of `admin`. */
  port(listener: string): number {
    const port = this.#ports.get(listener)
    if (port === undefined) throw this.#failure(`has no listener ${listener}`)
    return port
  }

  /** Every log line so far. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** How many lines say that somebody was refused for this reason. */
  refusedLines(reason: ReasonCode): number {
    return this.#refused.filter((line) => line.reason === reason).length
  }

  metricsText(): Promise<string> {
    return fetch(`http://127.0.0.1:${this.port('admin')}/metrics`, {
      signal: AbortSignal.timeout(scrapeMs),
    }).then((answer) => answer.text())
  }

  /** ocpp_proxy_rejections_total by reason, as Prometheus would see it now. */
  async rejections(): Promise<ReadonlyMap<ReasonCode, number>> {
    const counts = new Map<ReasonCode, number>()
    const series = /^ocpp_proxy_rejections_total\{.*?reason="(\w+)".*?\} (\d+)$/gm
    for (const [, reason = '', count] of (await this.metricsText()).matchAll(series)) {
      if (isReasonCode(reason)) counts.set(reason, (counts.get(reason) ?? 0) + Number(count))
    }
    return counts
  }

  /** Asks it to end (SIGTERM), once: a second signal means "at once". */
  terminate(): void {
    if (!this.#isEnding) this.#child.kill('SIGTERM')
    this.#isEnding = true
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #read(line: string): void {
    this.#lines.push(line)
    const parsed = parseLine(line)
    if (parsed.msg === 'refused') this.#refused.push(parsed)
    if (parsed.msg !== 'listening') return
    const name = String(parsed.listener)
    this.#ports.set(name, Number(parsed.port))
    if (name === 'admin') this.#listening.resolve()
  }

  #failure(what: string): ProxyError {
    return new ProxyError('demo_proxy', 'proxy', `the proxy ${what}: ${this.#errorText}`.trimEnd())
  }
}

function parseLine(line: string): LogLine {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
