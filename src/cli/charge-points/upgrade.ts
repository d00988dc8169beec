import type { Command } from 'commander'
import {
  type OperationCommandOptions,
  operationCommand,
  resetOf,
  runOperation,
} from '../operation-command.ts'
import type { Shell } from '../shell.ts'
import { parseInteger } from '../store-command.ts'

interface UpgradeOptions extends OperationCommandOptions {
  readonly to: string
  readonly reset: boolean
}

/** `charge-points upgrade`: A05 on one charge point. */
export function upgradeCommand(shell: Shell): Command {
  const examples = [
    'charge-points upgrade CP1 --to 2',
    'charge-points upgrade CP1 --to 3 --timeout 600 --json',
  ]
  return operationCommand('upgrade', shell, examples)
    .description('move a connected charge point to a higher security profile, and wait for it there')
    .requiredOption('--to <n>', 'the security profile: 1, 2 or 3')
    .option('--no-reset', 'after RebootRequired: leave the restart to somebody else')
    .action((identity: string, options: UpgradeOptions) =>
      runOperation(shell, options, {
        identity,
        rest: '/security-profile',
        body: () => ({ to: parseInteger(options.to, '--to', 1, 3), ...resetOf(options) }),
        doing: `waiting for ${identity} on profile ${options.to}`,
      }),
    )
}
