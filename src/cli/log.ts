import type { Command } from 'commander'
import { downloadCommand } from './log/download.ts'
import { getCommand } from './log/get.ts'
import { listCommand } from './log/list.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

/** `log`: security and diagnostics logs of charge points (N01). One file per command. */
export function logCommand(shell: Shell = processShell()): Command {
  return plainCommand('log', shell)
    .description('security and diagnostics logs of charge points')
    .addCommand(getCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(downloadCommand(shell))
}
