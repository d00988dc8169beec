import { handshakeSlots, identitiesPerSlot } from '../load/commands.ts'
import { cpuTime } from '../machine/usage.ts'
import type { Metric, Sample, Scenario, Stage } from './scenario.ts'

const metrics: readonly Metric[] = [
  { key: 'cpu', label: 'CPU per connection', unit: 'µs', digits: 0, ratio: true },
  { key: 'cpuTicks', label: 'the same by clock ticks', unit: 'µs', digits: 0, ratio: false },
  { key: 'p50', label: 'connect to 101, p50', unit: 'µs', digits: 0, ratio: true },
  { key: 'p99', label: 'connect to 101, p99', unit: 'µs', digits: 0, ratio: true },
  { key: 'rate', label: 'connections per second', unit: '/s', digits: 0, ratio: false },
]

/** Full TLS handshake, Basic authentication, upgrade, close. */
export const fullHandshakes: Scenario = {
  name: 'handshakes',
  title: 'full handshake and upgrade',
  connections: handshakeSlots * identitiesPerSlot,
  metrics,
  interleaved: true,
  prepare: (stage) => warmUp(stage, false),
  run: (stage) => measure(stage, false),
}

/** The same with a session ticket of an earlier connection. */
export const resumedHandshakes: Scenario = {
  name: 'resumed',
  title: 'resumed handshake and upgrade',
  connections: handshakeSlots * identitiesPerSlot,
  metrics,
  interleaved: true,
  prepare: (stage) => warmUp(stage, true),
  run: (stage) => measure(stage, true),
}

async function warmUp(stage: Stage, resumed: boolean): Promise<void> {
  await stage.load.run({ what: 'handshakes', seconds: stage.warmUpSeconds, resumed })
}

async function measure(stage: Stage, resumed: boolean): Promise<Sample> {
  const pids = stage.peer.pids()
  const before = cpuTime(pids)
  const result = await stage.load.run({ what: 'handshakes', seconds: stage.seconds, resumed })
  const after = cpuTime(pids)
  return {
    cpu: (after.fine - before.fine) / result.done,
    cpuTicks: (after.coarse - before.coarse) / result.done,
    p50: result.p50,
    p99: result.p99,
    rate: result.done / result.seconds,
  }
}
