import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { setExpiryMetrics } from '../../src/observe/expiry.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics, directions, messageKinds, messageSeries } from '../../src/observe/metrics.ts'
import { Tally, Timing } from '../../src/observe/tally.ts'
import { actionNames } from '../../src/ocpp/action-index.ts'
import { reasonCodes, reasons } from '../../src/policy/reasons.ts'
import { sharedAuthority } from '../support/authority.ts'

test('[design 8] a tally is rendered as a counter of prom-client is', async () => {
  const labels = [
    { direction: 'a', type: 'x' },
    { direction: 'b', type: 'quote " back \\ line\n' },
    { direction: 'c', type: '' },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1e6), { minLength: 3, maxLength: 3 }), async (counts) => {
      const ours = new Registry()
      const theirs = new Registry()
      const tally = new Tally(ours, 'test_total', 'Help with \\ and\nline.', labels)
      const counter = new Counter({
        name: 'test_total',
        help: 'Help with \\ and\nline.',
        labelNames: ['direction', 'type'],
        registers: [theirs],
      })
      for (const [index, count] of counts.entries()) {
        tally.counts[index] = count
        if (count > 0) counter.inc(labels[index] ?? {}, count)
      }
      assert.equal(await ours.metrics(), await theirs.metrics())
    }),
    { numRuns: 30 },
  )
})

test('[design 8] a timing is rendered as a histogram of prom-client is, borders included', async () => {
  const buckets = [0.001, 0.01, 0.5, 1, 60]
  const value = fc.oneof(fc.constantFrom(...buckets, 0, 61), fc.double({ min: 0, max: 100, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1 }), async (values) => {
      const ours = new Registry()
      const theirs = new Registry()
      const timing = new Timing(ours, 'test_seconds', 'Help.', buckets)
      const histogram = new Histogram({ name: 'test_seconds', help: 'Help.', buckets, registers: [theirs] })
      for (const one of values) {
        timing.observe(one)
        histogram.observe(one)
      }
      assert.equal(await ours.metrics(), await theirs.metrics())
      ours.resetMetrics()
      assert.match(await ours.metrics(), /_sum 0\ntest_seconds_count 0\n$/)
    }),
    { numRuns: 50 },
  )
})

test('every message has one series, and no two share one', () => {
  const seen = new Set<number>()
  for (const direction of directions.keys())
    for (const kind of messageKinds.keys())
      for (const action of actionNames.keys()) seen.add(messageSeries(direction, kind, action))
  assert.equal(seen.size, directions.length * messageKinds.length * actionNames.length)
  assert.equal(Math.max(...seen), seen.size - 1)
})

async function everySeries(): Promise<string> {
  const metrics = createMetrics({ version: '1', node: 'v24', openssl: '3.5' }, { processMetrics: true })
  for (const reason of reasonCodes) {
    const { stage, event } = reasons[reason]
    for (const mode of ['enforce', 'report']) {
      metrics.rejections.inc({ listener: 'a', profile: 2, stage, reason, mode })
      if (event !== null) metrics.securityEvents.inc({ type: event, origin: 'proxy' })
    }
  }
  metrics.connections.inc({ listener: 'a', profile: 1 })
  metrics.connectionsTotal.inc({ listener: 'a', profile: 1 })
  metrics.handshakes.inc({
    listener: 'a',
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    resumed: 'true',
  })
  for (const one of [
    metrics.handshakeDuration,
    metrics.admissionDuration,
    metrics.upstreamConnectDuration,
    metrics.relayDuration,
  ])
    one.observe(0.02)
  metrics.messages.counts.fill(1)
  metrics.messageBytes.counts.fill(1)
  metrics.certificateExpiry.set({ role: 'server', name: 'a-ec' }, 1)
  metrics.configReloads.inc({ result: 'success' })
  metrics.configReloadSuccessful.set(1)
  return metrics.registry.metrics()
}

const promtool = spawnSync('promtool', ['--version']).error === undefined

test('[design 8] promtool finds nothing to say about a scrape with every series', {
  skip: promtool ? false : 'promtool is not installed',
}, async () => {
  const text = await everySeries()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  // The metrics of the process are those of prom-client; what is said about their names is not ours.
  const about = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('ocpp_proxy_') || /error/i.test(line))
  assert.deepEqual(about, [])
  assert.ok(status === 0 || !stderr.includes('parsing'), stderr)
})

test('[CWE-770] nothing that a peer sends is a label: no identity, no address, no free text', async () => {
  const text = await everySeries()
  const names = new Set([...text.matchAll(/[{,]([a-z_]+)="/g)].map(([, name]) => name))
  for (const name of ['identity', 'address', 'remote', 'detail', 'subject']) assert.ok(!names.has(name), name)
})

test('the end of certificates and roots is told; what is no longer used disappears', async () => {
  const metrics = createMetrics({ version: '1', node: 'v24', openssl: '3.5' }, { processMetrics: false })
  const authority = await sharedAuthority()
  const server = await authority.server()
  const material = {
    certificates: [{ certificate: server.chain }],
    trust: { cpo: [authority.x509], factory: [authority.x509] },
  }
  setExpiryMetrics(
    metrics,
    [
      { listener: { name: 'a' }, contexts: { material } },
      { listener: { name: 'b' }, contexts: null },
    ],
    [{ name: 'local', issuer: { certificate: authority.x509 } }],
  )
  const { values } = await metrics.certificateExpiry.get()
  const roots = authority.x509.fingerprint256.slice(0, 23)
  const at = (certificate: X509Certificate) => certificate.validToDate.getTime() / 1000
  assert.deepEqual(
    values.map(({ labels, value }) => [labels.role, labels.name, value]),
    [
      ['server', 'a-ec', at(new X509Certificate(server.certificate))],
      ['trust', roots, at(authority.x509)],
      ['factory', roots, at(authority.x509)],
      ['authority', 'local', at(authority.x509)],
    ],
  )
  setExpiryMetrics(metrics, [], [])
  assert.deepEqual((await metrics.certificateExpiry.get()).values, [])
})

test('[A01.FR.09] the log is JSON lines, and what is named like a secret is not in it', () => {
  const lines: string[] = []
  const log = createLogger('info', { write: (line) => void lines.push(line) })
  log.info(
    {
      authorization: 's3cret',
      password: 's3cret',
      headers: { authorization: 's3cret' },
      tls: { key: 's3cret' },
      admin: { token: 's3cret' },
    },
    'hello',
  )
  log.debug('not at this level')
  assert.equal(lines.length, 1)
  assert.ok(!lines[0]?.includes('s3cret'))
  const { level, msg, time } = JSON.parse(lines[0] ?? '')
  assert.deepEqual([level, msg, Number.isNaN(Date.parse(time))], ['info', 'hello', false])
})
