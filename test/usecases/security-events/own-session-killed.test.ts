import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { WebSocketServer } from 'ws'

const script = join(import.meta.dirname, 'own-session-until-killed.ts')
const rounds = 4
const perRound = 30

/** Keeps what it was told, and calls `told` before it answers. */
async function centralSystem(context: TestContext, told: (text: string) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (message) => {
      const [, id, action, payload] = JSON.parse(message.toString())
      if (action === 'DataTransfer') told(JSON.parse(payload.data).techInfo)
      socket.send(JSON.stringify([3, id, { status: 'Accepted', interval: 300, currentTime: '' }]))
    })
  })
  await once(server, 'listening')
  context.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/SECURITY-PROXY`
}

test('[A04.FR.03][principle 4] killed in the middle of delivery: nothing is missing, and only what was under way comes twice', {
  timeout: 300_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'own-killed-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const received: string[] = []
  const stored: string[] = []
  let onTold = () => {}
  const url = await centralSystem(context, (text) => {
    received.push(text)
    onTold()
  })

  async function run(round: number, isDone: () => boolean): Promise<void> {
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (isDone()) resolve()
    }
    onTold = look
    const child = spawn(
      process.execPath,
      [script, join(folder, 'proxy.db'), url, String(round * 1000), String(perRound)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const exited = once(child, 'exit')
    createInterface(child.stdout).on('line', (line) => {
      stored.push(line)
      look()
    })
    await done
    child.kill('SIGKILL')
    await exited
  }

  for (let round = 0; round < rounds; round += 1) {
    const before = received.length
    // While an event is on the wire, at another place each time.
    await run(round, () => received.length >= before + 3 + round * 4)
  }
  const last = `event ${rounds * 1000 + perRound - 1}`
  await run(rounds, () => received.includes(last) && stored.includes(last))

  const twice = received.length - new Set(received).size
  assert.deepEqual(
    stored.filter((text) => !received.includes(text)),
    [],
  )
  assert.ok(twice <= rounds, `${twice} came twice, after ${rounds} kills`)
  const numbers = [...new Set(received)].map((text) => Number(text.slice(6)))
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  )
})
