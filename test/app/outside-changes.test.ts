import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endNotAdmitted, OutsideChanges } from '../../src/app/outside-changes.ts'
import type { SessionDirectory, UseCaseSession } from '../../src/relay/use-case.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { storePath } from '../store/sqlite/folder.ts'

/** Sessions of these charge points, and who of them was ended, with what. */
function sessionsOf(...identities: readonly string[]) {
  const ended: string[] = []
  const all = new Map(
    identities.map((identity) => {
      const end = (_code: number, text: string) => void ended.push(`${identity}: ${text}`)
      return [identity, { facts: { identity, profile: 2 }, isOpen: true, end } as unknown as UseCaseSession]
    }),
  )
  const directory: SessionDirectory = {
    get: (identity) => all.get(identity) ?? null,
    all: () => all.values(),
  }
  return { directory, ended }
}

test('[A00.FR.408] what another process changes is looked for when it has written, and once more', async (t) => {
  const path = storePath(t)
  const store = openSqliteStore(path)
  const other = openSqliteStore(path)
  t.after(() => Promise.all([store.close(), other.close()]))
  for (const identity of ['CP-1', 'CP-2', 'CP-3']) await store.registry.add(identity, {})
  const { directory, ended } = sessionsOf('CP-1', 'CP-2', 'CP-3')
  let looks = 0
  const registry = new Proxy(store.registry, {
    get(target, name, receiver) {
      if (name === 'getAll') looks += 1
      return Reflect.get(target, name, receiver)
    },
  })
  const outsideVersion = () => store.outsideVersion?.() ?? assert.fail('SQLite has one')
  const log = { error: () => assert.fail('nothing fails') }
  let heard = 0
  const events = {
    heard() {
      heard += 1
    },
  }
  const changes = new OutsideChanges({
    store: { registry, outsideVersion },
    sessions: directory,
    events,
    log,
  })

  await store.registry.update('CP-3', { serialNumber: 'SN-3' })
  await store.check()
  await changes.look()
  assert.deepEqual([looks, heard], [0, 0], 'what we write ourselves is nothing new')
  await other.registry.update('CP-1', { blocked: true })
  await other.registry.remove('CP-2')
  await changes.look()
  assert.deepEqual(ended, ['CP-1: blocked by the operator', 'CP-2: removed by the operator'])
  await changes.look()
  await changes.look()
  assert.deepEqual([looks, heard], [2, 1])
})

test('[design 12] a store that has lost its data ends no session; who is named as removed goes', async (t) => {
  const store = openSqliteStore(storePath(t))
  t.after(() => store.close())
  const { directory, ended } = sessionsOf('CP-1', 'CP-2')
  await endNotAdmitted(store.registry, directory, null)
  assert.deepEqual(ended, [])
  await endNotAdmitted(store.registry, directory, ['CP-2', 'CP-9'])
  assert.deepEqual(ended, ['CP-2: removed by the operator'])
})
