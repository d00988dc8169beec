import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** What a command sees of the process: given, so that commands run in a test as they do in a shell. */
export interface Shell {
  /** Fulfilled when there is room for more: a list of a million lines does not pile up in memory. */
  out(text: string): Promise<void>
  err(text: string): void
  /** All of standard input, at most `maxBytes`; null when it is a terminal, or too long. */
  input(maxBytes: number): Promise<Buffer | null>
  /** Ends at once; for wrong usage and for help. */
  exit(code: number): never
  /** What the process ends with, once it has nothing left to do. */
  setExitCode(code: number): void
  /** Milliseconds since the epoch. */
  now(): number
  /** Fulfilled after so many milliseconds, or when the user asks to end: then it is false. */
  wait(ms: number): Promise<boolean>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Standard error is a terminal: a line of it may be written over by \r. Absent: it is none. */
  readonly isTerminal?: boolean
}

/** The shell of this process. */
export function processShell(): Shell {
  const { stdout, stderr, stdin } = process
  let watched = false
  return {
    out: async (text) => {
      // Only a command that writes watches: a server must not end because its log pipe did.
      if (!watched) stdout.on('error', endQuietly)
      watched = true
      if (!stdout.write(text)) await once(stdout, 'drain')
    },
    err: (text) => void stderr.write(text),
    input: async (maxBytes) => (stdin.isTTY ? null : readAll(stdin, maxBytes)),
    exit: (code) => process.exit(code),
    setExitCode: (code) => {
      process.exitCode = code
    },
    now: Date.now,
    wait: interruptibleWait(),
    env: process.env,
    isTerminal: stderr.isTTY === true,
  }
}

/** The reader has seen enough, as `head` does: that is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

async function readAll(input: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    length += chunk.length
    if (length > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The signals are ours from the first wait on, so that one that comes between two waits is not lost. */
function interruptibleWait(): (ms: number) => Promise<boolean> {
  let interrupt: AbortController | undefined
  return async (ms) => {
    if (interrupt === undefined) {
      const controller = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => controller.abort())
      interrupt = controller
    }
    return delay(ms, true, { signal: interrupt.signal }).catch(() => false)
  }
}
