import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewSecurityEvent } from '../../src/store/store.ts'
import { rejection } from '../store/contract/rejections.ts'
import { assertError, setUp } from './setting.ts'

function event(fields: Partial<NewSecurityEvent> = {}): NewSecurityEvent {
  return {
    at: Date.UTC(2026, 0, 1),
    origin: 'charge-point',
    type: 'TamperDetectionActivated',
    identity: 'CP1',
    timestamp: '2026-01-01T00:00:00Z',
    techInfo: null,
    reason: null,
    listener: null,
    address: null,
    ...fields,
  }
}

const ids = ({ body }: { body: { items: { id: number }[] } }) => body.items.map(({ id }) => id)

test('[A04.FR.03] security events: newest first, pages by id, filters', async (t) => {
  const { ask, store } = await setUp(t)
  await store.events.append([
    event({ timestamp: '1' }),
    event({ timestamp: '2', type: 'FirmwareUpdated', at: Date.UTC(2026, 5, 1) }),
    event({ timestamp: '3', identity: 'CP2', techInfo: 'x' }),
    event({ timestamp: '4', origin: 'proxy', identity: null, reason: 'tls_version', address: '192.0.2.1' }),
  ])
  const all = await ask('GET', '/security-events')
  assert.deepEqual([ids(all), all.body.next], [[4, 3, 2, 1], null])
  assert.deepEqual(all.body.items[0], {
    ...event({
      timestamp: '4',
      origin: 'proxy',
      identity: null,
      reason: 'tls_version',
      address: '192.0.2.1',
    }),
    id: 4,
    at: '2026-01-01T00:00:00.000Z',
  })
  const page = await ask('GET', '/security-events?after=0&limit=3')
  assert.deepEqual([ids(page), page.body.next], [[1, 2, 3], 3])
  const last = await ask('GET', '/security-events?after=3&limit=3')
  assert.deepEqual([ids(last), last.body.next], [[4], null])
  assert.deepEqual(ids(await ask('GET', '/security-events?identity=CP2')), [3])
  assert.deepEqual(ids(await ask('GET', '/security-events?type=FirmwareUpdated')), [2])
  assert.deepEqual(ids(await ask('GET', '/security-events?origin=proxy')), [4])
  assert.deepEqual(ids(await ask('GET', '/security-events?since=2026-03-01T00:00:00Z')), [2])
  assertError(await ask('GET', '/security-events?since=yesterday'), 422, 'field_invalid')
  assertError(await ask('GET', '/security-events?origin=moon'), 400, 'request_invalid')
  assertError(await ask('GET', '/security-events?after=-1'), 400, 'request_invalid')
})

test('[A00.FR.408] rejections: list, one, summary', async (t) => {
  const { ask, store } = await setUp(t)
  await store.rejections.append([
    rejection({ at: Date.UTC(2026, 0, 1) }),
    rejection({ reason: 'tls_version', stage: 'tls', identity: null, facts: { ja4: 'x', deep: { a: [1] } } }),
    rejection({ address: '192.0.2.7' }),
  ])
  assert.deepEqual(ids(await ask('GET', '/rejections')), [3, 2, 1])
  assert.deepEqual(ids(await ask('GET', '/rejections?after=1&limit=1')), [2])
  assert.deepEqual(ids(await ask('GET', '/rejections?address=192.0.2.7')), [3])
  assert.deepEqual(ids(await ask('GET', '/rejections?reason=tls_version')), [2])
  assertError(await ask('GET', '/rejections?reason=because'), 400, 'request_invalid')
  const one = await ask('GET', '/rejections/2')
  assert.deepEqual(one.body.facts, { ja4: 'x', deep: { a: [1] } })
  assert.equal(typeof one.body.hint, 'string')
  assertError(await ask('GET', '/rejections/4'), 404, 'rejection_unknown')
  assertError(await ask('GET', '/rejections/0'), 400, 'request_invalid')
  assertError(await ask('GET', '/rejections/x'), 400, 'request_invalid')
  const { items, next } = (await ask('GET', '/rejections/summary')).body
  assert.equal(next, null)
  assert.deepEqual(
    items.map(({ reason, count }: { reason: string; count: number }) => [reason, count]).toSorted(),
    [
      ['credentials_invalid', 2],
      ['tls_version', 1],
    ],
  )
  const later = await ask('GET', '/rejections/summary?since=2100-01-01T00:00:00Z')
  assert.deepEqual(later.body.items, [])
})
