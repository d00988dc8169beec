import type { Command } from 'commander'
import { type ApiClient, type ApiOptions, apiClient, withApiOptions } from './api-client.ts'
import type { Shell } from './shell.ts'
import {
  guarded,
  type OpenedStore,
  type StoreOptions,
  storeCommand,
  usageError,
  withStore,
} from './store-command.ts'

/** Commands that change something: through the proxy when one runs, in the store when none does. */

export type ChangeOptions = StoreOptions & ApiOptions

export interface Ways {
  /** The proxy does it: it ends sessions that must not go on, and tells the security log. */
  proxy(api: ApiClient): Promise<void>
  store(opened: OpenedStore): Promise<void>
}

/** A command that works through a running proxy, or on the store. */
export function changeCommand(name: string, shell: Shell, examples: readonly string[]): Command {
  return withApiOptions(storeCommand(name, shell, examples)).addHelpText(
    'after',
    '\nA running proxy does it by its admin API; when none runs, or with --store, the store is changed. A proxy\nthat runs on that store ends, within seconds, the sessions of who was blocked or removed.',
  )
}

/**
 * Finds out whether a proxy runs, and does it there or in the store. `mode` is that of `withStore`.
 * Errors become one line and an exit code.
 */
export async function withProxyOrStore(
  shell: Shell,
  options: ChangeOptions,
  mode: 'existing' | 'create',
  ways: Ways,
): Promise<void> {
  await guarded(shell, async () => {
    const api = await runningProxy(shell, options)
    if (api !== null) await ways.proxy(api)
    else await withStore(shell, options, mode, (opened) => ways.store(opened))
  })
}

/** Null: the store it is. */
async function runningProxy(shell: Shell, options: ChangeOptions): Promise<ApiClient | null> {
  const isNamed = options.adminUrl !== undefined || options.adminTokenFile !== undefined
  if (options.store !== undefined) {
    if (isNamed) throw usageError('--store and the --admin options exclude each other')
    return null
  }
  const api = apiClient(shell, options)
  if (options.adminUrl !== undefined) return api
  if (!(await api.isRunning())) return null
  if (api.hasToken) return api
  shell.err(
    `warning: a proxy runs at ${api.origin} without an admin API (admin.tokenFile): the store is changed; if it is that of the proxy, sessions of who was blocked or removed end within seconds\n`,
  )
  return null
}
