import type { Command } from 'commander'
import { ProxyError } from '../../policy/error.ts'
import { type ApiOptions, apiClient, chargePointPath } from '../api-client.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded } from '../store-command.ts'
import { logReadCommand, logsOf } from './list.ts'

/** `log download`: one log as a file. */
export function downloadCommand(shell: Shell): Command {
  const examples = ['log download CP1 cp1.log', 'log download CP1 cp1.log --log 1795000000000-1234567']
  return logReadCommand('download', shell, examples)
    .argument('<file>', 'a new file; one that is there is never overwritten')
    .description(
      'write a log that a charge point has uploaded to a file; the newest, unless --log says which',
    )
    .option('--log <id>', 'as `log list` names it')
    .action((identity: string, file: string, options: ApiOptions & { readonly log?: string }) =>
      guarded(shell, async () => {
        const id = options.log ?? (await newest(shell, options, identity))
        const path = chargePointPath(identity, `/logs/${encodeURIComponent(id)}/content`)
        const bytes = await apiClient(shell, options).download(path, file)
        await shell.out(
          `${printable(file)}: ${bytes} bytes, log ${printable(id)} of ${printable(identity)}\n`,
        )
      }),
    )
}

/** Throws ProxyError `log_unknown`. */
async function newest(shell: Shell, options: ApiOptions, identity: string): Promise<string> {
  const found = (await logsOf(shell, options, identity)).find(({ upload }) => upload !== null)
  if (found !== undefined) return found.id
  throw new ProxyError('log_unknown', 'operator', `${identity} has uploaded no log`)
}
