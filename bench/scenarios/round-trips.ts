import type { LoadCommand } from '../load/commands.ts'
import { cpuTime } from '../machine/usage.ts'
import type { Metric, Sample, Scenario, Stage } from './scenario.ts'

const metrics: readonly Metric[] = [
  { key: 'cpu', label: 'CPU per round trip', unit: 'µs', digits: 2, ratio: true },
  { key: 'cpuTicks', label: 'the same by clock ticks', unit: 'µs', digits: 2, ratio: false },
  { key: 'p50', label: 'latency p50', unit: 'µs', digits: 0, ratio: true },
  { key: 'p99', label: 'latency p99', unit: 'µs', digits: 0, ratio: true },
  { key: 'rate', label: 'round trips per second', unit: '/s', digits: 0, ratio: false },
]

/** As many round trips as go, one outstanding on each connection. Latency is mostly the queue here. */
export const roundTrips: Scenario = {
  name: 'round-trips',
  title: 'round trips, closed loop',
  connections: 100,
  metrics,
  async run(stage) {
    await stage.load.run({ what: 'connect', count: stage.connections })
    return measure(stage, (seconds) => ({ what: 'closed-loop', seconds }))
  },
}

/** The same with a whole fleet connected. */
export const roundTripsFleet: Scenario = { ...roundTrips, name: 'round-trips-fleet', connections: 5000 }

/** A steady rate well below what any peer can do: the latency that charge points see. */
export const latency: Scenario = {
  name: 'latency',
  title: 'round trips at a given rate, open loop',
  connections: 100,
  metrics,
  async run(stage) {
    await stage.load.run({ what: 'connect', count: stage.connections })
    return measure(stage, (seconds) => ({ what: 'open-loop', seconds, rate: stage.rate }))
  },
}

/** Processor time of the peer per round trip, once it is warm. All connections are at rest before and after. */
export async function measure(stage: Stage, command: (seconds: number) => LoadCommand): Promise<Sample> {
  await stage.load.run(command(stage.warmUpSeconds))
  const pids = stage.peer.pids()
  const before = cpuTime(pids)
  const result = await stage.load.run(command(stage.seconds))
  const after = cpuTime(pids)
  return {
    cpu: (after.fine - before.fine) / result.done,
    cpuTicks: (after.coarse - before.coarse) / result.done,
    p50: result.p50,
    p99: result.p99,
    rate: result.done / result.seconds,
  }
}
