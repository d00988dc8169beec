import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamPage } from '../../src/admin/stream-route.ts'
import { memoryEvents, securityEvent } from '../support/memory-events.ts'

async function setting() {
  const events = memoryEvents()
  const page = async (afterId: number, identity?: string) => {
    const { items, cursor } = await streamPage({
      afterId,
      lastId: () => events.lastId(),
      read: (limit) => events.list({ afterId, limit, ...(identity === undefined ? {} : { identity }) }),
      data: ({ type }) => type,
    })
    return [items.map(({ id }) => id), cursor] as const
  }
  await events.append([securityEvent(), securityEvent(), securityEvent()])
  return { events, page }
}

test('a page goes on behind its last record, and behind what its filter leaves out', async () => {
  const { page } = await setting()
  assert.deepEqual(await page(1), [[2, 3], 3])
  assert.deepEqual(await page(1, 'ANOTHER'), [[], 3])
  assert.deepEqual(await page(3), [[], 3])
})

test('a live reader gets what a store gives the ids of lost records to', async () => {
  const { events, page } = await setting()
  events.lose(1)
  const [items, cursor] = await page(3)
  assert.deepEqual([items, cursor], [[], 1])
  await events.append([securityEvent()])
  assert.deepEqual(await page(cursor), [[2], 2])
})
