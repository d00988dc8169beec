import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutRedis } from '../support/redis-server.ts'
import { ReplicaSet, until } from '../support/replicas.ts'

test('[design 12][CWE-362] a leader that stood still finds its campaign taken over, and sends nothing more', {
  skip: withoutRedis,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a', 'b'])
  const [a, b] = set.replicas
  assert.ok(a && b)
  const leads = ({ msg }: { msg?: unknown }) => msg === 'this replica runs campaigns and sinks from here on'
  await a.log.wait('the leader', leads)
  const identities = ['CP-1', 'CP-2', 'CP-3', 'CP-4']
  await set.register(identities)
  for (const identity of identities) await set.chargePoint(b, identity).connect()
  await until(async () => {
    const { body } = await set.api(a, 'GET', 'status')
    return (body.connected as { total: number }).total === identities.length
  })
  const settings = { canary: 0, perMinute: 60, concurrency: 1, onlyIdle: false, timeoutMs: 20_000 }
  const request = { kind: 'rotate-passwords', selection: { identities }, settings }
  const { status, body } = await set.api(a, 'POST', 'campaigns', request)
  assert.equal(status, 201, JSON.stringify(body))
  const path = `campaigns/${String(body.id)}`
  const countsOf = async () => (await set.store.campaigns.counts(String(body.id))).done
  await until(async () => (await countsOf()) >= 1)

  a.process.signal('SIGSTOP')
  t.after(() => a.process.signal('SIGCONT'))
  await b.log.wait('the next leader', leads)
  await until(async () => (await countsOf()) === identities.length)
  await until(async () => (await set.api(b, 'GET', path)).body.state === 'finished')
  const begun = () => b.log.all.filter(({ msg }) => msg === 'password change begins').length
  const before = begun()
  // What was under way when it was stopped may have been asked for twice.
  assert.ok(before === identities.length || before === identities.length + 1, String(before))

  const from = a.log.all.length
  a.process.signal('SIGCONT')
  await a.log.wait(
    'that it does not lead any more',
    ({ msg }) => msg === 'another replica runs campaigns and sinks from here on',
    from,
  )
  const { body: seen } = await set.api(a, 'GET', path)
  assert.deepEqual([seen.state, (seen.counts as { done: number }).done], ['finished', identities.length])
  assert.equal(begun(), before)
  const late = await set.api(a, 'POST', `${path}/resume`, {})
  assert.equal(late.status, 409, 'the one that leads answers: it is finished')
})
