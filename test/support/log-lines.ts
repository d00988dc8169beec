import type { Readable } from 'node:stream'

/** A line of the proxy's log. */
export type LogLine = Readonly<Record<string, unknown>>

export type Fits = (line: LogLine) => boolean

/** How long a line is waited for: a start alone takes many seconds where three tests share a slow machine. */
const patienceMs = 120_000

/** The JSON lines that a process writes, kept, and awaited. */
export class LogLines {
  readonly all: LogLine[] = []
  readonly raw: string[] = []
  readonly #waiting = new Set<() => void>()
  #rest = ''

  /** Reads until the stream ends; may be called again for the next process. */
  readFrom(stream: Readable): void {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        this.raw.push(line)
        this.all.push(JSON.parse(line) as LogLine)
      }
      for (const look of this.#waiting) look()
    })
  }

  /** The first line from index `from` on that fits. Throws when none came within `timeoutMs`. */
  async wait(what: string, fits: Fits, from = 0, timeoutMs = patienceMs): Promise<LogLine> {
    const found = () => this.all.slice(from).find(fits)
    const present = found()
    if (present !== undefined) return present
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>()
    const look = () => {
      const line = found()
      if (line !== undefined) resolve(line)
    }
    const timer = setTimeout(() => {
      const tail = this.raw.slice(-5).join('\n')
      reject(new Error(`no log line: ${what}; the last ones are\n${tail}`))
    }, timeoutMs)
    this.#waiting.add(look)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }
}
