import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { octetFrames } from '../support/octet-frames.ts'

const script = join(import.meta.dirname, 'deliver-until-killed.ts')
const rounds = 4
const perRound = 40

/** What the receivers have taken, and who waits for it. */
class Taken {
  readonly texts: string[] = []
  #waiting: (() => void)[] = []

  add(text: string): void {
    this.texts.push(...(text.match(/event \d+/g) ?? []))
    for (const look of this.#waiting.splice(0)) look()
  }

  async until(fits: () => boolean): Promise<void> {
    while (!fits()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** Takes one request, breaks the next, refuses the third, and so on. */
async function webhook(context: TestContext, taken: Taken): Promise<number> {
  let requests = 0
  const server = http.createServer(async (request, response) => {
    requests += 1
    const body = await text(request).catch(() => '')
    if (requests % 3 === 0) return void response.writeHead(500).end()
    if (requests % 3 === 2) return void response.destroy()
    taken.add(body)
    response.end()
  })
  return listening(context, server)
}

async function syslog(context: TestContext, taken: Taken): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = []
    socket.on('error', () => {})
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => {
      taken.add(octetFrames(Buffer.concat(chunks)).join('\n'))
      socket.end()
    })
  })
  return listening(context, server)
}

async function listening(context: TestContext, server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('[A04.FR.02][principle 4] killed at any time, every event that was confirmed reaches every sink', {
  timeout: 300_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const [hooked, logged] = [new Taken(), new Taken()]
  const file = join(folder, 'events.jsonl')
  const address = { host: '127.0.0.1', port: await syslog(context, logged) }
  const url = `http://127.0.0.1:${await webhook(context, hooked)}/`
  const sinks = JSON.stringify([
    { file: { name: 'f', path: file, maxSize: 1_000_000, keep: 1 } },
    { syslog: { name: 's', transport: 'tcp', address, facility: 13, timeout: 5_000 } },
    { webhook: { name: 'w', url, secret: null, batch: 7, timeout: 5_000 } },
  ])
  const confirmed: string[] = []

  /** Runs until so many events were confirmed in this round. */
  async function run(round: number, count: number, stopAfter: () => Promise<void> | number) {
    const first = String(round * 1000)
    const child = spawn(process.execPath, [script, join(folder, 'proxy.db'), sinks, first, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    let seen = 0
    const stop = stopAfter()
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('event ')) {
        confirmed.push(line)
        seen += 1
      }
      if (typeof stop === 'number' ? seen >= stop : seen >= count) break
    }
    if (typeof stop !== 'number') await stop
    child.kill('SIGKILL')
    await exited
  }

  for (let round = 0; round < rounds; round += 1) await run(round, perRound, () => 5 + round * 9)
  const all = (taken: Taken) => confirmed.every((one) => taken.texts.includes(one))
  await run(rounds, 3, () =>
    Promise.all([
      hooked.until(() => all(hooked) && confirmed.length > 0 && hooked.texts.includes('event 4002')),
      logged.until(() => all(logged) && logged.texts.includes('event 4002')),
    ]).then(() => undefined),
  )
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.equal(lines.pop(), '', 'no half line')
  const written = lines.map((line) => JSON.parse(line).techInfo)
  for (const texts of [written, hooked.texts, logged.texts]) {
    assert.deepEqual(
      confirmed.filter((text) => !texts.includes(text)),
      [],
    )
    const numbers = [...new Set(texts)].map((text) => Number(text.slice(6)))
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
      'each for the first time in order',
    )
  }
})
