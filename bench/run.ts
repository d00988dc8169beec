import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startLoad } from './load/driver.ts'
import { makeCertificate, type ServerCertificate } from './machine/certificates.ts'
import { firstMessage, freePort, killAll, portOf, startModule, versionOf } from './machine/processes.ts'
import { openFilesLimit } from './machine/usage.ts'
import { type Options, readOptions, usage } from './options.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { nodePipe } from './peers/node-pipe.ts'
import type { Peer } from './peers/peer.ts'
import { proxy } from './peers/proxy.ts'
import { type PeerSamples, ratioOf, summaryOf, table } from './report.ts'
import { fullHandshakes, resumedHandshakes } from './scenarios/handshakes.ts'
import { idleMemory } from './scenarios/memory.ts'
import { latency, roundTrips, roundTripsFleet } from './scenarios/round-trips.ts'
import type { Sample, Scenario, Stage } from './scenarios/scenario.ts'
import { identityOf } from './wire/messages.ts'

/** `npm run bench`: every scenario, every peer in turn, ratios on the terminal and figures in a file. */

const allPeers: readonly Peer[] = [nginx, proxy, haproxy, nodePipe]
const allScenarios: readonly Scenario[] = [
  roundTrips,
  latency,
  idleMemory,
  roundTripsFleet,
  fullHandshakes,
  resumedHandshakes,
]

/** What one run of the bench has in common. */
interface Run {
  readonly options: Options
  readonly folder: string
  readonly certificate: ServerCertificate
  readonly password: string
}

/** One peer, with everything around it started for it alone. */
interface OpenStage {
  readonly peer: string
  readonly stage: Stage
  close(): Promise<void>
}

async function openStage(run: Run, peer: Peer, connections: number): Promise<OpenStage> {
  const { options, certificate, password } = run
  const stops: (() => Promise<void>)[] = []
  const folder = mkdtempSync(join(run.folder, `${peer.name}-`))
  const close = async () => {
    for (const stop of stops) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const echo = startModule(new URL('./echo/central-system.ts', import.meta.url), [
      String(options.messageBytes),
    ])
    stops.unshift(() => echo.stop())
    const upstreamPort = portOf(await firstMessage(echo))
    const listenPort = await freePort()
    const identities = Array.from({ length: connections }, (_, index) => identityOf(index + 1))
    const running = await peer.start({
      ...{ listenPort, upstreamPort, certificate, password, identities, folder },
      ...{ tls: options.tls, nodeOptions: options.nodeOptions },
    })
    stops.unshift(() => running.stop())
    const load = await startLoad({
      ...{ port: listenPort, tls: options.tls, password, messageBytes: options.messageBytes },
    })
    stops.unshift(() => load.stop())
    const { seconds, warmUpSeconds, quietSeconds, rate } = options
    const stage = { peer: running, load, connections, seconds, warmUpSeconds, quietSeconds, rate }
    return { peer: peer.name, stage, close }
  } catch (problem) {
    await close()
    throw problem
  }
}

/** All rounds of one scenario; the peers take turns in each, so that a busy moment hits them alike. */
async function resultsOf(
  run: Run,
  scenario: Scenario,
  peers: readonly Peer[],
  connections: number,
): Promise<PeerSamples[]> {
  const rounds: Map<string, Sample>[] = []
  const open = new Map<Peer, OpenStage>()
  const failed = new Set<Peer>()
  const attempt = async (peer: Peer, round: Map<string, Sample> | null) => {
    if (failed.has(peer)) return
    try {
      if (!open.has(peer)) {
        const opened = await openStage(run, peer, connections)
        open.set(peer, opened)
        await scenario.prepare?.(opened.stage)
      }
      const stage = open.get(peer)?.stage
      if (stage !== undefined) round?.set(peer.name, await scenario.run(stage))
    } catch (problem) {
      failed.add(peer)
      process.exitCode = 1
      const why = problem instanceof Error ? problem.message : String(problem)
      console.error(`  ${peer.name} failed in ${scenario.name}: ${why}`)
    }
    if (!scenario.interleaved) await closeAll(open)
  }
  try {
    if (scenario.interleaved) {
      process.stderr.write(`${scenario.name}: warming up\n`)
      for (const peer of peers) await attempt(peer, null)
    }
    const count = scenario.interleaved ? run.options.rounds : run.options.repeats
    for (let index = 0; index < count; index++) {
      process.stderr.write(`${scenario.name} ${index + 1}/${count}\n`)
      const round = new Map<string, Sample>()
      rounds.push(round)
      for (const peer of peers) await attempt(peer, round)
    }
  } finally {
    await closeAll(open)
  }
  return peers.map(({ name }) => ({ peer: name, samples: rounds.map((round) => round.get(name) ?? null) }))
}

async function closeAll(open: Map<Peer, OpenStage>): Promise<void> {
  for (const { close } of open.values()) await close()
  open.clear()
}

function choose<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  what: string,
): T[] {
  return names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (found === undefined) {
      throw new TypeError(`no ${what} "${name}"; there are ${all.map((one) => one.name).join(', ')}`)
    }
    return found
  })
}

/** The chosen peers that are there; the others are named and left out. */
function availablePeers(options: Options, versions: Map<string, string>): Peer[] {
  return choose(allPeers, options.peers, 'peer').filter((peer) => {
    const found = peer.availability()
    if ('missing' in found) {
      console.log(`left out: ${peer.name} (${found.missing})`)
      return false
    }
    versions.set(peer.name, found.version)
    return true
  })
}

function checkOpenFiles(connections: number): void {
  const needed = 2 * connections + 500
  const limit = openFilesLimit()
  if (limit < needed) {
    throw new TypeError(
      `${connections} connections need ${needed} open files, the limit is ${limit}: raise it (ulimit -n ${needed}) or use --connections`,
    )
  }
}

async function bench(options: Options, folder: string): Promise<void> {
  const scenarios = choose(allScenarios, options.scenarios, 'scenario')
  const versions = new Map<string, string>()
  const peers = availablePeers(options, versions)
  if (versionOf('openssl', ['version']) === null) throw new TypeError('openssl is not installed')
  const run: Run = {
    options,
    folder,
    certificate: makeCertificate(folder),
    password: randomBytes(20).toString('hex'),
  }
  const report: object[] = []
  const started = new Date().toISOString()
  for (const scenario of scenarios) {
    const connections = options.connections ?? scenario.connections
    checkOpenFiles(connections)
    const loadBefore = loadavg()[0]
    const results = await resultsOf(run, scenario, peers, connections)
    console.log(`\n${table(scenario, connections, results)}`)
    report.push({
      scenario: scenario.name,
      connections,
      loadBefore,
      results: results.map(({ peer, samples }) => ({
        peer,
        samples,
        metrics: scenario.metrics.map(({ key, label, unit }) => ({
          ...{ key, label, unit, ...summaryOf(samples, key), toNginx: ratioOf(results, peer, key) },
        })),
      })),
    })
  }
  const file = options.json ?? resultFile(started)
  mkdirSync(dirname(file), { recursive: true })
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release() }
  const content = { started, machine, versions: Object.fromEntries(versions), options, scenarios: report }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
  console.log(`\nfigures: ${file}`)
}

function resultFile(started: string): string {
  return fileURLToPath(new URL(`./results/${started.replaceAll(':', '-')}.json`, import.meta.url))
}

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    allScenarios.map((scenario) => scenario.name),
  )
  if (options === 'help') {
    console.log(usage)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-bench-'))
  const clean = (): void => {
    killAll()
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', clean)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
  await bench(options, folder)
}

try {
  await main()
} catch (problem) {
  console.error(problem instanceof TypeError ? problem.message : problem)
  process.exitCode = problem instanceof TypeError ? 2 : 1
}
