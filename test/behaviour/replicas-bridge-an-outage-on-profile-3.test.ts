import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { ReplicaSet, until } from '../support/replicas.ts'

test('[design 12][A00.FR.702][CWE-636] while the store is away certificates are judged by what was known of the deny list', {
  skip: withoutRedis,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a'], { revocation: { ocsp: 'off' } })
  const [replica] = set.replicas
  assert.ok(replica)
  const chargePoints: ChargePoint[] = []
  for (const number of [1, 2, 3]) {
    const [identity, serialNumber] = [`CP-${number}`, `SN-${number}`]
    await set.store.registry.add(identity, { serialNumber })
    const issued = await set.pki.cpo.chargePoint({ cn: serialNumber })
    const tls = { ca: set.pki.serverRoot, certificate: issued.chain, key: issued.key }
    chargePoints.push(set.chargePoint(replica, identity, 'mutual-tls', { tls }))
  }
  const [known, denied, stranger] = chargePoints
  assert.ok(known && denied && stranger)
  await Promise.all([known.connect(), denied.connect()])
  const ended = denied.closed()
  const answer = await set.api(replica, 'POST', 'denied-certificates', { identity: 'CP-2', note: 'stolen' })
  assert.equal(answer.status, 201)
  assert.equal((await ended).code, 1008)

  await set.redis.stop()
  await until(async () => (await set.ready(replica)).notes.join().includes('the store is away'))
  await known.close()
  await known.connect()
  assert.equal((await known.heartbeat()).kind, 'result')
  const refused = async (reason: string) => {
    const line = new RegExp(`^ocpp_proxy_rejections_total\\{.*reason="${reason}".*\\} (\\d+)$`, 'm')
    return Number(line.exec(await set.metrics(replica))?.[1] ?? 0)
  }
  assert.deepEqual([await refused('client_cert_revoked'), await refused('store_unavailable')], [1, 0])
  await assert.rejects(denied.connect())
  assert.equal(await refused('client_cert_revoked'), 2)
  await assert.rejects(stranger.connect(), 'nobody has ever asked about its certificate')
  await until(async () => (await refused('store_unavailable')) === 1)

  await set.redis.run()
  await until(async () => (await set.ready(replica)).notes.length === 0)
  await stranger.connect()
  assert.equal((await stranger.heartbeat()).kind, 'result')
})
