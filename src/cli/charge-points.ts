import type { Command } from 'commander'
import { changeCommands } from './charge-points/change.ts'
import { exportCommand } from './charge-points/export.ts'
import { importCommand } from './charge-points/import.ts'
import { listCommand, showCommand } from './charge-points/show.ts'
import { upgradeCommand } from './charge-points/upgrade.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

/** `charge-points`: the registry of who may connect. */
export function chargePointsCommand(shell: Shell = processShell()): Command {
  const group = plainCommand('charge-points', shell).description(
    'the registry of charge points: who may connect, and how',
  )
  const commands = [
    listCommand(shell),
    showCommand(shell),
    ...changeCommands(shell),
    upgradeCommand(shell),
    importCommand(shell),
    exportCommand(shell),
  ]
  for (const command of commands) group.addCommand(command)
  return group
}
