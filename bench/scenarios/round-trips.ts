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
  interleaved: true,
  async prepare(stage) {
    await stage.load.run({ what: 'connect', count: stage.connections })
    await stage.load.run({ what: 'closed-loop', seconds: stage.warmUpSeconds })
  },
  run: (stage) => measure(stage, { what: 'closed-loop', seconds: stage.seconds }),
}

/** The same with a whole fleet connected. */
export const roundTripsFleet: Scenario = { ...roundTrips, name: 'round-trips-fleet', connections: 5000 }

/** A steady rate well below what any peer can do: the latency that charge points see. */
export const latency: Scenario = {
  name: 'latency',
  title: 'round trips at a given rate, open loop',
  connections: 100,
  metrics,
  interleaved: true,
  async prepare(stage) {
    await stage.load.run({ what: 'connect', count: stage.connections })
    await stage.load.run({ what: 'open-loop', seconds: stage.warmUpSeconds, rate: stage.rate })
  },
  run: (stage) => measure(stage, { what: 'open-loop', seconds: stage.seconds, rate: stage.rate }),
}

/** Processor time of the peer per round trip, once it is warm. All connections are at rest before and after. */
async function measure(stage: Stage, command: LoadCommand): Promise<Sample> {
  const pids = stage.peer.pids()
  const before = cpuTime(pids)
  const result = await stage.load.run(command)
  const after = cpuTime(pids)
  return {
    cpu: (after.fine - before.fine) / result.done,
    cpuTicks: (after.coarse - before.coarse) / result.done,
    p50: result.p50,
    p99: result.p99,
    rate: result.done / result.seconds,
  }
}
