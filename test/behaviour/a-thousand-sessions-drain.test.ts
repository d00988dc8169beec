import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'

const count = 1000
const batch = 50
const drainMs = 10_000

test('[design 12] SIGTERM with 1,000 sessions and open CALLs: each is answered or its sender told, closes are spread, exit 0', {
  timeout: 600_000,
}, async (t) => {
  const release = Promise.withResolvers<void>()
  const proxy = await startProxy(t, {
    central: {
      answer: async () => {
        await release.promise
        return { kind: 'result', payload: { currentTime: '2026-01-01T00:00:00Z' } }
      },
    },
    drain: { timeout: `${drainMs}ms` },
  })
  const identities = Array.from({ length: count }, (_, index) => `CP-${index + 2}`)
  for (const identity of identities) await proxy.register(identity)
  const fleet = identities.map((identity) => proxy.chargePoint('basic-auth', { identity }))
  for (let from = 0; from < count; from += batch) {
    await Promise.all(fleet.slice(from, from + batch).map((one) => one.connect()))
  }
  // Every tenth has a CALL open; half of the answers come, the others' senders hear of the end.
  const open = fleet.filter((_, index) => index % 10 === 0)
  const outcomes = open.map((one) => one.heartbeat())
  while (proxy.centralEvents.filter(({ kind }) => kind === 'received').length < open.length) {
    await proxy.central.nextMessage()
  }
  const startedAt = performance.now()
  const ends = fleet.map(async (one) => {
    const { code } = await one.closed()
    return { code, at: performance.now() - startedAt }
  })
  proxy.process.signal('SIGTERM')
  await proxy.log.wait('the drain', ({ msg }) => msg === 'draining')
  release.resolve()
  const told = await Promise.all(outcomes)
  assert.deepEqual([...new Set(told.map(({ kind }) => kind))], ['result'], 'every open CALL got its answer')
  const closed = await Promise.all(ends)
  assert.ok(closed.every(({ code }) => code === 1001))
  // Spread, and not at once: however slow the machine is, they come in many groups.
  const groups = new Set(closed.map(({ at }) => Math.floor(at / 100)))
  assert.ok(groups.size >= 5, `${groups.size} groups`)
  assert.equal(await proxy.process.exit, 0)
})
