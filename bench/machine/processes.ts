import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processTree } from './usage.ts'

/**
 * The processes that the bench starts, each ended by its id: when its part is over, on Ctrl-C, and
 * when the bench fails.
 */

export interface Started {
  readonly pid: number
  readonly child: ChildProcess
  /** Ends it and all its children; resolves when it is gone. */
  stop(): Promise<void>
}

const running = new Set<Started>()
const stopTimeout = 3000
const portTimeout = 15_000

/** The Node that the project pins, so that every Node process of a run is the same one. */
export const nodeProgram = pinnedNode()

function pinnedNode(): string {
  const pinned = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  return existsSync(pinned) ? pinned : process.execPath
}

/** Starts a program without a terminal; what it says on stderr is shown. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  })
  return register(child, command)
}

/** Starts a module of the bench in a Node of its own, with a channel for messages. */
export function startModule(
  module: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = fork(fileURLToPath(module), args, {
    execPath: nodeProgram,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
    serialization: 'advanced',
  })
  return register(child, module.pathname)
}

function register(child: ChildProcess, name: string): Started {
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} could not be started`)
  child.on('error', () => undefined)
  const started: Started = {
    pid,
    child,
    async stop() {
      running.delete(started)
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      const tree = processTree(pid)
      signal([pid], 'SIGTERM')
      await Promise.race([gone, sleep(stopTimeout, undefined, { ref: false })])
      signal(tree, 'SIGKILL')
      await gone
    },
  }
  running.add(started)
  return started
}

/** Ends whatever still runs, at once. Also for an exit handler: it does not wait. */
export function killAll(): void {
  for (const { pid } of running) signal(processTree(pid), 'SIGKILL')
  running.clear()
}

function signal(pids: readonly number[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended already.
    }
  }
}

/** The first message of a child of startModule. Throws Error when it ends before. */
export async function firstMessage(started: Started): Promise<unknown> {
  const ended = once(started.child, 'exit').then(() => {
    throw new Error(`process ${started.pid} ended before it was ready`)
  })
  const [message] = await Promise.race([once(started.child, 'message'), ended])
  return message
}

/** The port of a `{ port }` message. Throws TypeError when it is something else. */
export function portOf(message: unknown): number {
  if (
    typeof message === 'object' &&
    message !== null &&
    'port' in message &&
    typeof message.port === 'number'
  ) {
    return message.port
  }
  throw new TypeError('a process of the bench did not say its port')
}

/** Waits until something listens on the port of 127.0.0.1. Throws Error after 15 seconds or when the process ends. */
export async function listening(port: number, started: Started): Promise<void> {
  const deadline = Date.now() + portTimeout
  while (Date.now() < deadline) {
    if (started.child.exitCode !== null)
      throw new Error(`process ${started.pid} ended with ${started.child.exitCode}`)
    if (await accepts(port)) return
    await sleep(50)
  }
  throw new Error(`nothing listens on port ${port} after ${portTimeout / 1000} s`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A port that is free now, below the range that outgoing connections take theirs from. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await canListen(port)) return port
  }
  throw new Error('no free port found between 20000 and 32000')
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Is the program there? Asks it for its version with the given arguments. */
export function versionOf(command: string, args: readonly string[]): string | null {
  const result = spawnSync(command, args, { encoding: 'utf8' })
  if (result.error !== undefined || result.status !== 0) return null
  return `${result.stdout}${result.stderr}`.trim().split('\n')[0] ?? ''
}
