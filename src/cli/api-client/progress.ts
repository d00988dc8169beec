import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'

const everyMs = 1000

/** On a terminal, a call that takes longer than a second shows for how long it has been going on. */
export async function withProgress<Result>(
  shell: Shell,
  doing: string,
  running: Promise<Result>,
): Promise<Result> {
  if (shell.isTerminal !== true) return running
  let seconds = 0
  const timer = setInterval(() => {
    seconds += 1
    shell.err(`\r\u001b[K${printable(doing)} … ${seconds} s`)
  }, everyMs)
  try {
    return await running
  } finally {
    clearInterval(timer)
    if (seconds > 0) shell.err('\r\u001b[K')
  }
}
