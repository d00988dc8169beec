import { type Command, Option } from 'commander'
import { logTypes, remoteLocationProblem } from '../../policy/charge-point-log.ts'
import { type OperationCommandOptions, operationCommand, runOperation } from '../operation-command.ts'
import type { Shell } from '../shell.ts'
import { parseTime, usageError } from '../store-command.ts'
import { type LogRequestOptions, logRequest } from './request.ts'

interface GetOptions extends OperationCommandOptions, LogRequestOptions {
  readonly type: string
  /** What --until was called before. */
  readonly to?: string
  readonly wait: boolean
}

/** `log get`: N01 on one charge point. */
export function getCommand(shell: Shell): Command {
  const examples = [
    'log get CP1',
    'log get CP1 --type DiagnosticsLog --from 2026-11-01T00:00:00Z',
    'log get CP1 --location ftp://files.example.com/logs/',
    'log get CP1 --no-wait --json',
  ]
  return operationCommand('get', shell, examples)
    .description('ask a connected charge point for a log, and wait until it has uploaded it (N01)')
    .option('--type <type>', logTypes.join(' or '), 'SecurityLog')
    .option('--location <url>', 'where it uploads to, http, https, ftp, ftps or sftp (default: to the proxy)')
    .option('--from <time>', 'entries from then on, such as 2026-11-01T00:00:00Z')
    .option('--until <time>', 'entries until then')
    .addOption(new Option('--to <time>').hideHelp().conflicts('until'))
    .option('--retries <n>', 'how often it tries again')
    .option('--retry-interval <seconds>', 'the time between two tries')
    .option('--no-wait', 'its answer is enough: the upload comes later')
    .action((identity: string, options: GetOptions) =>
      runOperation(shell, options, {
        identity,
        rest: '/logs',
        body: () => bodyOf(options),
        doing: `getting a log of ${identity}`,
      }),
    )
}

/** Throws a usage error. */
function bodyOf({ type, to, wait, ...options }: GetOptions): Readonly<Record<string, unknown>> {
  const { location } = options
  const problem = location === undefined ? null : remoteLocationProblem(location)
  if (problem !== null) throw usageError(`--location: ${problem}`)
  return {
    ...logRequest(type, '--type', options),
    ...(to === undefined ? {} : { to: parseTime(to, '--to') }),
    ...(wait ? {} : { wait: false }),
  }
}
