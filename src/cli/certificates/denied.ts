import type { Command } from 'commander'
import { deniedView } from '../../admin/deny.ts'
import type { ApiClient } from '../api-client.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import type { OpenedStore } from '../store-command.ts'
import { type DeniedRow, deniedTable } from './deny-options.ts'

const pageSize = 1000

/** `certificates denied`: the local deny list. */
export function deniedCommand(shell: Shell): Command {
  return changeCommand('denied', shell, ['certificates denied', 'certificates denied --identity CP1'])
    .description('show the local deny list: certificates that are refused whatever their authority says')
    .option('--identity <identity>', 'only entries made for this charge point')
    .action((options: ChangeOptions & { identity?: string }) => {
      const show = async (rows: readonly DeniedRow[]) =>
        shell.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : deniedTable(rows))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => show(await deniedOfProxy(api, options.identity)),
        store: async (opened) => show(await deniedOfStore(opened, options.identity)),
      })
    })
}

/** All entries, or those of one charge point, from a running proxy. */
export async function deniedOfProxy(api: ApiClient, identity?: string): Promise<readonly DeniedRow[]> {
  const rows: DeniedRow[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams({ limit: String(pageSize) })
    if (after !== '') query.set('after', after)
    if (identity !== undefined) query.set('identity', identity)
    const page = (await api.call('GET', `/denied-certificates?${query}`)) as {
      items: readonly DeniedRow[]
      next: string | null
    }
    rows.push(...page.items)
    after = page.next
  }
  return rows
}

/** The same from the store. */
export async function deniedOfStore(
  { store }: Pick<OpenedStore, 'store'>,
  identity?: string,
): Promise<readonly DeniedRow[]> {
  const rows: DeniedRow[] = []
  const filter = identity === undefined ? {} : { identity }
  for (let after = ''; ; ) {
    const page = await store.denied.list({ ...filter, after, limit: pageSize })
    rows.push(...page.map(deniedView))
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return rows
    after = last.key
  }
}
