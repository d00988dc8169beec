import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { messageOf, ProxyError } from '../policy/error.ts'
import { type PumpDeps, SinkPump } from './sink-pump.ts'
import { FileSink, type FileSinkConfig } from './sinks/file.ts'
import type { Sink } from './sinks/sink.ts'
import { StreamSyslogSink, type SyslogSinkConfig, UdpSyslogSink } from './sinks/syslog.ts'
import { WebhookSink, type WebhookSinkConfig } from './sinks/webhook.ts'

/** One of the three; the name is unique among its kind. */
export interface SinkConfig {
  readonly file?: FileSinkConfig & { readonly name: string }
  readonly syslog?: SyslogSinkConfig & {
    readonly name: string
    readonly facility: number
    readonly hostname?: string
    /** File of the roots. */
    readonly ca?: string
  }
  readonly webhook?: WebhookSinkConfig & { readonly name: string; readonly ca?: string }
}

export interface SinkContext {
  readonly hostname: string
  readonly edition: 3 | 4
  readonly now: () => number
}

/** A sink that can be opened: everything that it needs was read. */
export interface PreparedSink {
  readonly name: string
  /** Two that are equal do the same. */
  readonly settings: unknown
  open(): Sink
}

/** Reads what the sinks need. Throws ProxyError `sink_unusable`; nothing is open then. */
export function prepareSinks(configs: readonly SinkConfig[], context: SinkContext): readonly PreparedSink[] {
  return configs.flatMap(({ file, syslog, webhook }) => {
    const prepared: PreparedSink[] = []
    if (file !== undefined) {
      prepared.push({ name: `file/${file.name}`, settings: file, open: () => new FileSink(file) })
    }
    if (syslog !== undefined) prepared.push(prepareSyslog(syslog, context))
    if (webhook !== undefined) {
      const name = `webhook/${webhook.name}`
      const ca = readCa(webhook.ca, name)
      const deps = { ca, now: context.now }
      prepared.push({ name, settings: { webhook, ca }, open: () => new WebhookSink(webhook, deps) })
    }
    return prepared
  })
}

function prepareSyslog(config: NonNullable<SinkConfig['syslog']>, context: SinkContext): PreparedSink {
  const name = `syslog/${config.name}`
  const ca = readCa(config.ca, name)
  const { facility, hostname = context.hostname } = config
  const format = { facility, hostname, edition: context.edition }
  const open = () =>
    config.transport === 'udp' ? new UdpSyslogSink(config, format) : new StreamSyslogSink(config, format, ca)
  return { name, settings: { config, ca, format }, open }
}

function readCa(path: string | undefined, sink: string): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const text = `the ca of the sink ${sink} cannot be read: ${messageOf(error)}`
    throw new ProxyError('sink_unusable', 'operator', text, { cause: error })
  }
}

interface Running {
  readonly settings: unknown
  readonly pump: SinkPump
}

/** The sinks that run. */
export class Sinks {
  readonly #deps: PumpDeps
  readonly #running = new Map<string, Running>()
  #changing: Promise<void> = Promise.resolve()

  constructor(deps: PumpDeps) {
    this.#deps = deps
  }

  /**
   * Runs exactly these: what has not changed goes on, what is new or changed begins where its cursor
   * is. Fulfilled when they run; never rejected.
   */
  set(prepared: readonly PreparedSink[]): Promise<void> {
    const done = this.#changing.then(() => this.#change(prepared))
    this.#changing = done.catch(() => {})
    return done
  }

  /** So many events were stored. */
  wake(count: number): void {
    for (const { pump } of this.#running.values()) pump.wake(count)
  }

  close(): Promise<void> {
    return this.set([])
  }

  async #change(prepared: readonly PreparedSink[]): Promise<void> {
    const wanted = new Map(prepared.map((sink) => [sink.name, sink]))
    const ended = [...this.#running].filter(
      ([name, { settings }]) => !isDeepStrictEqual(wanted.get(name)?.settings, settings),
    )
    for (const [name] of ended) this.#running.delete(name)
    // The old one of a name ends before the new one begins: a cursor has one owner.
    await Promise.all(ended.map(([, { pump }]) => pump.close()))
    for (const [name, { settings, open }] of wanted) {
      if (this.#running.has(name)) continue
      const pump = new SinkPump(name, open(), this.#deps)
      this.#running.set(name, { settings, pump })
      await pump.start()
    }
  }
}
