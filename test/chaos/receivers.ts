import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Happened } from './happened.ts'

/** An event as a receiver got it. */
export interface Received {
  readonly identity: string
  readonly techInfo: string
}

export const receiverSteps = {
  centralGot: 'the central system has got an event',
  centralAnswered: 'the central system has answered it',
  hookGot: 'the webhook has got an event',
  hookAnswered: 'the webhook has answered it',
} as const

/** Steps that somebody waits for; who comes to one stays there until it is released. */
export class Steps {
  readonly #waiting = new Map<string, () => void>()
  #released = Promise.withResolvers<void>()

  reached(step: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(step, resolve)
    return promise
  }

  async come(step: string): Promise<void> {
    const resolve = this.#waiting.get(step)
    if (resolve === undefined) return
    this.#waiting.delete(step)
    resolve()
    await this.#released.promise
  }

  release(): void {
    this.#waiting.clear()
    this.#released.resolve()
    this.#released = Promise.withResolvers<void>()
  }
}

export interface Hook {
  readonly url: string
  readonly received: Happened<Received>
}

/** A webhook receiver that remembers every event, and confirms all. */
export async function openHook(t: Pick<TestContext, 'after'>, steps: Steps): Promise<Hook> {
  const received = new Happened<Received>('the webhook')
  const server = createServer(async (request, response) => {
    let body = ''
    request.on('error', () => {})
    for await (const chunk of request) body += String(chunk)
    for (const event of JSON.parse(body) as readonly Partial<Received>[]) {
      received.add({ identity: String(event.identity), techInfo: String(event.techInfo) })
    }
    await steps.come(receiverSteps.hookGot)
    response.on('finish', () => void steps.come(receiverSteps.hookAnswered))
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received }
}

/** The whole lines of a file sink; what follows the last line end was never delivered. */
export function linesOf(path: string): readonly Received[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Received)
}
