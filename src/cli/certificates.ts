import type { Command } from 'commander'
import { allowCommand } from './certificates/allow.ts'
import { deleteRootCommand } from './certificates/delete-root.ts'
import { deniedCommand } from './certificates/denied.ts'
import { installRootCommand } from './certificates/install-root.ts'
import { issuedCommand } from './certificates/issued.ts'
import { listCommand } from './certificates/list.ts'
import { renewCommand } from './certificates/renew.ts'
import { requestsCommand } from './certificates/requests.ts'
import { revokeCommand } from './certificates/revoke.ts'
import { rootsCommand } from './certificates/roots.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

/** `certificates`: those of the proxy and of charge points, and the roots that they trust. One file per command. */
export function certificatesCommand(shell: Shell = processShell()): Command {
  return plainCommand('certificates', shell)
    .description('certificates of the proxy and of charge points, and the roots that they trust')
    .addCommand(listCommand(shell))
    .addCommand(renewCommand(shell))
    .addCommand(requestsCommand(shell))
    .addCommand(issuedCommand(shell))
    .addCommand(revokeCommand(shell))
    .addCommand(allowCommand(shell))
    .addCommand(deniedCommand(shell))
    .addCommand(rootsCommand(shell))
    .addCommand(installRootCommand(shell))
    .addCommand(deleteRootCommand(shell))
}
