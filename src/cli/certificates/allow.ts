import type { Command } from 'commander'
import { allow, targetOf } from '../../admin/deny.ts'
import { ProxyError } from '../../policy/error.ts'
import { denyKey } from '../../store/deny-key.ts'
import { printable } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { noteChange, usageError } from '../store-command.ts'
import { deniedOfProxy, deniedOfStore } from './denied.ts'
import { type DeniedRow, type DenyOptions, requestOf, withDenyOptions } from './deny-options.ts'

/** `certificates allow`: takes certificates off the local deny list. */
export function allowCommand(shell: Shell): Command {
  const examples = ['certificates allow --identity CP1', 'certificates allow --fingerprint 3F:A0:…']
  return withDenyOptions(changeCommand('allow', shell, examples))
    .description(
      'take certificates off the local deny list and the CRL of the proxy; what another authority says still counts',
    )
    .action((options: ChangeOptions & DenyOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          const keys = await keysOf(options, (identity) => deniedOfProxy(api, identity))
          for (const key of keys) await api.call('DELETE', `/denied-certificates/${encodeURIComponent(key)}`)
          await tell(shell, options, keys)
        },
        store: async (opened) => {
          const { store } = opened
          const keys = await keysOf(options, (identity) => deniedOfStore(opened, identity))
          for (const key of keys) {
            const entry = await store.denied.get(key)
            if (entry === null || !(await allow(store, entry))) throw unknown()
            await noteChange(opened, shell, entry.identity, `certificates allow ${printable(key)}`)
          }
          await tell(shell, options, keys)
        },
      }),
    )
}

/** Those that are named. Throws ProxyError `usage`, or `denied_unknown` for a charge point that has none. */
async function keysOf(
  options: DenyOptions,
  listed: (identity: string) => Promise<readonly DeniedRow[]>,
): Promise<readonly string[]> {
  const request = requestOf(options)
  const target = targetOf(request)
  if (target !== null) return [denyKey(target)]
  if (request.identity === undefined) throw usageError('name --fingerprint, --serial or --identity')
  const rows = await listed(request.identity)
  // A certificate that was renewed stays retired: its owner has the new one (A02).
  const keys = rows.filter(({ by }) => by === 'operator').map(({ key }) => key)
  if (keys.length === 0) throw unknown()
  return keys
}

function unknown(): ProxyError {
  return new ProxyError('denied_unknown', 'operator', 'there is no such entry on the deny list')
}

async function tell(shell: Shell, options: ChangeOptions, keys: readonly string[]): Promise<void> {
  const lines = keys.map((key) => `allowed ${printable(key)}\n`).join('')
  await shell.out(options.json ? `${JSON.stringify({ allowed: keys }, null, 2)}\n` : lines)
}
