import type { Command } from 'commander'
import { addCommand } from './firmware/add.ts'
import { listCommand, showCommand } from './firmware/list.ts'
import { removeCommand } from './firmware/remove.ts'
import { statusCommand, updateCommand } from './firmware/update.ts'
import { verifyCommand } from './firmware/verify.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

/** `firmware`: images that may be handed on to charge points, and their updates (L01). */
export function firmwareCommand(shell: Shell = processShell()): Command {
  return plainCommand('firmware', shell)
    .description('signed firmware: the catalogue of images, and updates of charge points (L01)')
    .addCommand(addCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(showCommand(shell))
    .addCommand(verifyCommand(shell))
    .addCommand(removeCommand(shell))
    .addCommand(updateCommand(shell))
    .addCommand(statusCommand(shell))
}
