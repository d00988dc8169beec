import { createInterface } from 'node:readline'
import { describeEvent, type SimulatorEvent } from '../../simulator/event.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'

/** What the simulators need of a terminal beyond the shell. */
export interface Terminal {
  /** Calls `handler` when the user asks to end (Ctrl-C, SIGTERM). Returns what takes it back. */
  onInterrupt(handler: () => void): () => void
  /** Calls `handler` with each line of standard input. Returns what ends it. */
  onLine(handler: (line: string) => void): () => void
}

/** The terminal of this process. A second Ctrl-C ends it at once, as if there were no handler. */
export function processTerminal(): Terminal {
  return {
    onInterrupt(handler) {
      const off = (): void => void process.off('SIGINT', once).off('SIGTERM', once)
      const once = (): void => {
        off()
        handler()
      }
      process.on('SIGINT', once).on('SIGTERM', once)
      return off
    },
    onLine(handler) {
      const lines = createInterface({ input: process.stdin, terminal: false })
      lines.on('line', handler)
      return () => {
        lines.close()
        process.stdin.destroy()
      }
    },
  }
}

/** An AbortSignal that fires on Ctrl-C; `done` takes the handler back. */
export function interruption(terminal: Terminal): {
  readonly signal: AbortSignal
  readonly done: () => void
} {
  const controller = new AbortController()
  const done = terminal.onInterrupt(() => controller.abort())
  return { signal: controller.signal, done }
}

export interface Printer {
  /** One event; with --json as an object with the time. */
  event(event: SimulatorEvent): void
  /** Something of the command itself: `text`, a line each, for people; `object` for --json. */
  say(text: string | readonly string[], object: object): void
}

/** Lines that wait for a slow reader; more are left out, and counted. */
const maxWaiting = 10_000

export function createPrinter(shell: Pick<Shell, 'out' | 'now'>, json: boolean): Printer {
  let waiting = 0
  let leftOut = 0

  function line(text: string): void {
    if (waiting >= maxWaiting) {
      leftOut += 1
      return
    }
    if (leftOut > 0) {
      const count = leftOut
      leftOut = 0
      say(`… ${count} lines were left out`, { kind: 'left-out', count })
    }
    waiting += 1
    const written = (): void => {
      waiting -= 1
    }
    shell.out(`${text}\n`).then(written, written)
  }

  function say(text: string | readonly string[], object: object): void {
    if (json) line(jsonLine({ time: new Date(shell.now()).toISOString(), ...object }))
    else for (const part of [text].flat()) line(printable(part).replaceAll('\n', ' '))
  }

  return { say, event: (event) => say(describeEvent(event), event) }
}

/** Escapes what a peer could use to forge a line, and stays JSON. */
function jsonLine(object: object): string {
  return JSON.stringify(object).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
