import type { Command } from 'commander'
import {
  type CertificateView,
  type ChargePointCertificateView,
  certificateView,
  chargePointCertificateView,
} from '../../admin/certificate-view.ts'
import type { CertificateKeyRecord } from '../../store/store.ts'
import type { ApiClient } from '../api-client.ts'
import { table } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { type OpenedStore, parseInteger } from '../store-command.ts'
import { withinMs } from '../within.ts'
import { configuredCertificates } from './configured.ts'

interface ListOptions extends ChangeOptions {
  readonly expiring?: string
  readonly limit: string
}

/** Milliseconds since the epoch: only what ends before it; null: everything. */
type Until = number | null

/** One line; where: the listener, the authority or the charge point that has it. */
interface Row {
  readonly role: string
  readonly where: string
  readonly subject: string
  readonly notAfter: string
  readonly daysLeft: number
  readonly fingerprint: string
}

const pageSize = 1000

/** `certificates list`: what ends when, of the proxy and of charge points. */
export function listCommand(shell: Shell): Command {
  const examples = ['certificates list', 'certificates list --expiring 30d --json']
  return changeCommand('list', shell, examples)
    .description(
      'list every certificate that is known, the next to end first: server, trust, factory and authority of the proxy, and the one that each charge point was seen with last',
    )
    .option(
      '--expiring <duration>',
      'only what ends within this time, such as 30d, or has ended; a number is days',
    )
    .option('--limit <n>', 'at most so many of charge points', '1000')
    .action((options: ListOptions) => {
      const show = (rows: readonly Row[]) => tell(shell, options, rows)
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => show(await ofProxy(api, limitOf(options), untilOf(shell, options))),
        store: async (opened) =>
          show(await ofStore(shell, opened, options, limitOf(options), untilOf(shell, options))),
      })
    })
}

function limitOf({ limit }: ListOptions): number {
  return parseInteger(limit, '--limit', 1, 10_000_000)
}

function untilOf(shell: Shell, { expiring }: ListOptions): Until {
  if (expiring === undefined) return null
  return shell.now() + withinMs(expiring, '--expiring')
}

async function ofProxy(api: ApiClient, limit: number, until: Until): Promise<readonly Row[]> {
  const own = (await api.call('GET', '/certificates')) as { readonly items: readonly CertificateView[] }
  const chargePoints: ChargePointCertificateView[] = []
  for (let after: string | null = ''; after !== null && chargePoints.length < limit; ) {
    const query = new URLSearchParams({ limit: String(Math.min(pageSize, limit - chargePoints.length)) })
    if (until !== null) query.set('before', new Date(until).toISOString())
    if (after !== '') query.set('after', after)
    const page = (await api.call('GET', `/charge-point-certificates?${query}`)) as {
      readonly items: readonly ChargePointCertificateView[]
      readonly next: string | null
    }
    chargePoints.push(...page.items)
    after = page.next
  }
  return rowsOf(own.items, chargePoints, until)
}

async function ofStore(
  shell: Shell,
  { store }: OpenedStore,
  options: ListOptions,
  limit: number,
  until: Until,
): Promise<readonly Row[]> {
  const now = shell.now()
  // A store that was named directly belongs to no configuration.
  const own = options.store === undefined ? await configuredCertificates(shell, options.config) : []
  const keys: CertificateKeyRecord[] = []
  for (;;) {
    const last = keys.at(-1)
    const wanted = Math.min(pageSize, limit - keys.length)
    const page = await store.registry.listExpiringKeys({
      before: until ?? Number.MAX_SAFE_INTEGER,
      ...(last === undefined ? {} : { after: last }),
      limit: wanted,
    })
    keys.push(...page)
    if (page.length < wanted || keys.length >= limit) break
  }
  const chargePoints = keys.map((key) => chargePointCertificateView(key, now))
  return rowsOf(
    own.map((one) => certificateView(one, now)),
    chargePoints,
    until,
  )
}

function rowsOf(
  own: readonly CertificateView[],
  chargePoints: readonly ChargePointCertificateView[],
  until: Until,
): readonly Row[] {
  const rows: Row[] = [
    ...own
      .filter(({ notAfter }) => until === null || Date.parse(notAfter) < until)
      .map(({ role, listener, ...one }) => ({ role, where: listener, ...one })),
    ...chargePoints.map(({ identity, ...one }) => ({ role: 'charge-point', where: identity, ...one })),
  ]
  return rows
    .map(({ role, where, subject, notAfter, daysLeft, fingerprint }) => {
      return { role, where, subject, notAfter, daysLeft, fingerprint }
    })
    .sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))
}

async function tell(shell: Shell, { json }: ListOptions, rows: readonly Row[]): Promise<void> {
  if (json) return shell.out(`${JSON.stringify(rows, null, 2)}\n`)
  if (rows.length === 0) return shell.out('no certificates\n')
  const cells = rows.map((row) => [
    row.role,
    row.where,
    row.subject,
    row.notAfter.replace(/\.\d+Z$/, 'Z'),
    row.daysLeft < 0 ? 'expired' : `${row.daysLeft}`,
  ])
  await shell.out(table(['role', 'of', 'subject', 'until', 'days left'], cells))
}
