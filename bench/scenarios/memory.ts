import { setTimeout as sleep } from 'node:timers/promises'
import { memory } from '../machine/usage.ts'
import type { Scenario } from './scenario.ts'

/** So many connections come and go first, so that what the peer sets up once is not counted. */
const firstConnections = 50

/** What a connected charge point costs that has booted and is silent now. */
export const idleMemory: Scenario = {
  name: 'memory',
  title: 'resident memory per idle connection',
  connections: 5000,
  interleaved: false,
  metrics: [
    { key: 'pss', label: 'PSS per connection', unit: 'KiB', digits: 1, ratio: true },
    { key: 'rss', label: 'RSS per connection', unit: 'KiB', digits: 1, ratio: true },
    { key: 'before', label: 'PSS before, in all', unit: 'MiB', digits: 1, ratio: false },
    { key: 'after', label: 'PSS after, in all', unit: 'MiB', digits: 1, ratio: true },
  ],
  async run({ load, peer, connections, quietSeconds }) {
    await load.run({ what: 'connect', count: firstConnections })
    await load.run({ what: 'one-each' })
    await load.run({ what: 'disconnect' })
    await sleep(1000)
    const before = memory(peer.pids())
    await load.run({ what: 'connect', count: connections })
    await load.run({ what: 'one-each' })
    await sleep(quietSeconds * 1000)
    const after = memory(peer.pids())
    return {
      pss: (after.pss - before.pss) / connections,
      rss: (after.rss - before.rss) / connections,
      before: before.pss / 1024,
      after: after.pss / 1024,
    }
  },
}
