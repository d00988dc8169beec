import type { ChargePoint } from '../../../simulator/charge-point.ts'
import { tightConnections, tightRate } from '../configuration.ts'
import { guest } from '../guests.ts'
import { startLoadBalancer } from '../load-balancer.ts'
import { exchange } from '../raw-client.ts'
import type { RefusalCase } from '../refusal-case.ts'
import { refusalSeen, type Seen, viewOfBytes } from '../seen.ts'

export const tcpRefusals = {
  rate_limited: {
    who: `CP-A, over ${tightRate} connections a minute`,
    site: 'tight',
    async attempt({ world, site, ready, later }) {
      const balancer = await startLoadBalancer(site.proxy.port('balanced'), '203.0.113.10')
      later(() => balancer.close())
      const client = await guest(world, 'CP-A', { url: `ws://127.0.0.1:${balancer.port}/ocpp` })
      for (let connection = 0; connection < tightRate; connection += 1) {
        await client.connect()
        await client.close()
      }
      await ready()
      return refusedInTime(client)
    },
  },
  capacity: {
    who: `CP-1, where ${tightConnections} others are connected`,
    site: 'tight',
    async attempt({ world, ready, later }) {
      for (const identity of ['CP-A', 'CP-B', 'CP-C'].slice(0, tightConnections)) {
        const other = await guest(world, identity, { site: 'tight' })
        await other.connect()
        later(() => other.close())
      }
      await ready()
      const late = await guest(world, 'CP-1', { site: 'tight' })
      return refusalSeen(() => late.connect())
    },
  },
  empty_connection: {
    who: 'a TCP health probe on the TLS port',
    site: 'main',
    async attempt({ site }) {
      return viewOfBytes(await exchange(site.proxy.port('basic-auth-tls'), '', { end: true }))
    },
  },
} as const satisfies Record<string, RefusalCase>

/** On a slow machine the allowance grows meanwhile: then a few more connections are needed. */
async function refusedInTime(client: ChargePoint): Promise<Seen> {
  for (let connection = 0; connection < tightRate; connection += 1) {
    const seen = await refusalSeen(() => client.connect())
    if (seen !== null) return seen
    await client.close()
  }
  return null
}
