import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { LiveStreams } from '../../src/admin/stream.ts'
import { rejection } from '../store/contract/rejections.ts'
import { assertError, setUp, token } from './setting.ts'
import { StreamReader } from './stream-reader.ts'

const never = { heartbeatMs: 3_600_000 }

test('[design 11] refusals come as they are stored, from now on', async (t) => {
  const setting = await setUp(t, { deps: { streams: never } })
  const { store, announce, ask } = setting
  await store.rejections.append([rejection({ detail: 'before' })])
  const reader = await StreamReader.open(t, setting, '/rejections/stream')
  await reader.until(({ text }) => text.includes('retry: 3000'))
  await store.rejections.append([rejection({ detail: 'first\nline' }), rejection({ detail: 'second' })])
  announce('rejections')
  await reader.until(({ events }) => events.length === 2)
  await store.rejections.append([rejection({ detail: 'third' })])
  announce('rejections')
  await reader.until(({ events }) => events.length === 3)
  assert.deepEqual(
    reader.events.map(({ id, event, data }) => [id, event, data.id, data.detail]),
    [
      ['2', 'rejection', 2, 'first\nline'],
      ['3', 'rejection', 3, 'second'],
      ['4', 'rejection', 4, 'third'],
    ],
  )
  assert.deepEqual(reader.events[0]?.data, (await ask('GET', '/rejections/2')).body)
})

test('[design 11] a reader goes on where it was, by Last-Event-ID or after', async (t) => {
  const setting = await setUp(t, { deps: { streams: never } })
  const all = Array.from({ length: 450 }, (_, i) => rejection({ detail: String(i + 1) }))
  await setting.store.rejections.append(all)
  const resumed = await StreamReader.open(t, setting, '/rejections/stream', { 'last-event-id': '448' })
  await resumed.until(({ events }) => events.length === 2)
  assert.deepEqual(
    resumed.events.map(({ id }) => id),
    ['449', '450'],
  )
  const fromStart = await StreamReader.open(t, setting, '/rejections/stream?after=0')
  await fromStart.until(({ events }) => events.length === 450)
  assert.deepEqual(
    fromStart.events.map(({ data }) => data.detail),
    all.map(({ detail }) => detail),
  )
  const both = await StreamReader.open(t, setting, '/rejections/stream?after=0', { 'last-event-id': '449' })
  await both.until(({ events }) => events.length === 1)
  const garbage = await StreamReader.open(t, setting, '/rejections/stream?after=449', {
    'last-event-id': 'x',
  })
  await garbage.until(({ events }) => events.length === 1)
})

test('a filter leaves out what is not meant', async (t) => {
  const setting = await setUp(t, { deps: { streams: never } })
  const reader = await StreamReader.open(t, setting, '/rejections/stream?identity=CP2&after=0')
  for (const identity of ['CP1', 'CP2', 'CP3', 'CP2']) {
    await setting.store.rejections.append([rejection({ identity })])
    setting.announce('rejections')
  }
  await reader.until(({ events }) => events.length === 2)
  assert.deepEqual(
    reader.events.map(({ id }) => id),
    ['2', '4'],
  )
})

test('[A04.FR.03] security events come live, with nothing in them that the list has not', async (t) => {
  const setting = await setUp(t, { deps: { streams: never } })
  const reader = await StreamReader.open(t, setting, '/security-events/stream?type=FirmwareUpdated')
  const event = {
    at: 0,
    origin: 'charge-point',
    type: 'FirmwareUpdated',
    identity: 'CP1',
    timestamp: '2026-01-01T00:00:00Z',
    techInfo: null,
    reason: null,
    listener: null,
    address: null,
  } as const
  await setting.store.events.append([{ ...event, type: 'StartupOfTheDevice' }, event])
  setting.announce('events')
  await reader.until(({ events }) => events.length === 1)
  const { body } = await setting.ask('GET', '/security-events?type=FirmwareUpdated')
  assert.deepEqual(
    reader.events.map(({ event, data }) => [event, data]),
    [['security-event', body.items[0]]],
  )
})

test('a stream shows that it is alive, and finds what nobody announced', async (t) => {
  const setting = await setUp(t, { deps: { streams: { heartbeatMs: 10 } } })
  const reader = await StreamReader.open(t, setting, '/rejections/stream')
  await reader.until(({ text }) => text.includes(': alive\n\n'))
  await setting.store.rejections.append([rejection()])
  await reader.until(({ events }) => events.length === 1)
})

test('[CWE-770] there are only so many live readers', async (t) => {
  const setting = await setUp(t, { deps: { streams: { ...never, maxStreams: 2 } } })
  const first = await StreamReader.open(t, setting, '/rejections/stream')
  await StreamReader.open(t, setting, '/security-events/stream')
  assertError(await setting.ask('GET', '/rejections/stream'), 503, 'too_many_streams')
  first.close()
  // The place is free when the server has seen the end, which it does in its own time.
  while (setting.admin.streams > 1) await setting.ask('GET', '/certificates')
  await StreamReader.open(t, setting, '/rejections/stream')
})

test('[CWE-400] a reader that takes nothing is ended, and costs no memory', async (t) => {
  const setting = await setUp(t, { deps: { streams: { ...never, stallMs: 50 } } })
  const detail = 'x'.repeat(20_000)
  await setting.store.rejections.append(Array.from({ length: 2000 }, () => rejection({ facts: { detail } })))
  const reader = await StreamReader.open(t, setting, '/rejections/stream?after=0')
  reader.pause()
  // Ended by the server while nothing was taken: what is still under way comes, and then the end.
  while (setting.admin.streams > 0) await setting.ask('GET', '/certificates')
  reader.resume()
  await reader.ended()
  assert.ok(reader.events.length < 2000, `${reader.events.length} events came`)
})

test('a stream ends with its token, and with the server', async (t) => {
  const setting = await setUp(t, { deps: { streams: never } })
  const reader = await StreamReader.open(t, setting, '/rejections/stream')
  setting.setToken('another')
  setting.announce('rejections')
  await reader.ended()
  setting.setToken(token)
  const other = await StreamReader.open(t, setting, '/rejections/stream')
  await setting.ask('GET', '/certificates')
  await setting.admin.close()
  await other.ended()
})

test('[CWE-306] a stream is refused before it begins', async (t) => {
  const { ask } = await setUp(t)
  assertError(await ask('GET', '/rejections/stream', { token: 'wrong' }), 401, 'token_refused')
  assertError(await ask('GET', '/rejections/stream?reason=x'), 400, 'request_invalid')
  assertError(await ask('GET', '/security-events/stream?since=x'), 400, 'request_invalid')
})

test('[CWE-401] a reader that is slow for long costs no listener a page', async () => {
  const slow = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => void setImmediate(done),
  })
  const response = Object.assign(slow, { writeHead: () => response }) as unknown as ServerResponse
  const listeners = new Set<number>()
  const source = {
    event: 'e',
    next: async (afterId: number) => {
      listeners.add(response.listenerCount('close'))
      if (afterId === 30) response.end()
      return { items: [{ id: afterId + 1, data: '{}' }], cursor: afterId + 1 }
    },
    subscribe: () => () => {},
    isAllowed: () => true,
  }
  await new LiveStreams().run(response, source, 0, (error) => assert.fail(String(error)))
  assert.equal(listeners.size, 1, `between pages: ${[...listeners]}`)
})
