import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Shell } from '../../src/cli/shell.ts'
import type { Terminal } from '../../src/cli/simulate/terminal.ts'
import { simulateCommand } from '../../src/cli/simulate.ts'
import { keep } from '../support/transcript.ts'

class Exit extends Error {}

export interface Run {
  readonly lines: string[]
  readonly errors: string[]
  code: number
  interrupt(): void
  type(line: string): void
  /** Waits for a line that fits. */
  line(pattern: RegExp): Promise<string>
  readonly ended: Promise<void>
}

/** Runs `simulate …` in this process, with a shell and a terminal of the test. */
export function simulate(...args: readonly string[]): Run {
  const waiting = new Set<() => void>()
  let interrupt = (): void => {}
  let type = (_line: string): void => {}
  const shell: Shell = {
    out: async (text) => {
      keep('command', text)
      run.lines.push(...text.trimEnd().split('\n'))
      for (const check of waiting) check()
    },
    err: (text) => void run.errors.push(text),
    input: async () => null,
    exit: (code) => {
      run.code = code
      throw new Exit()
    },
    setExitCode: (code) => {
      run.code = code
    },
    now: () => 0,
    wait: async () => true,
    env: {},
  }
  const terminal: Terminal = {
    onInterrupt: (handler) => {
      interrupt = handler
      return () => {}
    },
    onLine: (handler) => {
      type = handler
      return () => {}
    },
  }
  const run: Run = {
    lines: [],
    errors: [],
    code: 0,
    interrupt: () => interrupt(),
    type: (line) => type(line),
    line: (pattern) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = run.lines.find((line) => pattern.test(line))
          if (found === undefined) return
          waiting.delete(check)
          resolve(found)
        }
        waiting.add(check)
        check()
      }),
    ended: Promise.resolve()
      .then(() => simulateCommand(shell, terminal).parseAsync([...args], { from: 'user' }))
      .then(() => {})
      .catch((error: unknown) => {
        if (!(error instanceof Exit)) throw error
      }),
  }
  return run
}

export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
