import type { Command } from 'commander'
import type { Static } from 'typebox'
import type { chargePointLogSchema } from '../../admin/charge-point-log-view.ts'
import { type ApiOptions, callApi, chargePointPath, withApiOptions } from '../api-client.ts'
import { table } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded, plainCommand } from '../store-command.ts'

export type LogRow = Static<typeof chargePointLogSchema>

/** A command of logs that changes nothing: it asks the running proxy. */
export function logReadCommand(name: string, shell: Shell, examples: readonly string[]): Command {
  return withApiOptions(
    plainCommand(name, shell)
      .argument('<identity>')
      .option('--config <file>', 'configuration of the running proxy', 'ocpp-security-proxy.yaml'),
  ).addHelpText(
    'after',
    `\nExamples:\n${examples.map((one) => `  ocpp-security-proxy ${one}`).join('\n')}\n\nExit codes: 0 done, 1 failed, 2 used wrong`,
  )
}

/** The newest first. Throws ProxyError. */
export async function logsOf(
  shell: Shell,
  options: ApiOptions,
  identity: string,
): Promise<readonly LogRow[]> {
  const answer = await callApi(shell, options, 'GET', chargePointPath(identity, '/logs'))
  return (answer as { readonly items: readonly LogRow[] }).items
}

/** `log list`: what a charge point was asked for, and what is here. */
export function listCommand(shell: Shell): Command {
  return logReadCommand('list', shell, ['log list CP1', 'log list CP1 --json'])
    .description('list the logs that a charge point was asked for, the newest first')
    .option('--json', 'write JSON')
    .action((identity: string, options: ApiOptions & { readonly json?: true }) =>
      guarded(shell, async () => {
        const rows = await logsOf(shell, options, identity)
        await shell.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : textOf(rows))
      }),
    )
}

function textOf(rows: readonly LogRow[]): string {
  if (rows.length === 0) return 'no logs\n'
  return table(
    ['log', 'type', 'asked by', 'answer', 'status', 'bytes', 'received'],
    rows.map((row) => [
      row.id,
      row.logType,
      row.origin,
      row.answer ?? '-',
      row.status ?? '-',
      row.upload === null ? '-' : String(row.upload.bytes),
      row.upload === null ? '-' : row.upload.receivedAt.replace(/\.\d+Z$/, 'Z'),
    ]),
  )
}
