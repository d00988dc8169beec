import type { Command } from 'commander'
import { ProxyError } from '../../policy/error.ts'
import type { ChargePointQuery } from '../../store/store.ts'
import { rejectionTable, rejectionView } from '../rejections/view.ts'
import type { Shell } from '../shell.ts'
import { parseInteger, type StoreOptions, storeCommand, usageError, withStore } from '../store-command.ts'
import { requireProfile } from './options.ts'
import { pagesOf } from './pages.ts'
import { chargePointDetails, chargePointTable, chargePointView, keyTable, keyView } from './view.ts'

const rejectionsShown = 5

interface ListOptions extends StoreOptions {
  readonly blocked?: true
  readonly profile?: string
  readonly onboarding?: string | true
  readonly limit?: string
}

export function listCommand(shell: Shell): Command {
  const examples = [
    'charge-points list',
    'charge-points list --blocked --json',
    'charge-points list --profile 1 --limit 20',
    'charge-points list --onboarding failed',
  ]
  return storeCommand('list', shell, examples)
    .description('list charge points by identity; one JSON object a line with --json')
    .option('--blocked', 'only those that are blocked')
    .option('--profile <n>', 'only those that are kept on this security profile')
    .option('--onboarding [state]', 'only those in onboarding: all, or expected, running or failed')
    .option('--limit <n>', 'at most so many')
    .action((options: ListOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const limit =
          options.limit === undefined
            ? Number.MAX_SAFE_INTEGER
            : parseInteger(options.limit, '--limit', 1, 1e9)
        const filter: Omit<ChargePointQuery, 'limit' | 'after'> = {
          ...(options.blocked ? { blocked: true } : {}),
          ...(options.profile === undefined
            ? {}
            : { securityProfile: requireProfile(options.profile, '--profile') }),
          ...(options.onboarding === undefined ? {} : { onboarding: requireState(options.onboarding) }),
        }
        let total = 0
        for await (const page of pagesOf(store.registry, filter, limit)) {
          total += page.length
          if (options.json)
            await shell.out(page.map((record) => `${JSON.stringify(chargePointView(record))}\n`).join(''))
          else await shell.out(chargePointTable(page))
        }
        if (total === 0 && !options.json) await shell.out('no charge points\n')
      }),
    )
}

function requireState(text: string | true): NonNullable<ChargePointQuery['onboarding']> {
  switch (text) {
    case true:
    case 'any':
      return 'any'
    case 'expected':
    case 'running':
    case 'failed':
      return text
    default:
      throw usageError('--onboarding must be expected, running or failed, or nothing for all of them')
  }
}

export function showCommand(shell: Shell): Command {
  return storeCommand('show', shell, ['charge-points show CP1'])
    .description('show one charge point, its keys and its last refusals')
    .argument('<identity>')
    .action((identity: string, options: StoreOptions) =>
      withStore(shell, options, 'existing', async ({ store: { registry, rejections } }) => {
        const record = await registry.get(identity)
        const refused = await rejections.list({ identity, limit: rejectionsShown })
        if (record === null) {
          const known = refused.length === 0 ? '' : '; it was refused: see `rejections list --identity`'
          throw new ProxyError(
            'charge_point_unknown',
            'operator',
            `no charge point ${identity} is registered${known}`,
          )
        }
        const keys = await registry.keysOf(identity)
        if (options.json) {
          const view = {
            ...chargePointView(record),
            keys: keys.map(keyView),
            rejections: refused.map(rejectionView),
          }
          return shell.out(`${JSON.stringify(view, null, 2)}\n`)
        }
        await shell.out(chargePointDetails(record))
        if (keys.length > 0) await shell.out(`\n${keyTable(keys)}`)
        if (refused.length > 0) await shell.out(`\n${rejectionTable(refused)}`)
      }),
    )
}
