import type { Command } from 'commander'
import { type LogBehaviour, type LogFault, logFaults } from '../../simulator/log-commands.ts'
import { milliseconds, oneOf } from './options.ts'

export interface LogFlags {
  readonly onLog: string
  readonly logMethod: string
  readonly logPause: string
}

const faults = Object.keys(logFaults) as readonly LogFault[]

/** The flags about logs (N01). */
export function addLogFlags(command: Command): Command {
  return command
    .option('--on-log <how>', `answer to GetLog: ${faults.join(', ')}`, 'obey')
    .option('--log-method <method>', 'how it uploads: PUT or POST', 'PUT')
    .option('--log-pause <seconds>', 'how long it pauses, with --on-log slow', '2')
}

/** Throws a usage error. */
export function logsOf(flags: LogFlags): { readonly logBehaviour: LogBehaviour } {
  return {
    logBehaviour: {
      getLog: oneOf(flags.onLog, '--on-log', faults),
      method: oneOf(flags.logMethod, '--log-method', ['PUT', 'POST']),
      pauseMs: milliseconds(flags.logPause, '--log-pause'),
    },
  }
}

/** What --help says of each behaviour. */
export function logHelp(): string {
  const width = Math.max(...faults.map((name) => name.length))
  return `\nAnswers to GetLog:\n${faults.map((name) => `  ${name.padEnd(width)}  ${logFaults[name]}`).join('\n')}\n`
}
