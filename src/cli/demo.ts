import type { Command } from 'commander'
import { createPaint } from './demo/paint.ts'
import { type Audience, play } from './demo/play.ts'
import { createReport } from './demo/report.ts'
import { processShell, type Shell } from './shell.ts'
import { guarded, plainCommand } from './store-command.ts'

/** `demo`: shows on free ports and in a temporary folder who is admitted, and who is refused and why. */
export function demoCommand(shell: Shell = processShell()): Command {
  return plainCommand('demo', shell)
    .description('show it at work: honest charge points of every profile, and one refused for every reason')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `
Works on free ports and in a temporary folder, and leaves nothing behind. Takes less than a minute.

Exit codes: 0 all as expected, 1 something else happened (it says what), 2 used wrong`,
    )
    .action((options: { readonly json?: true }) => guarded(shell, () => demo(shell, options.json === true)))
}

async function demo(shell: Shell, json: boolean): Promise<void> {
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? '']
  const paint = createPaint(process.stdout.isTTY === true, shell.env)
  const report = createReport(paint, process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY)
  const say = (text: string) => {
    if (json) shell.err(`${text}\n`)
    else void shell.out(`${text}\n`)
  }
  const audience: Audience = {
    step: (text) => say(`… ${text}`),
    honestBegins: () => say(report.honestHead()),
    honest: (row) => say(report.honest(row)),
    refusalsBegin: () => say(report.refusalHead()),
    refusal: (row) => say(report.refusal(row)),
  }
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const result = await play(program, audience, interrupted.signal)
    if (json) await shell.out(`${JSON.stringify(result, null, 2)}\n`)
    else await shell.out(report.end(result))
    shell.setExitCode(result.ok ? 0 : 1)
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    shell.err('interrupted\n')
    shell.setExitCode(1)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
