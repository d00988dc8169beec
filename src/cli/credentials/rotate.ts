import type { Command } from 'commander'
import {
  type OperationCommandOptions,
  operationCommand,
  resetOf,
  runOperation,
} from '../operation-command.ts'
import type { Shell } from '../shell.ts'

/** `credentials rotate`: A01 on one charge point. The password is never shown: nobody needs to know it. */
export function rotateCommand(shell: Shell): Command {
  const examples = ['credentials rotate CP1', 'credentials rotate CP1 --timeout 300 --no-reset --json']
  return operationCommand('rotate', shell, examples)
    .description('give a connected charge point a new random password, and wait for its login with it')
    .option('--no-reset', 'after RebootRequired: leave the restart to somebody else')
    .action((identity: string, options: OperationCommandOptions & { readonly reset: boolean }) =>
      runOperation(shell, options, {
        identity,
        rest: '/password',
        body: () => resetOf(options),
        doing: `waiting for ${identity} to log in with its new password`,
      }),
    )
}
