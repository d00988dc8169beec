import type { Command } from 'commander'
import { processShell, type Shell } from './shell.ts'
import { centralSystemCommand } from './simulate/central-system.ts'
import { chargePointCommand } from './simulate/charge-point.ts'
import { processTerminal, type Terminal } from './simulate/terminal.ts'
import { plainCommand } from './store-command.ts'

/** `simulate`: both ends of OCPP 1.6-J, to try the proxy without hardware. */
export function simulateCommand(
  shell: Shell = processShell(),
  terminal: Terminal = processTerminal(),
): Command {
  return plainCommand('simulate', shell)
    .description('a charge point, or a legacy central system, to try the proxy with')
    .addCommand(chargePointCommand(shell, terminal))
    .addCommand(centralSystemCommand(shell, terminal))
}
