import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/replicas.ts'

test('[design 8] [design 12] a store that is gone: readiness and a metric say so, and the session goes on', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  const before = await proxy.metrics()
  // They are there before the first charge point is: an alert compares with what was.
  for (const listener of ['basic-auth-tls', 'mutual-tls']) {
    for (const name of ['ocpp_proxy_connections', 'ocpp_proxy_connections_total']) {
      const series = before.samples.filter((one) => one.name === name && one.labels.listener === listener)
      assert.deepEqual(
        series.map(({ value }) => value),
        [0],
        `${name} of ${listener}`,
      )
    }
  }
  assert.ok(before.sum('ocpp_proxy_connections_limit') > 0)
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  assert.equal((await proxy.readiness()).status, 200)
  const there = await proxy.metrics()
  assert.equal(there.sum('ocpp_proxy_store_up', { engine: 'sqlite' }), 1)
  assert.ok(there.sum('ocpp_proxy_store_free_bytes', { engine: 'sqlite' }) > 0)

  rmSync(join(proxy.pki.folder, 'data', 'proxy.db'))
  // The check is shared for a second by those who ask.
  await until(async () => (await proxy.readiness()).status === 503)
  assert.match((await proxy.readiness()).body.problems.join(), /the file was removed or replaced/)
  const gone = await proxy.metrics()
  assert.equal(gone.sum('ocpp_proxy_store_up', { engine: 'sqlite' }), 0)
  assert.equal(gone.sum('ocpp_proxy_connections'), 1)
  assert.equal((await chargePoint.heartbeat()).kind, 'result')
})
