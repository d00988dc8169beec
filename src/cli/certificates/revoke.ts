import type { Command } from 'commander'
import { deniedView, deny, entriesOf } from '../../admin/deny.ts'
import { printable } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { noteChange } from '../store-command.ts'
import { type DeniedRow, type DenyOptions, deniedTable, requestOf, withDenyOptions } from './deny-options.ts'

/** `certificates revoke`: refuses a certificate from now on, whatever its authority says (A00.FR.702). */
export function revokeCommand(shell: Shell): Command {
  const examples = [
    'certificates revoke --identity CP1 --note "stolen, ticket 4711"',
    'certificates revoke --fingerprint 3F:A0:…',
    'certificates revoke --serial 7f01 --issuer "O=Example CPO, CN=Example CPO root"',
  ]
  return withDenyOptions(changeCommand('revoke', shell, examples))
    .description(
      'put certificates on the local deny list, and those that the proxy has issued on its CRL; a running proxy ends their sessions',
    )
    .option('--note <text>', 'why')
    .action((options: ChangeOptions & DenyOptions) => {
      const tell = async (rows: readonly DeniedRow[]) =>
        shell.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : `denied:\n${deniedTable(rows)}`)
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          const answer = await api.call('POST', '/denied-certificates', requestOf(options))
          await tell((answer as { items: readonly DeniedRow[] }).items)
        },
        store: async ({ store }) => {
          const rows: DeniedRow[] = []
          for (const entry of await entriesOf(requestOf(options), store, shell.now())) {
            const kept = await deny(store, entry)
            await noteChange({ store }, shell, kept.identity, `certificates revoke ${printable(kept.key)}`)
            rows.push(deniedView(kept))
          }
          await tell(rows)
        },
      })
    })
}
