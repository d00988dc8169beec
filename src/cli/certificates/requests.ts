import type { Command } from 'commander'
import type { Static } from 'typebox'
import { type renewalSchema, renewalView } from '../../admin/renewal-view.ts'
import { type RenewalPhase, renewalPhases } from '../../policy/certificate-renewal.ts'
import type { ApiClient } from '../api-client.ts'
import { printable, table } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { type OpenedStore, usageError } from '../store-command.ts'

type Row = Static<typeof renewalSchema>

const pageSize = 1000

/** `certificates requests`: the last request of each charge point, and how it stands. */
export function requestsCommand(shell: Shell): Command {
  return changeCommand('requests', shell, [
    'certificates requests',
    'certificates requests --phase pending',
    'certificates requests --phase refused --json',
  ])
    .description('show the last certificate request of each charge point, and how it stands')
    .option('--phase <phase>', renewalPhases.join(', '))
    .action((options: ChangeOptions & { readonly phase?: string }) => {
      const show = async (rows: readonly Row[]) =>
        shell.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : textOf(rows))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => show(await ofProxy(api, phaseOf(options.phase))),
        store: async (opened) => show(await ofStore(opened, phaseOf(options.phase))),
      })
    })
}

function phaseOf(text: string | undefined): RenewalPhase | undefined {
  if (text === undefined) return undefined
  const phase = renewalPhases.find((one) => one === text)
  if (phase === undefined) throw usageError(`--phase must be one of ${renewalPhases.join(', ')}`)
  return phase
}

async function ofProxy(api: ApiClient, phase: RenewalPhase | undefined): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams({ limit: String(pageSize) })
    if (after !== '') query.set('after', after)
    if (phase !== undefined) query.set('phase', phase)
    const page = (await api.call('GET', `/certificate-requests?${query}`)) as {
      items: readonly Row[]
      next: string | null
    }
    rows.push(...page.items)
    after = page.next
  }
  return rows
}

async function ofStore({ store }: OpenedStore, phase: RenewalPhase | undefined): Promise<readonly Row[]> {
  const rows: Row[] = []
  const filter = phase === undefined ? {} : { phase }
  for (let after = ''; ; ) {
    const page = await store.renewals.list({ ...filter, after, limit: pageSize })
    rows.push(...page.map(renewalView))
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return rows
    after = last.identity
  }
}

function textOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no charge point has asked for a certificate\n'
  return table(
    ['charge point', 'phase', 'key', 'by', 'updated', 'new certificate ends', 'detail'],
    rows.map(({ identity, phase, keyType, origin, updatedAt, notAfter, detail }) => [
      printable(identity),
      ...[phase, keyType, origin, updatedAt, notAfter ?? '-'],
      printable(detail ?? ''),
    ]),
  )
}
