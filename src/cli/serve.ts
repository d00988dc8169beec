import { Command } from 'commander'
import type { Listening } from '../app/listening.ts'
import { openStore } from '../app/open-store.ts'
import { defaultConfigPath, type LoadedConfig, loadConfig } from '../config/load.ts'
import { formatFinding } from '../config/problem.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { ProxyError } from '../policy/error.ts'
import { checkLoaded } from './check/checks.ts'
import { machineContext } from './check/context.ts'
import { Reloader } from './serve/reloader.ts'
import { version } from './version.ts'

interface ServeOptions {
  readonly config: string
}

/** `serve`: runs the proxy until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the proxy (the default)')
    .option('-c, --config <file>', 'configuration file', defaultConfigPath)
    .addHelpText(
      'after',
      `
SIGHUP, or a change of the configuration or of a file that it names, reloads it without dropping a
session. Where nothing has changed all stays, and SIGHUP reads and fetches the CRLs again. SIGTERM and
SIGINT drain: no new connections, sessions end within drain.timeout; a second signal ends at once.

Exit codes: 0 drained, 1 could not start, 2 used wrong or configuration refused`,
    )
    .action(async ({ config }: ServeOptions) => {
      process.exitCode = await serve(config)
    })
}

async function serve(path: string): Promise<number> {
  const loaded = loadConfig(path)
  if (!loaded.ok) {
    for (const problem of loaded.problems) process.stderr.write(`${formatFinding(problem)}\n`)
    return 2
  }
  const log = createLogger(loaded.config.log.level)
  try {
    const running = await startProxy(loaded, log)
    await running.untilStopped
    return 0
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return 1
  }
}

export interface RunningProxy {
  readonly listening: readonly Listening[]
  /** Fulfilled when the proxy has drained after a signal or `stop`. */
  readonly untilStopped: Promise<void>
  stop(): Promise<void>
}

/** Starts the proxy with signals, reload and watcher. Throws ProxyError when it cannot start. */
export async function startProxy(loaded: LoadedConfig, log: Logger): Promise<RunningProxy> {
  const { config } = loaded
  for (const finding of checkLoaded(loaded, machineContext(config, Date.now()))) {
    const line = { finding: formatFinding(finding) }
    if (finding.level === 'error') log.error(line, 'check')
    else log.warn(line, 'check')
  }
  const metrics = createMetrics(
    { version, node: process.version, openssl: process.versions.openssl },
    { processMetrics: true },
  )
  const store = await openStore(config.store)
  // It brings everything along; other commands need not wait for that.
  const { App } = await import('../app.ts')
  const app = new App(config, { version, store, log, metrics })
  const started = Promise.withResolvers<void>()
  const reloader = new Reloader({ app, store, loaded, log, started: started.promise })
  const stopped = Promise.withResolvers<void>()
  let isStopping = false
  const stop = async () => {
    if (isStopping) return stopped.promise
    isStopping = true
    try {
      // A signal may come while the listeners are being opened.
      await started.promise
      reloader.close()
      await app.stop()
      await store.close()
      stopped.resolve()
    } catch (error) {
      stopped.reject(error)
    }
    return stopped.promise
  }
  const onSignal = (signal: string) => {
    if (isStopping) process.exit(1)
    log.info({ signal }, 'stopping')
    void stop()
  }
  // Before anything listens: a signal that nobody handles would end the process, and every session with it.
  process.on('SIGHUP', () => void reloader.reload('SIGHUP'))
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  let listening: readonly Listening[]
  try {
    listening = await app.start()
  } catch (error) {
    await store.close()
    throw error
  }
  await reloader.watch()
  started.resolve()
  return { listening, untilStopped: stopped.promise, stop }
}
