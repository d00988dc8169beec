import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { formatFinding } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { createLogger } from '../observe/log.ts'
import { ProxyError } from '../policy/error.ts'
import { type CentralSystem, createCentralSystem } from '../simulator/central-system.ts'
import { describeEvent, type SimulatorEvent } from '../simulator/event.ts'
import { createPaint, type Paint } from './demo/paint.ts'
import { printable } from './output.ts'
import { adminTokenFile, ensureAdminToken } from './quickstart/admin-token.ts'
import { compactLogLine, shortLine } from './quickstart/log-line.ts'
import { ownCommand } from './quickstart/own-command.ts'
import { portInUse } from './quickstart/port-in-use.ts'
import { defaultConfig, ensureConfig, prepare } from './quickstart/prepare.ts'
import { summary } from './quickstart/text.ts'
import { type RunningProxy, startProxy } from './serve.ts'
import { processShell, type Shell } from './shell.ts'
import { guarded, plainCommand } from './store-command.ts'
import { version } from './version.ts'

/** `quickstart`: everything that is needed to see the proxy work on this machine, in one process. */
export function quickstartCommand(shell: Shell = processShell()): Command {
  return plainCommand('quickstart', shell)
    .description('try it: development certificates, demo charge points, a demo central system, the proxy')
    .option('--config <file>', 'configuration', defaultConfig)
    .addHelpText(
      'after',
      `
Works in the current folder: certificates and passwords go to certs/, the store and the token of the
admin API to data/. What is there and valid is kept, so that it can be run again. Not for production.

Exit codes: 0 ended by Ctrl-C, 1 could not start, 2 configuration refused`,
    )
    .action(({ config }: { readonly config: string }) => guarded(shell, () => quickstart(shell, config)))
}

async function quickstart(shell: Shell, file: string): Promise<void> {
  const paint = createPaint(process.stdout.isTTY === true, shell.env)
  if (await ensureConfig(file)) await shell.out(`wrote ${file}\n`)
  await ensureAdminToken(file, shell.env)
  const loaded = load(file, shell)
  const { config, secretFiles } = loaded
  await prepare(config, shell.now())
  const { central, proxy } = await start(loaded, shell, paint)
  const folder = process.cwd()
  const command = ownCommand({ script: process.argv[1] ?? '', folder })
  const isCheckout = existsSync(join(folder, '.gitignore'))
  const configFile = relative(folder, file)
  const tokenFile = adminTokenFile(secretFiles)
  await shell.out(summary({ config, configFile, tokenFile, command, folder, isCheckout, version }, paint))
  try {
    await proxy.untilStopped
  } finally {
    await central.close()
  }
}

function load(file: string, shell: Shell): LoadedConfig {
  const loaded = loadConfig(file, { env: shell.env })
  if (loaded.ok) return loaded
  throw new ProxyError('config_invalid', 'operator', loaded.problems.map(formatFinding).join('\n'))
}

interface Started {
  readonly central: CentralSystem
  readonly proxy: RunningProxy
}

/** The central system first: the proxy may be asked for it at once. Leaves nothing open when it throws. */
async function start(loaded: LoadedConfig, shell: Shell, paint: Paint): Promise<Started> {
  const { config, file } = loaded
  const central = createDemoCentralSystem(config, shell, paint)
  const write = (line: string) => {
    const text = compactLogLine(line, paint)
    if (text !== null) void shell.out(`${text}\n`)
  }
  try {
    await central.listen()
    return { central, proxy: await startProxy(loaded, createLogger(config.log.level, { write })) }
  } catch (error) {
    await central.close()
    const line = portInUse(error, config, file)
    throw line === null ? error : new ProxyError('port_in_use', 'operator', line, { cause: error })
  }
}

function createDemoCentralSystem(config: Config, shell: Shell, paint: Paint): CentralSystem {
  const { hostname, port, pathname } = new URL(config.centralSystem.url)
  return createCentralSystem({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || 80,
    path: pathname,
    historyLimit: 0,
    onEvent: (event) => {
      if (!isWorthALine(event)) return
      const text = printable(describeEvent(event)).replaceAll('\n', ' ')
      void shell.out(`${shortLine(new Date(shell.now()).toISOString(), 'central', text, paint)}\n`)
    },
  })
}

/** The answers say nothing that the calls do not. */
function isWorthALine(event: SimulatorEvent): boolean {
  return event.kind === 'received' ? event.message.kind === 'call' : event.kind !== 'sent'
}
