import type { Command } from 'commander'
import { parseDuration } from '../config/values.ts'
import { ProxyError } from '../policy/error.ts'
import { isReasonCode, type ReasonCode } from '../policy/reasons.ts'
import type { RejectionLog, RejectionQuery } from '../store/store.ts'
import {
  rejectionDetails,
  rejectionLine,
  rejectionTable,
  rejectionView,
  summaryTable,
  summaryView,
} from './rejections/view.ts'
import { processShell, type Shell } from './shell.ts'
import {
  parseInteger,
  plainCommand,
  type StoreOptions,
  storeCommand,
  usageError,
  withStore,
} from './store-command.ts'

interface FilterOptions extends StoreOptions {
  readonly identity?: string
  readonly address?: string
  readonly reason?: string
  readonly since?: string
  readonly limit?: string
}

const followPageSize = 500
const followIntervalMs = 500

/** `rejections`: who was refused, why, and what can be done about it. */
export function rejectionsCommand(shell: Shell = processShell()): Command {
  return plainCommand('rejections', shell)
    .description('who was refused, why, and what can be done about it')
    .addCommand(listCommand(shell))
    .addCommand(summaryCommand(shell))
    .addCommand(explainCommand(shell))
    .addCommand(tailCommand(shell))
}

function withFilters(command: Command): Command {
  return command
    .option('--identity <id>', 'only of this charge point')
    .option('--address <ip>', 'only from this address')
    .option('--reason <code>', 'only for this reason')
}

function listCommand(shell: Shell): Command {
  const examples = [
    'rejections list --identity CP1',
    'rejections list --since 1h --reason tls_version --json',
  ]
  return withFilters(storeCommand('list', shell, examples))
    .description(
      'list refusals, newest first; one JSON object a line with --json. Before TLS, those of one address, listener and reason within a minute are one line, with their number.',
    )
    .option('--since <duration>', 'only of the last 30m, 1h, 7d …')
    .option('--limit <n>', 'at most so many', '50')
    .action((options: FilterOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const limit = parseInteger(options.limit ?? '50', '--limit', 1, 1_000_000)
        const records = await store.rejections.list({ ...filterOf(options, shell), limit })
        if (options.json) for (const record of records) await shell.out(jsonLine(rejectionView(record)))
        else await shell.out(records.length === 0 ? 'no refusals\n' : rejectionTable(records))
      }),
    )
}

function summaryCommand(shell: Shell): Command {
  return storeCommand('summary', shell, ['rejections summary --since 24h'])
    .description('count refusals by reason')
    .option('--since <duration>', 'of the last 30m, 1h, 7d …', '24h')
    .action((options: FilterOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const counts = await store.rejections.summary(filterOf(options, shell).since ?? 0)
        if (options.json) await shell.out(`${JSON.stringify(counts.map(summaryView), null, 2)}\n`)
        else await shell.out(counts.length === 0 ? 'no refusals\n' : summaryTable(counts))
      }),
    )
}

function explainCommand(shell: Shell): Command {
  return storeCommand('explain', shell, ['rejections explain 4711'])
    .description('show one refusal in full, with what can be done about it')
    .argument('<id>', 'its number in the list')
    .action((idText: string, options: StoreOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const id = parseInteger(idText, 'the id', 1, Number.MAX_SAFE_INTEGER)
        const [record] = await store.rejections.list({ afterId: id - 1, limit: 1 })
        if (record?.id !== id) {
          throw new ProxyError('rejection_unknown', 'operator', `there is no refusal ${id}, or no longer`)
        }
        await shell.out(
          options.json ? `${JSON.stringify(rejectionView(record), null, 2)}\n` : rejectionDetails(record),
        )
      }),
    )
}

function tailCommand(shell: Shell): Command {
  const examples = ['rejections tail --follow', 'rejections tail --follow --identity CP1 --json']
  return withFilters(storeCommand('tail', shell, examples))
    .description('show the last refusals, oldest first, and with --follow those that come')
    .option('--follow', 'wait for more; Ctrl-C ends')
    .option('--limit <n>', 'start with so many', '10')
    .action((options: FilterOptions & { readonly follow?: true }) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const limit = parseInteger(options.limit ?? '10', '--limit', 0, 10_000)
        await tail(shell, store.rejections, filterOf(options, shell), limit, options)
      }),
    )
}

async function tail(
  shell: Shell,
  log: RejectionLog,
  filter: Omit<RejectionQuery, 'limit'>,
  limit: number,
  options: { readonly follow?: true; readonly json?: true },
): Promise<void> {
  // The newest of all, whatever the filter: what comes after it is new.
  let cursor = (await log.list({ limit: 1 }))[0]?.id ?? 0
  let page = (await log.list({ ...filter, limit })).toReversed()
  for (;;) {
    for (const record of page) {
      cursor = Math.max(cursor, record.id)
      await shell.out(options.json ? jsonLine(rejectionView(record)) : rejectionLine(record))
    }
    if (!options.follow) return
    if (page.length < followPageSize && !(await shell.wait(followIntervalMs))) return
    page = [...(await log.list({ ...filter, afterId: cursor, limit: followPageSize }))]
  }
}

function filterOf(options: FilterOptions, shell: Shell): Omit<RejectionQuery, 'limit'> {
  const { identity, address, reason, since } = options
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(address === undefined ? {} : { address }),
    ...(reason === undefined ? {} : { reason: parseReason(reason) }),
    ...(since === undefined ? {} : { since: shell.now() - parseAge(since) }),
  }
}

function parseReason(text: string): ReasonCode {
  if (isReasonCode(text)) return text
  throw usageError(`${text} is no reason; docs/reasons.md lists them`)
}

function parseAge(text: string): number {
  const age = parseDuration(text)
  if (age === null) throw usageError('--since must be a duration like 30m, 1h or 7d')
  return age
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
