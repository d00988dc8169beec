import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { ProxyError } from '../policy/error.ts'
import type { StreamLimits, Subscribe } from './deps.ts'

/** One record on its way to a live reader; `data` is JSON on one line. */
export interface StreamItem {
  readonly id: number
  readonly data: string
}

/** Where a stream reads from: a log with ascending ids. */
export interface StreamSource {
  /** Name of the events. */
  readonly event: string
  /** The first records with a greater id, and the id from which to go on. */
  next(afterId: number): Promise<{ readonly items: readonly StreamItem[]; readonly cursor: number }>
  readonly subscribe: Subscribe
  /** The token of the reader is still good. */
  isAllowed(): boolean
}

export const defaultStreamLimits: StreamLimits = { maxStreams: 32, heartbeatMs: 15_000, stallMs: 30_000 }

/**
 * Server-sent events (HTML Living Standard, 9.2). A reader pulls from the log, page by page: what it
 * does not take stays in the store and costs no memory here, so that nothing is lost and there is no
 * buffer to overflow. One that takes nothing for `stallMs` is ended, and resumes by Last-Event-ID.
 */
export class LiveStreams {
  readonly #limits: StreamLimits
  readonly #open = new Set<LiveStream>()
  #isClosing = false

  constructor(limits: Partial<StreamLimits> = {}) {
    this.#limits = { ...defaultStreamLimits, ...limits }
  }

  get size(): number {
    return this.#open.size
  }

  /** Throws ProxyError `too_many_streams` or `closing`, before anything is written. */
  checkRoom(): void {
    if (this.#isClosing) throw new ProxyError('closing', 'proxy', 'the proxy is shutting down')
    if (this.#open.size < this.#limits.maxStreams) return
    throw new ProxyError('too_many_streams', 'proxy', `there are ${this.#open.size} live readers already`)
  }

  /** Serves the reader until either side ends; `failed` hears of a source that fails. */
  async run(
    response: ServerResponse,
    source: StreamSource,
    afterId: number,
    failed: (error: unknown) => void,
  ): Promise<void> {
    const stream = new LiveStream(response, source, this.#limits)
    this.#open.add(stream)
    try {
      await stream.run(afterId)
    } catch (error) {
      failed(error)
    } finally {
      stream.end()
      this.#open.delete(stream)
    }
  }

  close(): void {
    this.#isClosing = true
    for (const stream of this.#open) stream.end()
  }
}

class LiveStream {
  readonly #response: ServerResponse
  readonly #source: StreamSource
  readonly #limits: StreamLimits
  readonly #closed = new AbortController()
  #isNew = false
  #wake: () => void = () => {}

  constructor(response: ServerResponse, source: StreamSource, limits: StreamLimits) {
    this.#response = response
    this.#source = source
    this.#limits = limits
  }

  async run(afterId: number): Promise<void> {
    const response = this.#response
    const unsubscribe = this.#source.subscribe(() => {
      this.#isNew = true
      this.#wake()
    })
    response.once('close', () => {
      this.#closed.abort()
      this.#wake()
    })
    response.on('error', () => {})
    try {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      await this.#write('retry: 3000\n\n')
      await this.#relay(afterId)
    } finally {
      unsubscribe()
    }
  }

  async #relay(afterId: number): Promise<void> {
    let cursor = afterId
    while (!this.#isOver()) {
      this.#isNew = false
      const before = cursor
      const page = await this.#source.next(cursor)
      cursor = page.cursor
      const text = page.items.map(
        ({ id, data }) => `id: ${id}\nevent: ${this.#source.event}\ndata: ${data}\n\n`,
      )
      if (text.length > 0) await this.#write(text.join(''))
      // As long as there is something, there may be more.
      if (cursor > before && text.length > 0) continue
      if (!(await this.#news())) await this.#write(': alive\n\n')
      if (!this.#source.isAllowed()) return
    }
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end()
    this.#wake()
  }

  #isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** True: there is something new, or it is over. False: it is time for a sign of life. */
  async #news(): Promise<boolean> {
    if (this.#isNew || this.#isOver()) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), this.#limits.heartbeatMs)
    this.#wake = () => resolve(true)
    const isWoken = await promise
    clearTimeout(timer)
    this.#wake = () => {}
    return isWoken
  }

  /** Fulfilled when the reader has taken it; one that stalls is cut off. */
  async #write(text: string): Promise<void> {
    if (this.#isOver() || this.#response.write(text)) return
    const stalled = AbortSignal.timeout(this.#limits.stallMs)
    try {
      await once(this.#response, 'drain', { signal: AbortSignal.any([stalled, this.#closed.signal]) })
    } catch {
      this.#response.destroy()
    }
  }
}
