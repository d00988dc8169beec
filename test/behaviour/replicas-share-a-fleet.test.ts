import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EventReports } from '../support/event-reports.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { ReplicaSet, until } from '../support/replicas.ts'

/** Connections that are begun at once: a busy machine has its limits. */
const batch = 50
const fleetSize = 600

/** Of the charge points, so many report while one replica is killed, and each so often if it can. */
const reporters = 60
const reportsOfEach = 20
const tamper = 'TamperDetectionActivated'

test('[design 12][CWE-613] three replicas share 600 charge points; one is killed, and nothing is lost', {
  skip: withoutRedis,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a', 'b', 'c'])
  const [a, b, c] = set.replicas
  assert.ok(a && b && c)
  const identities = Array.from({ length: fleetSize }, (_, index) => `CP-${index}`)
  await set.register(identities)
  const at = (index: number) => set.replicas[index % 3] ?? a
  const fleet = identities.map((identity, index) => set.chargePoint(at(index), identity))
  const inBatches = async (list: readonly (() => Promise<unknown>)[]) => {
    for (let from = 0; from < list.length; from += batch) {
      await Promise.all(list.slice(from, from + batch).map((one) => one()))
    }
  }
  await inBatches(fleet.map((one) => () => one.connect()))
  const reports = new EventReports()
  const report = async (index: number, type: string, techInfo: string) => {
    const one = fleet[index]
    assert.ok(one)
    return reports.send(one, `CP-${index}`, type, techInfo)
  }
  const live = async () => (await set.api(b, 'GET', 'status')).body as { connected: { total: number } }

  await t.test('every replica knows the sessions of all', async () => {
    await until(async () => (await live()).connected.total === fleetSize)
  })

  await t.test('a command to any replica reaches the charge point, whoever has it', async () => {
    // Its new password is known to itself only: it does not come back in this test.
    await set.register(['EXTRA'])
    await set.chargePoint(a, 'EXTRA').connect()
    await until(async () => (await live()).connected.total === fleetSize + 1)
    // One that so many connections have kept from its beats has to take its identities anew first, and says so.
    for (const replica of [a, b, c]) await until(async () => (await set.ready(replica)).notes.length === 0)
    for (const [identity, asked] of [
      ['EXTRA', b],
      ['CP-2', a],
    ] as const) {
      const { status, body } = await set.api(asked, 'POST', `charge-points/${identity}/password`, {
        timeoutSeconds: 20,
      })
      assert.deepEqual([status, body.ok], [200, true], JSON.stringify(body))
    }
    const told = await set.api(b, 'GET', 'charge-points/CP-3')
    const session = told.body.session as { listener: string; replica: string } | null
    assert.equal(session?.listener, 'basic-auth')
    assert.match(String(session?.replica), /-[0-9a-f]{12}$/, 'and who has it')
  })

  await t.test('an event of one replica is seen at another, as it happens', async () => {
    const stream = await set.stream(b, 'security-events/stream')
    assert.ok(await report(2, tamper, 'seen everywhere'))
    await stream.until(/seen everywhere/)
  })

  await t.test(
    '[CWE-613] a second connection elsewhere: the owner is asked whether the first one answers',
    async () => {
      // From the same address: replaced, and the first session has ended before the second began.
      const closed = fleet[3]?.closed()
      const second = set.chargePoint(b, 'CP-3')
      await second.connect()
      assert.equal((await closed)?.code, 1001)
      assert.equal((await second.heartbeat()).kind, 'result')
      fleet[3] = second
    },
  )

  await t.test(
    'one is killed: its charge points come back to the others, and nobody is live twice',
    async () => {
      const orphans = fleet.flatMap((one, index) => (at(index) === a && index !== 3 ? [{ one, index }] : []))
      const underWay = Promise.withResolvers<void>()
      const reporting = Array.from({ length: reporters }, async (_, index) => {
        for (let count = 0; count < reportsOfEach; count++) {
          if (!(await report(index, tamper, `report ${count}`))) return
          if (reports.confirmed > reporters * 3) underWay.resolve()
        }
      })
      await Promise.race([underWay.promise, Promise.all(reporting)])
      a.process.signal('SIGKILL')
      await Promise.all([a.process.exit, ...reporting])
      assert.ok(reports.open > 0, 'it was killed while they reported')
      await Promise.all(orphans.map(({ one }) => one.closed()))
      const returns = orphans.map(({ index }) => async () => {
        const again = set.chargePoint(index % 2 === 0 ? b : c, `CP-${index}`)
        fleet[index] = again
        await until(() =>
          again.connect().then(
            () => true,
            () => false,
          ),
        )
      })
      // Until the lease of the dead is over nobody may have them: 503. One finds out when that is.
      await returns[0]?.()
      await inBatches(returns.slice(1))
      await until(async () => (await live()).connected.total === fleetSize)
      for (const [index, one] of fleet.slice(0, reporters).entries())
        await reports.sendAgain(one, `CP-${index}`)
      assert.equal(reports.open, 0)
      const answers = await Promise.all([0, 1, 2].map((index) => fleet[index]?.heartbeat()))
      assert.deepEqual(
        answers.map((one) => one?.kind),
        ['result', 'result', 'result'],
      )
      const command = await set.api(c, 'POST', 'charge-points/CP-0/disconnect', {})
      assert.equal(command.status, 200, JSON.stringify(command.body))
    },
  )

  await t.test('every event is delivered, by one replica after the other', async () => {
    assert.ok(await report(1, 'InvalidMessages', 'after the death of one'))
    const lines = () =>
      ['a', 'b', 'c'].flatMap((name) => {
        try {
          return readFileSync(join(set.pki.folder, `${name}-events.jsonl`), 'utf8')
            .split('\n')
            .filter(Boolean)
        } catch {
          return []
        }
      })
    const stored = await set.store.events.list({ limit: 10_000, afterId: 0 })
    reports.assertKept(stored)
    const idOf = (line: string) => (JSON.parse(line) as { id: number }).id
    await until(() => new Set(lines().map(idOf)).size >= stored.length)
    const wanted = stored.find(({ techInfo }) => techInfo === 'after the death of one')
    assert.ok(wanted !== undefined && lines().map(idOf).includes(wanted.id))
  })

  await t.test('no identity was live twice: of each, the central system saw one connection at a time', () => {
    const open = new Map<string, number>()
    for (const event of set.centralEvents) {
      const { identity } = event
      const step = event.kind === 'connected' ? 1 : event.kind === 'disconnected' ? -1 : 0
      const now = (open.get(identity) ?? 0) + step
      open.set(identity, now)
      assert.ok(now <= 1, `${identity} was live ${now} times`)
    }
  })
})
