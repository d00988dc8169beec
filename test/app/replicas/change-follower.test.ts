import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeFollower } from '../../../src/app/replicas/change-follower.ts'
import type { Changes } from '../../../src/store/store.ts'

/** What the store says next, and what was done about it. */
function setting() {
  const next: { changes: Changes | Error; denials: Changes } = {
    changes: { revision: 1, names: null },
    denials: { revision: 1, names: null },
  }
  const asked: (number | null)[] = []
  const told: string[] = []
  const done: Record<'refreshed' | 'denied' | 'ended', (readonly string[] | null)[]> = {
    ...{ refreshed: [], denied: [], ended: [] },
  }
  const take = () => {
    const { refreshed, denied, ended } = done
    return { refreshed: refreshed.splice(0), denied: denied.splice(0), ended: ended.splice(0) }
  }
  const follower = new ChangeFollower({
    shared: {
      changesAfter: async (revision) => {
        asked.push(revision)
        if (next.changes instanceof Error) throw next.changes
        return next.changes
      },
      denialsAfter: async () => next.denials,
    },
    registry: { refresh: async (names) => void done.refreshed.push(names) },
    denied: { refresh: async (names) => void done.denied.push(names) },
    changed: async (names) => void done.ended.push(names),
    log: { error: (_, text) => void told.push(text) },
  })
  return { next, asked, take, told, follower }
}

test('[CWE-613] who is blocked while it is being admitted is seen by one more look', async () => {
  const { next, asked, take, follower } = setting()
  await follower.look()
  await follower.look()
  take()
  next.changes = { revision: 2, names: ['CP1'] }
  next.denials = { revision: 1, names: [] }
  await follower.look()
  assert.deepEqual(take(), { refreshed: [['CP1']], denied: [[]], ended: [['CP1'], null] })
  next.changes = { revision: 2, names: [] }
  await follower.look()
  assert.deepEqual(take().ended, [[], ['CP1']])
  await follower.look()
  assert.deepEqual(take().ended, [[], []])
  assert.deepEqual(asked, [null, 1, 1, 2, 2])
})

test('[CWE-613] after an outage all is read again: a failover may give a number to another change', async () => {
  const { next, take, follower } = setting()
  await follower.look()
  next.changes = { revision: 5, names: [] }
  next.denials = { revision: 5, names: [] }
  await follower.look()
  await follower.look()
  take()

  follower.missed()
  next.changes = new Error('gone')
  await assert.rejects(follower.look(), /gone/)
  next.changes = { revision: 5, names: ['CP1'] }
  await follower.look()
  const all = take()
  assert.deepEqual(all, { refreshed: [null], denied: [null], ended: [['CP1'], null, []] })
  next.changes = { revision: 5, names: [] }
  await follower.look()
  assert.deepEqual(take(), { refreshed: [[]], denied: [[]], ended: [[], ['CP1']] })
})

test('[design 12] a store that has lost its data is told, and ends no session of whom it has forgotten', async () => {
  const { next, take, told, follower } = setting()
  await follower.look()
  next.changes = { revision: 2, names: ['CP1'] }
  await follower.look()
  take()
  next.changes = { revision: 0, names: null }
  await follower.look()
  assert.deepEqual(take().ended, [null, []])
  assert.match(told.join(), /lost its data/)
  next.changes = { revision: 0, names: [] }
  await follower.look()
  assert.equal(told.length, 1)
})
