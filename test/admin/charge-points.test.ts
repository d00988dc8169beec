import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKey, matches } from '../../src/gate/credentials/hash.ts'
import { assertError, secrets, setUp } from './setting.ts'

test('[A00.FR.001] add, get, change and remove a charge point', async (t) => {
  const { ask } = await setUp(t)
  const added = await ask('POST', '/charge-points', {
    body: { identity: 'CP1', serialNumber: 'S/N1', securityProfile: 1, legacyTls: true },
  })
  assert.equal(added.status, 201, added.text)
  const { createdAt, updatedAt, ...rest } = added.body
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.match(updatedAt, /Z$/)
  assert.deepEqual(rest, {
    identity: 'CP1',
    serialNumber: 'S/N1',
    securityProfile: 1,
    upgradeTo: null,
    legacyTls: true,
    migrating: false,
    blocked: false,
    onboarding: null,
    hasPassword: false,
    passwordForm: null,
    passwordChange: null,
    hasUpstreamPassword: false,
    learned: false,
    lastSeenAt: null,
    lastAddress: null,
    lastTls: null,
    offersMandatorySuites: null,
    connected: false,
  })
  const changed = await ask('PATCH', '/charge-points/CP1', { body: { upgradeTo: 2, legacyTls: false } })
  assert.equal(changed.status, 200, changed.text)
  assert.deepEqual([changed.body.upgradeTo, changed.body.legacyTls], [2, false])
  assert.equal((await ask('PATCH', '/charge-points/CP1', { body: { serialNumber: null } })).status, 200)
  const got = await ask('GET', '/charge-points/CP1')
  assert.deepEqual([got.body.serialNumber, got.body.session, got.body.keys], [null, null, []])
  assert.deepEqual((await ask('DELETE', '/charge-points/CP1')).body, {
    identity: 'CP1',
    removed: true,
    disconnected: false,
  })
  assertError(await ask('GET', '/charge-points/CP1'), 404, 'charge_point_unknown')
})

test('what does not fit is refused: unknown, taken, wrong', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP1', { serialNumber: 'S1', securityProfile: 2 })
  const body = { blocked: true }
  for (const [method, path] of [
    ['GET', '/charge-points/CP9'],
    ['DELETE', '/charge-points/CP9'],
    ['GET', '/charge-points/a%2Fb'],
    ['DELETE', '/charge-points/%00'],
    ['DELETE', '/charge-points/CP9/password'],
    ['POST', '/charge-points/CP9/unlock'],
    ['POST', '/charge-points/CP9/password'],
  ] as const) {
    assertError(await ask(method, path), 404, 'charge_point_unknown')
  }
  assertError(await ask('PATCH', '/charge-points/CP9', { body }), 404, 'charge_point_unknown')
  const add = (fields: object) => ask('POST', '/charge-points', { body: fields })
  assertError(await add({ identity: 'CP1' }), 409, 'charge_point_exists')
  assertError(await add({ identity: 'CP2', serialNumber: 'S1' }), 409, 'serial_number_taken')
  assertError(await add({ identity: 'a/b' }), 422, 'identity_invalid')
  assertError(await add({ identity: 'CP2', serialNumber: 'a\u0007' }), 422, 'field_invalid')
  assertError(await add({ identity: 'CP2', securityProfile: 4 }), 400, 'request_invalid')
  assertError(await add({ identity: 'CP2', securityProfile: '2' }), 400, 'request_invalid')
  assertError(await add({}), 400, 'request_invalid')
  assertError(await add({ identity: 'CP2', credential: { scheme: 'x' } }), 400, 'request_invalid')
  const patch = (fields: object) => ask('PATCH', '/charge-points/CP1', { body: fields })
  assertError(await patch({ upgradeTo: 2 }), 422, 'field_invalid')
  assertError(await patch({ securityProfile: 3, upgradeTo: 3 }), 422, 'field_invalid')
  assertError(await patch({}), 400, 'request_invalid')
  assertError(await patch({ upstreamSecret: 'x' }), 400, 'request_invalid')
  assert.equal((await store.registry.get('CP2')) ?? null, null)
})

test('an identity in a path is percent-decoded once', async (t) => {
  const { ask, store } = await setUp(t)
  const long = 'ä'.repeat(127)
  for (const identity of ['a%41b', 'a b', 'ä€', "x!*'()", 'a+b', 'a?b#c', long]) {
    await store.registry.add(identity, {})
    const { status, body } = await ask('GET', `/charge-points/${encodeURIComponent(identity)}`)
    assert.equal(status, 200, identity)
    assert.equal(body.identity, identity)
  }
  assertError(await ask('GET', '/charge-points/a%41b'), 404, 'charge_point_unknown')
})

test('pages, and filters for blocked, profile and connected', async (t) => {
  const { ask, store, connect } = await setUp(t)
  const name = (i: number) => `CP${String(i).padStart(3, '0')}`
  await store.registry.addAll(
    Array.from({ length: 250 }, (_, i) => ({
      identity: name(i),
      fields: { blocked: i % 100 === 7, securityProfile: i % 2 === 0 ? 1 : 2 },
    })),
  )
  for (const i of [3, 107, 200]) connect(name(i))
  connect('not registered')
  connect(name(5)).isOpen = false
  const all = async (query: string) => {
    const found: string[] = []
    let after: string | null = ''
    for (let pages = 0; after !== null; pages++) {
      assert.ok(pages < 300)
      const { status, body } = await ask('GET', `/charge-points?${query}&after=${after}`)
      assert.equal(status, 200)
      found.push(...body.items.map(({ identity }: { identity: string }) => identity))
      after = body.next
    }
    return found
  }
  const numbers = Array.from({ length: 250 }, (_, i) => i)
  assert.deepEqual(await all('limit=100'), numbers.map(name))
  assert.deepEqual(await all('limit=250'), numbers.map(name))
  assert.deepEqual(await all('limit=2&blocked=true'), [7, 107, 207].map(name))
  assert.deepEqual(await all('limit=40&profile=2'), numbers.filter((i) => i % 2 === 1).map(name))
  assert.deepEqual(await all('limit=2&connected=true'), [3, 107, 200].map(name))
  assert.deepEqual(await all('connected=true&blocked=true'), [107].map(name))
  const away = numbers.filter((i) => ![3, 107, 200].includes(i))
  assert.deepEqual(await all('limit=60&connected=false'), away.map(name))
  assertError(await ask('GET', '/charge-points?connected=maybe'), 400, 'request_invalid')
})

test('[CWE-613] blocking and removing end the live session; unblocking does not', async (t) => {
  const { ask, store, connect } = await setUp(t)
  await store.registry.add('CP1', {})
  const session = connect('CP1')
  assert.deepEqual((await ask('GET', '/charge-points/CP1')).body.session, {
    listener: 'test',
    profile: 2,
    address: '127.0.0.1',
    stage: 'operation',
  })
  await ask('PATCH', '/charge-points/CP1', { body: { legacyTls: true, blocked: false } })
  assert.deepEqual(session.ends, [])
  const { body } = await ask('PATCH', '/charge-points/CP1', { body: { blocked: true } })
  assert.deepEqual([body.blocked, body.connected], [true, false])
  assert.deepEqual(session.ends, [{ code: 1008, text: 'blocked by the operator' }])
  const other = connect('CP1')
  assert.equal((await ask('DELETE', '/charge-points/CP1')).body.disconnected, true)
  assert.equal(other.ends.length, 1)
})

test('a charge point that is not migrating any more loses its session on profile 0', async (t) => {
  const { ask, store, connect } = await setUp(t)
  await store.registry.add('CP1', { migrating: true })
  const session = connect('CP1', { profile: 0 })
  await ask('PATCH', '/charge-points/CP1', { body: { serialNumber: 'S1' } })
  assert.deepEqual(session.ends, [])
  await ask('PATCH', '/charge-points/CP1', { body: { migrating: false } })
  assert.equal(session.ends.length, 1)
})

test('[A01.FR.08] [A01.FR.09] a password is stored as a hash and never told', async (t) => {
  const { ask, store, freed } = await setUp(t)
  await store.registry.add('CP1', { upstreamSecret: secrets.sealed })
  const path = '/charge-points/CP1/password'
  const stored = async () => (await store.registry.get('CP1'))?.credential ?? null

  const text = await ask('PUT', path, { body: { password: secrets.password } })
  assert.deepEqual(
    [text.status, text.body],
    [
      200,
      {
        identity: 'CP1',
        hasPassword: true,
        warning: '21 bytes; the standard has 16 to 20 (A00.FR.205)',
      },
    ],
  )
  const first = await stored()
  assert.ok(first !== null && (await matches(first, Buffer.from(secrets.password))))
  assert.deepEqual(freed, ['CP1'])

  const hex = await ask('PUT', path, { body: { hex: secrets.hex } })
  assert.deepEqual(hex.body, { identity: 'CP1', hasPassword: true })
  const second = await stored()
  assert.ok(second !== null && (await matches(second, Buffer.from(secrets.hex, 'hex'))))

  assertError(await ask('PUT', path, { body: { hex: `${secrets.hex}0` } }), 422, 'key_invalid')
  assertError(await ask('PUT', path, { body: { password: '' } }), 422, 'key_invalid')
  assertError(await ask('PUT', path, { body: {} }), 400, 'request_invalid')
  assertError(await ask('PUT', path, { body: { hex: secrets.hex, password: 'x' } }), 400, 'request_invalid')
  assertError(await ask('PUT', path, { body: { password: 12 } }), 400, 'request_invalid')
  assert.deepEqual(await stored(), second)

  const { body } = await ask('GET', '/charge-points/CP1')
  assert.deepEqual([body.hasPassword, body.hasUpstreamPassword], [true, true])
  assert.deepEqual((await ask('DELETE', path)).body, { identity: 'CP1', hasPassword: false })
  assert.equal(await stored(), null)
})

test('[A01.FR.04] a password set by hand ends a change that is under way', async (t) => {
  const { ask, store } = await setUp(t)
  const old = await hashKey(Buffer.alloc(20, 1), false)
  const next = await hashKey(Buffer.alloc(20, 2), false)
  await store.registry.add('CP1', { credential: old })
  await store.registry.beginCredentialChange(
    'CP1',
    { next, nextUpstreamSecret: secrets.sealed, origin: 'operator' },
    Date.UTC(2026, 0, 1),
  )
  const { passwordChange } = (await ask('GET', '/charge-points/CP1')).body
  assert.deepEqual(passwordChange, {
    phase: 'offered',
    origin: 'operator',
    startedAt: '2026-01-01T00:00:00.000Z',
    answeredAt: null,
    oldSeenAt: null,
  })
  await ask('PUT', '/charge-points/CP1/password', { body: { hex: secrets.hex } })
  const record = await store.registry.get('CP1')
  assert.equal(record?.credentialChange, null)
  assert.ok(record?.credential && (await matches(record.credential, Buffer.from(secrets.hex, 'hex'))))
})

test('[A00.FR.427] one charge point is told with its keys', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP1', {})
  const key = { keyFingerprint: 'f00d', certificateFingerprint: 'c', subject: 'CN=S1', notAfter: 0 }
  await store.registry.claimKey('CP1', key, 0)
  assert.deepEqual((await ask('GET', '/charge-points/CP1')).body.keys, [
    {
      ...key,
      notAfter: '1970-01-01T00:00:00.000Z',
      firstSeenAt: '1970-01-01T00:00:00.000Z',
      lastSeenAt: '1970-01-01T00:00:00.000Z',
    },
  ])
})
