import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { TestContext } from 'node:test'
import { type Setting, token } from './setting.ts'

export interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: ReturnType<typeof JSON.parse>
}

/** A reader of server-sent events that takes what comes, until the test ends. */
export class StreamReader {
  readonly #request: ClientRequest
  readonly #response: IncomingMessage
  #text = ''
  #isEnded = false
  #wake: () => void = () => {}

  constructor(request: ClientRequest, response: IncomingMessage, heard: string[]) {
    this.#request = request
    this.#response = response
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      this.#text += chunk
      heard.push(chunk)
      this.#wake()
    })
    response.on('error', () => {})
    response.on('close', () => {
      this.#isEnded = true
      this.#wake()
    })
  }

  static async open(
    t: TestContext,
    { origin, heard }: Pick<Setting, 'origin' | 'heard'>,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<StreamReader> {
    const sent = request(`${origin}/api/v1${path}`, {
      agent: false,
      headers: { authorization: `Bearer ${Buffer.from(token).toString('latin1')}`, ...headers },
    })
    sent.end()
    t.after(() => sent.destroy())
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    sent.on('error', () => {})
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
    return new StreamReader(sent, response, heard)
  }

  get text(): string {
    return this.#text
  }

  get events(): readonly StreamEvent[] {
    return this.#text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => block.startsWith('id: '))
      .map((block) => {
        const [, id = '', event = '', data = ''] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? []
        return { id, event, data: JSON.parse(data) }
      })
  }

  async until(isThere: (reader: StreamReader) => boolean): Promise<void> {
    while (!isThere(this)) {
      assert.ok(!this.#isEnded, `the stream ended with: ${this.#text.slice(-500)}`)
      await this.#change()
    }
  }

  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#change()
  }

  /** Takes nothing any more. */
  pause(): void {
    this.#response.pause()
  }

  resume(): void {
    this.#response.resume()
  }

  close(): void {
    this.#request.destroy()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
