import { SecurityLog } from '../../src/events/security-log.ts'
import { prepareSinks, Sinks } from '../../src/events/sinks.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { securityEvent } from '../support/memory-events.ts'

/** A proxy's security log with its sinks: stores events, says which are confirmed, and waits to be killed. */
const [path = '', sinks = '', first = '0', count = '0'] = process.argv.slice(2)
const { events } = openSqliteStore(path)
const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
const log = createLogger('silent')
const delivery = new Sinks({ events, metrics, log, note: () => {}, backoff: { firstMs: 20, maxMs: 20 } })
await delivery.set(prepareSinks(JSON.parse(sinks), { hostname: 'h', edition: 3, now: Date.now }))
const securityLog = new SecurityLog({ events, metrics, log, now: Date.now })
securityLog.subscribe((batch) => delivery.wake(batch.length))
process.stdout.write('ready\n')
for (let index = 0; index < Number(count); index += 1) {
  const techInfo = `event ${Number(first) + index}`
  await securityLog.fromChargePoint(securityEvent({ techInfo }))
  process.stdout.write(`${techInfo}\n`)
}
setInterval(() => undefined, 60_000)
