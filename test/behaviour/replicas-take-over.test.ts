import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { type Replica, ReplicaSet, until } from '../support/replicas.ts'

const skip = withoutRedis

const leads = ({ msg }: { msg?: unknown }) => msg === 'this replica runs campaigns and sinks from here on'

async function two(t: TestContext): Promise<[ReplicaSet, Replica, Replica]> {
  const set = await ReplicaSet.start(t, ['a', 'b'])
  const [a, b] = set.replicas
  assert.ok(a && b)
  // The first one leads: it was there before.
  await a.log.wait('the leader', leads)
  return [set, a, b]
}

test('[design 12] a campaign reaches charge points of every replica, and is taken over when its own is killed', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const [set, a, b] = await two(t)
  const identities = ['CP-1', 'CP-2', 'CP-3']
  await set.register(identities)
  const fleet = identities.map((identity) => set.chargePoint(b, identity))
  for (const one of fleet) await one.connect()
  await until(async () => {
    const { body } = await set.api(a, 'GET', 'status')
    return (body.connected as { total: number }).total === 3
  })
  const request = {
    kind: 'rotate-passwords',
    selection: { identities },
    settings: { canary: 1, perMinute: 60, concurrency: 1, onlyIdle: false, timeoutMs: 20_000 },
  }
  // Asked of the one that does not lead.
  const { status, body } = await set.api(b, 'POST', 'campaigns', request)
  assert.equal(status, 201, JSON.stringify(body))
  const path = `campaigns/${String(body.id)}`
  const counts = async () => {
    const campaign = (await set.api(b, 'GET', path)).body
    return [campaign.state, (campaign.counts as { done: number } | undefined)?.done] as const
  }
  await until(async () => ((await counts())[1] ?? 0) >= 1)
  a.process.signal('SIGKILL')
  await a.process.exit
  await b.log.wait('the next leader', leads)
  await until(async () => (await counts())[0] === 'finished')
  assert.deepEqual(await counts(), ['finished', 3])
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`[design 4] a ticket of one replica is good at another, and at none after a change of trust, ${maxVersion}`, {
    skip,
    timeout: 300_000,
  }, async (t) => {
    const [set, a, b] = await two(t)
    await set.register(['CP-1'])
    const first = set.chargePoint(a, 'CP-1', 'basic-auth-tls', {
      tls: { ca: set.pki.serverRoot, maxVersion },
    })
    await first.connect()
    await first.heartbeat()
    await first.close()
    const { session } = first
    assert.ok(session !== null)
    const resume = async (replica: Replica) => {
      const tls = { ca: set.pki.serverRoot, maxVersion, session }
      const one = set.chargePoint(replica, 'CP-1', 'basic-auth-tls', { resume: true, tls })
      await one.connect()
      const { tls: seen } = one
      await one.close()
      return seen?.resumed
    }
    assert.equal(await resume(b), true)
    const from = b.log.all.length
    const root = join(set.pki.folder, 'cpo-root.pem')
    writeFileSync(
      root,
      `${readFileSync(root, 'utf8')}\n${(await makeAuthority({ name: 'New root' })).certificate}`,
    )
    await b.log.wait('other keys', ({ msg }) => msg === 'ticket keys were changed on all replicas', from)
    await until(async () => (await resume(a)) === false)
    assert.equal(await resume(b), false)
  })
}
