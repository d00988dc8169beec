import { setTimeout as delay } from 'node:timers/promises'
import { SecurityLog } from '../../../src/events/security-log.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { EventOutbox } from '../../../src/usecases/security-events/outbox.ts'
import { OwnSession } from '../../../src/usecases/security-events/own-session.ts'
import { securityEvent } from '../../support/memory-events.ts'

/** A proxy's own session on a real store: stores events, says which are durable, and waits to be killed. */
const [path = '', url = '', first = '0', count = '0'] = process.argv.slice(2)
const { events } = openSqliteStore(path)
const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
const log = createLogger('silent')
const outbox = new EventOutbox({
  events,
  metrics,
  log,
  wait: async (ms, signal) => delay(ms, true, { signal }).catch(() => false),
  wanted: () => true,
  settings: () => ({
    form: 'DataTransfer',
    perMinute: 10_000,
    dataTransfer: { vendorId: 'V', messageId: 'M' },
  }),
})
const session = new OwnSession({
  events,
  outbox,
  isLive: () => false,
  target: () => ({
    identity: 'SECURITY-PROXY',
    url,
    headers: {},
    ca: undefined,
    connectTimeoutMs: 5_000,
    boot: { chargePointVendor: 'us', chargePointModel: 'proxy', firmwareVersion: '0' },
  }),
  log,
  random: Math.random,
  callTimeoutMs: () => 5_000,
})
session.start()
const securityLog = new SecurityLog({ events, metrics, log, now: Date.now })
securityLog.subscribe(() => session.wake())
for (let index = 0; index < Number(count); index += 1) {
  const techInfo = `event ${Number(first) + index}`
  await securityLog.fromChargePoint(securityEvent({ identity: null, techInfo }))
  process.stdout.write(`${techInfo}\n`)
}
setInterval(() => undefined, 60_000)
