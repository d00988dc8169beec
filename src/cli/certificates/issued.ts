import type { Command } from 'commander'
import type { Static } from 'typebox'
import { type issuedSchema, issuedView } from '../../admin/renewal-view.ts'
import type { IssuedQuery } from '../../store/store.ts'
import type { ApiClient } from '../api-client.ts'
import { printable, table } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { type OpenedStore, parseInteger } from '../store-command.ts'
import { withinDays } from '../within.ts'

type Row = Static<typeof issuedSchema>

interface IssuedOptions extends ChangeOptions {
  readonly identity?: string
  readonly revoked?: true
  readonly expiring?: string
  readonly limit: string
}

const dayMs = 86_400_000

/** `certificates issued`: what charge points were given. */
export function issuedCommand(shell: Shell): Command {
  return changeCommand('issued', shell, [
    'certificates issued',
    'certificates issued --identity CP1',
    'certificates issued --expiring 30d --json',
  ])
    .description('show the certificates that charge points were given, the newest first')
    .option('--identity <identity>', 'only those of this charge point')
    .option('--revoked', 'only those that are revoked')
    .option('--expiring <duration>', 'only those that end within this time, such as 30d; a number is days')
    .option('--limit <n>', 'at most so many', '100')
    .action((options: IssuedOptions) => {
      const show = async (rows: readonly Row[]) =>
        shell.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : textOf(rows))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => show(await ofProxy(api, options)),
        store: async (opened) => show(await ofStore(opened, options, shell.now())),
      })
    })
}

function filterOf({ identity, revoked, expiring, limit }: IssuedOptions) {
  return {
    limit: parseInteger(limit, '--limit', 1, 1000),
    ...(identity === undefined ? {} : { identity }),
    ...(revoked === undefined ? {} : { revoked: true }),
    ...(expiring === undefined ? {} : { endsWithinDays: withinDays(expiring, '--expiring') }),
  }
}

async function ofProxy(api: ApiClient, options: IssuedOptions): Promise<readonly Row[]> {
  const query = new URLSearchParams(
    Object.entries(filterOf(options)).map(([key, value]): [string, string] => [key, String(value)]),
  )
  const page = (await api.call('GET', `/issued-certificates?${query}`)) as { items: readonly Row[] }
  return page.items
}

async function ofStore({ store }: OpenedStore, options: IssuedOptions, now: number): Promise<readonly Row[]> {
  const { endsWithinDays, ...rest } = filterOf(options)
  const query: IssuedQuery = {
    ...rest,
    ...(endsWithinDays === undefined ? {} : { endsBefore: now + endsWithinDays * dayMs }),
  }
  return (await store.issued.list(query)).map(issuedView)
}

function textOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no certificate was issued\n'
  return table(
    ['charge point', 'serial number', 'issued', 'ends', 'revoked', 'fingerprint'],
    rows.map(({ identity, serialNumber, issuedAt, notAfter, revokedAt, revocationReason, fingerprint }) => [
      printable(identity),
      ...[serialNumber, issuedAt, notAfter],
      revokedAt === null ? '-' : `${revokedAt} ${revocationReason ?? ''}`,
      fingerprint,
    ]),
  )
}
