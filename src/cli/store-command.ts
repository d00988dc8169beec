import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { type NamedStore, openStore } from '../app/open-store.ts'
import { loadConfig } from '../config/load.ts'
import { formatFinding } from '../config/problem.ts'
import { ProxyError } from '../policy/error.ts'
import { reservedIdentity } from '../policy/identity.ts'
import type { Store } from '../store/store.ts'
import { printable } from './output.ts'
import type { Shell } from './shell.ts'

/** What the commands that work on the store have in common. */

export interface StoreOptions {
  readonly config: string
  readonly store?: string
  readonly json?: true
}

export interface OpenedStore {
  readonly store: Store
  /** Null: the configuration has none, or the store was named directly. */
  readonly sealingKey: Buffer | null
  /** The identity of the proxy's own session, no charge point's; null: none, or the store was named directly. */
  readonly reserved: string | null
}

/** What these mean is "used wrong"; every other error means "found wrong". */
const usageCodes: ReadonlySet<string> = new Set([
  'usage',
  'config_invalid',
  'key_invalid',
  'store_missing',
  'deny_target_invalid',
])

export function usageError(message: string): ProxyError {
  return new ProxyError('usage', 'operator', message)
}

/** A command or group whose wrong use ends with exit code 2. */
export function plainCommand(name: string, shell: Shell): Command {
  return new Command(name)
    .exitOverride(({ exitCode }) => shell.exit(exitCode === 0 ? 0 : 2))
    .configureOutput({ writeOut: (text) => void shell.out(text), writeErr: (text) => shell.err(text) })
}

/** A command on the store; `examples` are shown by --help, one a line, without the program's name. */
export function storeCommand(name: string, shell: Shell, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ocpp-security-proxy ${example}`)
  return plainCommand(name, shell)
    .option(
      '--config <file>',
      'configuration; its store is used, SQLite or Redis',
      'ocpp-security-proxy.yaml',
    )
    .option('--store <file>', 'SQLite file of the store, instead of a configuration')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `\nExamples:\n${lines.join('\n')}\n\nExit codes: 0 fine, 1 found wrong, 2 used wrong`,
    )
}

/** Runs the body of a command: a ProxyError becomes one line on standard error and an exit code. */
export async function guarded(shell: Shell, body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    shell.err(`error: ${printable(error.message)}\n`)
    shell.setExitCode(usageCodes.has(error.code) ? 2 : 1)
  }
}

/**
 * Opens the store, runs `body`, closes it. `create`: a new store is made when there is none;
 * otherwise a mistyped name is an error, and not an empty store.
 */
export async function withStore(
  shell: Shell,
  options: StoreOptions,
  mode: 'existing' | 'create',
  body: (opened: OpenedStore) => Promise<void>,
): Promise<void> {
  await guarded(shell, async () => {
    const { config, sealingKey, reserved } = storeOf(shell, options)
    if (mode === 'existing' && config.sqlite !== undefined && !existsSync(config.sqlite)) {
      throw new ProxyError('store_missing', 'operator', `there is no store ${config.sqlite}`)
    }
    const store = await openStore(config, { now: shell.now })
    try {
      await body({ store, sealingKey, reserved })
    } finally {
      await store.close()
    }
  })
}

/**
 * A change that the command line made in the store is a security event, as one through the proxy is
 * (A00.FR.323). `identity`: null for many charge points. Durable when fulfilled.
 */
export async function noteChange(
  { store }: Pick<OpenedStore, 'store'>,
  shell: Shell,
  identity: string | null,
  what: string,
): Promise<void> {
  const at = shell.now()
  await store.events.append([
    {
      at,
      origin: 'proxy',
      type: 'ReconfigurationOfSecurityParameters',
      identity,
      timestamp: new Date(at).toISOString(),
      techInfo: `command line: ${what}`,
      reason: null,
      listener: null,
      address: null,
    },
  ])
}

type Named = Omit<OpenedStore, 'store'> & { readonly config: NamedStore }

function storeOf(shell: Shell, options: StoreOptions): Named {
  if (options.store !== undefined) {
    return { config: { sqlite: options.store }, sealingKey: null, reserved: null }
  }
  const loaded = loadConfig(options.config, { env: shell.env })
  if (loaded.ok) {
    const { store, securityEvents } = loaded.config
    return { config: store, sealingKey: store.sealingKey, reserved: reservedIdentity(securityEvents) }
  }
  const problems = loaded.problems.map(formatFinding).join('\n')
  throw new ProxyError(
    'config_invalid',
    'operator',
    `the configuration has problems (or name a store by --store):\n${problems}`,
  )
}

/** ISO 8601, in UTC. Fails with a usage error unless `text` is a day and a time. */
export function parseTime(text: string, option: string): string {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw usageError(`${option} must be a time like 2026-12-01T02:00:00Z`)
  return new Date(time).toISOString()
}

/** Fails with a usage error unless `text` is an integer from `min` to `max`. */
export function parseInteger(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw usageError(`${option} must be a number from ${min} to ${max}`)
}
