import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operationFailures } from '../../src/usecases/operation/operation.ts'
import { assertError, secrets, setUp } from './setting.ts'

test('[A01.FR.01] [A05.FR.01] an operation is asked for and waited for', async (t) => {
  const { ask, store, operations } = await setUp(t)
  await store.registry.add('CP 1', {})
  const rotated = await ask('POST', '/charge-points/CP%201/password')
  assert.deepEqual([rotated.status, rotated.body], [200, { identity: 'CP 1', ok: true, detail: 'done' }])
  const body = { to: 3, timeoutSeconds: 600 }
  assert.equal((await ask('POST', '/charge-points/CP%201/security-profile', { body })).status, 200)
  const options = { resetAfterRebootRequired: false, timeoutSeconds: 1 }
  await ask('POST', '/charge-points/CP%201/password', { body: options })
  assert.deepEqual(
    operations.asked.map(({ what, identity, options: { signal, ...rest } }) => ({ what, identity, ...rest })),
    [
      { what: 'rotate', identity: 'CP 1', origin: 'operator', timeoutMs: 60_000, reset: true },
      { what: 'to 3', identity: 'CP 1', origin: 'operator', timeoutMs: 600_000, reset: true },
      { what: 'rotate', identity: 'CP 1', origin: 'operator', timeoutMs: 1000, reset: false },
    ],
  )
  const profile = (fields: object) => ask('POST', '/charge-points/CP%201/security-profile', { body: fields })
  for (const wrong of [
    {},
    { to: 0 },
    { to: 4 },
    { to: '2' },
    { to: 2, timeoutSeconds: 601 },
    { to: 2, x: 1 },
  ]) {
    assertError(await profile(wrong), 400, 'request_invalid')
  }
  assert.equal(operations.asked.length, 3)
})

test('[A01.FR.04] every way in which an operation fails is an error with its outcome', async (t) => {
  const { ask, store, operations, notes } = await setUp(t)
  await store.registry.add('CP1', {})
  for (const code of Object.keys(operationFailures) as (keyof typeof operationFailures)[]) {
    operations.outcome = { ok: false, code, detail: `because of ${code}` }
    const answer = await ask('POST', '/charge-points/CP1/password')
    const status = code === 'charge_point_unknown' ? 404 : code === 'draining' ? 503 : 409
    assertError(answer, status, code)
    const { requestId: _, ...body } = answer.body
    const detail = `because of ${code}`
    assert.deepEqual(body, { error: code, message: detail, identity: 'CP1', ok: false, code, detail })
    assert.equal(notes.at(-1)?.techInfo, `admin API: POST /api/v1/charge-points/:identity/password: ${code}`)
  }
})

test('[design 10] an operation outlives who asked for it, and is told of all the same', async (t) => {
  const { ask, store, operations, notes, logLines } = await setUp(t)
  await store.registry.add('CP1', {})
  operations.outcome = null
  const client = new AbortController()
  const answer = ask('POST', '/charge-points/CP1/password', { signal: client.signal })
  await operations.count(1)
  client.abort()
  await assert.rejects(answer)
  const [asked] = operations.asked
  assert.equal(asked?.options.signal?.aborted, false)
  asked?.end({ ok: true, detail: 'done' })
  await ask('GET', '/charge-points')
  assert.deepEqual(
    notes.map(({ identity, techInfo }) => [identity, techInfo]),
    [['CP1', 'admin API: POST /api/v1/charge-points/:identity/password: ok']],
  )
  assert.ok(logLines.some((line) => line.includes('"result":"ok"')))
})

test('[CWE-770] operations that wait are counted, and have an end when the proxy ends', async (t) => {
  const { ask, store, operations, admin } = await setUp(t)
  await store.registry.add('CP1', {})
  operations.outcome = null
  const waiting = Array.from({ length: 128 }, () => ask('POST', '/charge-points/CP1/password'))
  await operations.count(128)
  assertError(await ask('POST', '/charge-points/CP1/password'), 503, 'too_many_operations')
  const closed = admin.close()
  for (const answer of await Promise.all(waiting)) assertError(answer, 503, 'draining')
  await closed
})

test('[A00.FR.323] a change is answered when its event is on disk, and also when that fails', async (t) => {
  const durable = Promise.withResolvers<void>()
  const noted = Promise.withResolvers<void>()
  const results = [durable.promise, Promise.reject(new Error('disk full'))]
  results[1]?.catch(() => {})
  const noteDurably = async () => {
    noted.resolve()
    await results.shift()
  }
  const { ask, logLines } = await setUp(t, { deps: { noteDurably } })
  let isAnswered = false
  const first = ask('POST', '/charge-points', { body: { identity: 'CP1' } }).finally(() => {
    isAnswered = true
  })
  await noted.promise
  // A whole round trip later it would have been answered.
  await ask('GET', '/charge-points/CP1')
  assert.equal(isAnswered, false)
  durable.resolve()
  assert.equal((await first).status, 201)
  assert.equal((await ask('DELETE', '/charge-points/CP1')).status, 200)
  assert.ok(logLines.some((line) => line.includes('not on disk') && line.includes('disk full')))
})

test('disconnect ends a session, and says so when there is none', async (t) => {
  const { ask, connect } = await setUp(t)
  const session = connect('CP1')
  const { status, body } = await ask('POST', '/charge-points/CP1/disconnect', { body: {} })
  assert.deepEqual([status, body], [200, { identity: 'CP1', disconnected: true }])
  assert.deepEqual(session.ends, [{ code: 1001, text: 'ended by the operator' }])
  assertError(await ask('POST', '/charge-points/CP1/disconnect'), 409, 'not_connected')
  assertError(await ask('POST', '/charge-points/CP9/disconnect'), 409, 'not_connected')
})

test('[CWE-307] unlock frees a charge point from its lock', async (t) => {
  const { ask, store, freed } = await setUp(t)
  await store.registry.add('CP1', {})
  const { body } = await ask('POST', '/charge-points/CP1/unlock')
  assert.deepEqual([body, freed], [{ identity: 'CP1', unlocked: true }, ['CP1']])
})

test('[A00.FR.323] every change is an event and a log line, a look is none', async (t) => {
  const { ask, notes, logLines } = await setUp(t)
  await ask('POST', '/charge-points', { body: { identity: 'CP1' } })
  await ask('PUT', '/charge-points/CP1/password', { body: { password: secrets.password } })
  await ask('PATCH', '/charge-points/CP1', { body: { blocked: true } })
  await ask('PATCH', '/charge-points/CP9', { body: { blocked: true } })
  await ask('POST', '/charge-points', { body: { identity: 'CP1' } })
  await ask('POST', '/charge-points', { body: { identity: 'a\u0007b' } })
  await ask('POST', '/charge-points', { raw: '{"password":' })
  await ask('POST', '/campaigns', { body: { kind: 'rotate-passwords', selection: { all: true } } })
  await ask('DELETE', '/charge-points/CP1')
  await ask('GET', '/charge-points')
  await ask('POST', '/nowhere')
  const told = notes.map(({ type, identity, techInfo, address }) => {
    assert.deepEqual([type, address], ['ReconfigurationOfSecurityParameters', '127.0.0.1'])
    return [identity, techInfo.replace('admin API: ', '').replace('/api/v1', '')]
  })
  assert.deepEqual(told, [
    ['CP1', 'POST /charge-points: ok'],
    ['CP1', 'PUT /charge-points/:identity/password: ok'],
    ['CP1', 'PATCH /charge-points/:identity: ok'],
    [null, 'PATCH /charge-points/:identity: charge_point_unknown'],
    ['CP1', 'POST /charge-points: charge_point_exists'],
    [null, 'POST /charge-points: identity_invalid'],
    [null, 'POST /charge-points: request_invalid'],
    [null, 'POST /campaigns: ok, campaign c-1'],
    ['CP1', 'DELETE /charge-points/:identity: ok'],
  ])
  const lines = logLines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'admin API')
  assert.equal(lines.length, told.length)
  const { method, route, identity, result, status, address } = lines[0]
  assert.deepEqual(
    { method, route, identity, result, status, address },
    {
      method: 'POST',
      route: '/api/v1/charge-points',
      identity: 'CP1',
      result: 'ok',
      status: 201,
      address: '127.0.0.1',
    },
  )
})
