import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'

/** How a connection is made: none of it is of the simulator, so that it and the proxy share no mistake. */
export interface LineOptions {
  readonly url: string
  readonly protocols: readonly string[]
  /** The value of the Authorization header; left out: none is sent. */
  readonly authorization?: string
  /** PEM. */
  readonly ca: string
  readonly certificate?: { readonly chain: string; readonly key: string }
}

/** What the other side did in place of an upgrade. */
export type NotUpgraded =
  | { readonly kind: 'http'; readonly status: number; readonly headers: IncomingMessage['headers'] }
  | { readonly kind: 'error'; readonly message: string }

/** A CALL that came, as it was written. */
export interface Asked {
  readonly id: string
  readonly action: string
  readonly payload: Readonly<Record<string, unknown>>
}

const patienceMs = 120_000

/** One WebSocket of a charge point, by the `ws` library and JSON.parse alone. */
export class Line {
  readonly #socket: WebSocket
  readonly #asked: Asked[] = []
  readonly #answers = new Map<string, unknown[]>()
  /** Everything that has no place in OCPP-J, and answers that nobody waits for. */
  readonly strays: string[] = []
  closeCode: number | null = null
  readonly #open = new Set<string>()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data, isBinary) => this.#receive(String(data), isBinary))
    socket.on('close', (code) => {
      this.closeCode = code
      socket.emit('came')
    })
    socket.on('error', (error) => this.strays.push(`error: ${error.message}`))
  }

  /** The open line, or what came in its place. */
  static async open(options: LineOptions): Promise<Line | NotUpgraded> {
    const { authorization, certificate } = options
    const socket = new WebSocket(options.url, [...options.protocols], {
      ca: options.ca,
      ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
      headers: authorization === undefined ? {} : { authorization },
      perMessageDeflate: false,
      handshakeTimeout: patienceMs,
    })
    const line = new Line(socket)
    const { promise, resolve } = Promise.withResolvers<Line | NotUpgraded>()
    socket.on('open', () => resolve(line))
    socket.on(
      'unexpected-response',
      (request: ClientRequest, { statusCode = 0, headers }: IncomingMessage) => {
        resolve({ kind: 'http', status: statusCode, headers })
        request.destroy()
      },
    )
    socket.on('error', ({ message }) => resolve({ kind: 'error', message }))
    return promise
  }

  /** What the other side chose; empty: nothing. */
  get protocol(): string {
    return this.#socket.protocol
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Sends a CALL; the payload of its CALLRESULT. Throws for a CALLERROR. */
  async call(
    id: string,
    action: string,
    payload: object,
  ): Promise<{ text: string; result: Asked['payload'] }> {
    const text = JSON.stringify([2, id, action, payload])
    this.#open.add(id)
    this.send(text)
    await this.#until(`the answer to ${action}`, () => this.#answers.has(id))
    const answer = this.#answers.get(id) ?? []
    assert.equal(answer[0], 3, `${action} was answered ${JSON.stringify(answer)}`)
    return { text, result: answer[2] as Asked['payload'] }
  }

  /** The next CALL of the other side. */
  async asked(action: string): Promise<Asked> {
    await this.#until(action, () => this.#asked.length > 0)
    const [next] = this.#asked.splice(0, 1)
    assert.ok(next !== undefined)
    assert.equal(next.action, action, 'a CALL that the script does not expect')
    return next
  }

  /** CALLs that came and that the script did not take. */
  get unread(): readonly Asked[] {
    return this.#asked
  }

  /** Fulfilled when a ping went to the far end and back: what was sent before it has arrived. */
  async barrier(): Promise<void> {
    const pong = once(this.#socket, 'pong', { signal: AbortSignal.timeout(patienceMs) })
    this.#socket.ping()
    await pong
  }

  async close(): Promise<void> {
    this.#socket.close(1000)
    await this.#until('the end', () => this.closeCode !== null)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #receive(text: string, isBinary: boolean): void {
    const message = isBinary ? null : parse(text)
    const [type, id] = message ?? []
    if (type === 2 && message?.length === 4) {
      this.#asked.push({
        id: String(id),
        action: String(message[2]),
        payload: message[3] as Asked['payload'],
      })
    } else if ((type === 3 || type === 4) && this.#open.delete(String(id))) {
      this.#answers.set(String(id), message ?? [])
    } else {
      this.strays.push(text)
    }
    this.#socket.emit('came')
  }

  async #until(what: string, fits: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    while (!fits()) {
      assert.equal(this.closeCode, null, `the line ended before ${what} came`)
      try {
        await once(this.#socket, 'came', { signal })
      } catch (error) {
        assert.fail(`${what} did not come (${String(error)}); strays: ${this.strays.join(' ')}`)
      }
    }
  }
}

function parse(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
