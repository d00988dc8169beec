import type { Command } from 'commander'
import { deleteRootCommand } from './certificates/delete-root.ts'
import { installRootCommand } from './certificates/install-root.ts'
import { rootsCommand } from './certificates/roots.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

/** `certificates`: those of charge points, and the roots that they trust. One file per command. */
export function certificatesCommand(shell: Shell = processShell()): Command {
  return plainCommand('certificates', shell)
    .description('certificates of charge points, and the roots that they trust')
    .addCommand(rootsCommand(shell))
    .addCommand(installRootCommand(shell))
    .addCommand(deleteRootCommand(shell))
}
