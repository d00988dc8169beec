import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventFlood, maxPerMinute } from '../../src/events/event-flood.ts'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'

test('[CWE-400][A04.FR.02] what a charge point stores in a minute is bounded; the rest is one event with its number', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const notes: ProxyEvent[] = []
  let now = 0
  const flood = new EventFlood({ note: (event) => void notes.push(event), now: () => now })
  const offer = (identity: string, count: number) =>
    Array.from({ length: count }, () => flood.admits(identity)).filter(Boolean).length
  assert.equal(offer('CP1', maxPerMinute + 7), maxPerMinute)
  assert.equal(offer('CP2', 3), 3, 'others are not in its way')
  flood.giveBack('CP1')
  assert.equal(offer('CP1', 1), 1, 'what was not stored does not count')
  assert.equal(notes.length, 0)
  now = 60_000
  context.mock.timers.tick(60_000)
  assert.deepEqual(
    notes.map(({ type, identity, techInfo }) => [type, identity, Number.parseInt(techInfo, 10)]),
    [['SecurityEventsDropped', 'CP1', 7]],
  )
  assert.equal(offer('CP1', maxPerMinute + 2), maxPerMinute, 'the next minute is another')
  flood.close()
  assert.deepEqual(
    notes.slice(1).map(({ techInfo }) => Number.parseInt(techInfo, 10)),
    [2],
    'nothing is forgotten at the end',
  )
})
