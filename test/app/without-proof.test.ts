import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WithoutProof } from '../../src/app/without-proof.ts'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'
import { createLogger } from '../../src/observe/log.ts'

test('[A00.FR.704][CWE-770] thousands without a proof are one event a minute', () => {
  const [events, lines]: [ProxyEvent[], string[]] = [[], []]
  const timers: { at: number; callback: () => void }[] = []
  let now = 0
  const told = new WithoutProof({
    log: createLogger('info', { write: (line) => lines.push(line) }),
    note: (event) => events.push(event),
    now: () => now,
    startTimer: (ms, callback) => {
      timers.push({ at: now + ms, callback })
      return () => void timers.splice(0)
    },
  })
  told.add('a', 'OCSP: timeout')
  assert.match(events[0]?.techInfo ?? '', /^1 connection admitted without .*: OCSP: timeout$/)
  now = 10_000
  for (let count = 0; count < 5000; count++) told.add('a', 'OCSP: network')
  told.add('b', 'the CRL is stale')
  assert.deepEqual([events.length, timers.length, timers[0]?.at], [2, 1, 60_000])
  now = 60_000
  timers.shift()?.callback()
  assert.match(events[2]?.techInfo ?? '', /^5000 connections admitted .*: OCSP: network$/)
  assert.equal(events[2]?.listener, 'a')
  told.add('a', 'OCSP: network')
  told.close()
  assert.equal(events.length, 4, 'what was counted is told at the end')
  assert.equal(lines.length, 4)
})
