import type { Command } from 'commander'
import { parseDuration } from '../config/values.ts'
import type { SecurityEventLog, SecurityEventQuery, SecurityEventRecord } from '../store/store.ts'
import { csvHeader, eventCsv, eventJson, eventLine, eventTable } from './events/view.ts'
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
  readonly type?: string
  readonly origin?: string
  readonly since?: string
  readonly limit?: string
}

type Filter = Omit<SecurityEventQuery, 'limit' | 'afterId'>

const pageSize = 500
const followIntervalMs = 500

/** `events`: the security log, of charge points and of the proxy itself. */
export function eventsCommand(shell: Shell = processShell()): Command {
  return plainCommand('events', shell)
    .description('security events: what charge points reported, and what the proxy found and did')
    .addCommand(listCommand(shell))
    .addCommand(tailCommand(shell))
    .addCommand(exportCommand(shell))
}

function withFilters(command: Command): Command {
  return command
    .option('--identity <id>', 'only of this charge point')
    .option('--type <name>', 'only of this type, such as InvalidTLSVersion')
    .option('--origin <origin>', 'only from charge-point, or from proxy')
    .option('--since <duration>', 'only of the last 30m, 1h, 7d …')
}

function listCommand(shell: Shell): Command {
  const examples = ['events list --identity CP1', 'events list --since 1h --origin proxy --json']
  return withFilters(storeCommand('list', shell, examples))
    .description('list security events, newest first; one JSON object a line with --json')
    .option('--limit <n>', 'at most so many', '50')
    .action((options: FilterOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const limit = parseInteger(options.limit ?? '50', '--limit', 1, 1_000_000)
        const records = await store.events.list({ ...filterOf(options, shell), limit })
        if (options.json) for (const record of records) await shell.out(eventJson(record))
        else await shell.out(records.length === 0 ? 'no security events\n' : eventTable(records))
      }),
    )
}

function tailCommand(shell: Shell): Command {
  const examples = ['events tail', 'events tail --since 1h --type InvalidTLSVersion --json']
  return withFilters(storeCommand('tail', shell, examples))
    .description('show the last security events, oldest first, and those that come; Ctrl-C ends')
    .option('--limit <n>', 'start with so many; with --since, with all of that time', '10')
    .option('--no-follow', 'do not wait for more')
    .action((options: FilterOptions & { readonly follow: boolean }) =>
      withStore(shell, options, 'existing', async ({ store: { events } }) => {
        const limit = parseInteger(options.limit ?? '10', '--limit', 0, 10_000)
        await tail(shell, events, filterOf(options, shell), limit, options)
      }),
    )
}

function exportCommand(shell: Shell): Command {
  const examples = ['events export > events.jsonl', 'events export --since 30d --format csv > events.csv']
  return withFilters(storeCommand('export', shell, examples))
    .description('write all security events, oldest first')
    .option('--format <format>', 'json (one object a line) or csv', 'json')
    .action((options: FilterOptions & { readonly format: string }) =>
      withStore(shell, options, 'existing', async ({ store: { events } }) => {
        const isCsv = options.format === 'csv' && options.json !== true
        if (!isCsv && options.format !== 'json') throw usageError('--format must be json or csv')
        if (isCsv) await shell.out(csvHeader)
        await eachPage(events, filterOf(options, shell), 0, async (page) => {
          await shell.out(page.map(isCsv ? eventCsv : eventJson).join(''))
        })
      }),
    )
}

async function tail(
  shell: Shell,
  events: SecurityEventLog,
  filter: Filter,
  limit: number,
  options: { readonly follow: boolean; readonly json?: true },
): Promise<void> {
  const show = async (page: readonly SecurityEventRecord[]) => {
    for (const record of page) await shell.out(options.json ? eventJson(record) : eventLine(record))
  }
  // Where the log ends now, whatever the filter: what comes after it is new.
  let cursor = await events.lastId()
  if (filter.since === undefined) {
    const page = (await events.list({ ...filter, limit })).toReversed()
    await show(page)
    // One that came between the two looks was shown.
    cursor = Math.max(cursor, page.at(-1)?.id ?? 0)
  } else {
    cursor = Math.max(cursor, await eachPage(events, filter, 0, show))
  }
  const { since: _, ...live } = filter
  while (options.follow && (await shell.wait(followIntervalMs))) {
    cursor = await eachPage(events, live, cursor, show)
  }
}

/** Every page after `afterId`, oldest first; returns the id of the last record. */
async function eachPage(
  events: SecurityEventLog,
  filter: Filter,
  afterId: number,
  use: (page: readonly SecurityEventRecord[]) => Promise<void>,
): Promise<number> {
  let cursor = afterId
  for (;;) {
    const page = await events.list({ ...filter, afterId: cursor, limit: pageSize })
    await use(page)
    cursor = page.at(-1)?.id ?? cursor
    if (page.length < pageSize) return cursor
  }
}

function filterOf(options: FilterOptions, shell: Shell): Filter {
  const { identity, type, origin, since } = options
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(type === undefined ? {} : { type }),
    ...(origin === undefined ? {} : { origin: parseOrigin(origin) }),
    ...(since === undefined ? {} : { since: shell.now() - parseAge(since) }),
  }
}

function parseOrigin(text: string): SecurityEventRecord['origin'] {
  if (text === 'charge-point' || text === 'proxy') return text
  throw usageError('--origin must be charge-point or proxy')
}

function parseAge(text: string): number {
  const age = parseDuration(text)
  if (age === null) throw usageError('--since must be a duration like 30m, 1h or 7d')
  return age
}
