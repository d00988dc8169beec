import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inventory, knownRoot } from '../store/contract/roots.ts'
import { assertError, setUp } from './setting.ts'

const path = '/charge-points/CP%201/root-certificates'
const central = { certificateType: 'CentralSystemRootCertificate' }

test('[M03.FR.01] the inventory is told with what is known of each root', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP 1', {})
  const never = await ask('GET', path)
  assert.deepEqual(
    [never.status, never.body],
    [
      200,
      {
        identity: 'CP 1',
        inventories: [
          { ...central, reportedAt: null, roots: [] },
          { certificateType: 'ManufacturerRootCertificate', reportedAt: null, roots: [] },
        ],
      },
    ],
  )
  const { fingerprint } = knownRoot(1)
  const [first, second] = inventory().roots
  assert.ok(first !== undefined && second !== undefined)
  await store.roots.replaceInventory('CP 1', inventory({ roots: [first, { ...second, fingerprint }] }))
  await store.roots.addKnown(knownRoot(1))
  const { body } = await ask('GET', path)
  assert.deepEqual(body.inventories[0], {
    ...central,
    reportedAt: '1970-01-01T00:00:01.000Z',
    roots: [
      { ...first, subject: null, notAfter: null },
      { ...second, fingerprint, subject: 'CN=Root 1', notAfter: '1970-01-01T00:00:05.000Z' },
    ],
  })
  assertError(await ask('GET', '/charge-points/CP9/root-certificates'), 404, 'charge_point_unknown')
})

test('[M03.FR.01][M04.FR.01][M05.FR.01] operations are asked for with what the request says', async (t) => {
  const { ask, store, operations, notes } = await setUp(t)
  await store.registry.add('CP 1', {})
  const hashData = { hashAlgorithm: 'SHA384', issuerNameHash: 'ab', issuerKeyHash: 'cd', serialNumber: '1' }
  for (const [method, rest, body] of [
    ['POST', '/refresh', {}],
    ['POST', '/refresh', { ...central, timeoutSeconds: 5 }],
    ['POST', '', { ...central, certificate: 'PEM' }],
    ['POST', '', { ...central, certificate: 'PEM', oldRoot: 'OLD', preflight: false }],
    ['POST', '/delete', { ...central, certificate: 'PEM', force: true }],
    ['POST', '/delete', { ...central, hashData, preflight: false }],
    ['POST', '/delete', { ...central, serialNumber: '0A' }],
  ] as const) {
    const answer = await ask(method, `${path}${rest}`, { body })
    assert.deepEqual([answer.status, answer.body], [200, { identity: 'CP 1', ok: true, detail: 'done' }])
  }
  const base = { origin: 'operator', timeoutMs: 120_000 }
  assert.deepEqual(
    operations.asked.map(({ what, options: { signal, ...rest } }) => [what, rest]),
    [
      ['list roots', base],
      ['list roots', { ...base, ...central, timeoutMs: 5000 }],
      ['install root', { ...base, ...central, certificate: 'PEM' }],
      ['install root', { ...base, ...central, certificate: 'PEM', oldRoot: 'OLD', preflight: false }],
      ['delete root', { ...base, ...central, root: { certificate: 'PEM' }, force: true }],
      ['delete root', { ...base, ...central, root: { hashData }, preflight: false }],
      ['delete root', { ...base, ...central, root: { serialNumber: '0A' } }],
    ],
  )
  assert.equal(
    notes.at(-1)?.techInfo,
    'admin API: POST /api/v1/charge-points/:identity/root-certificates/delete: ok',
  )
  operations.outcome = { ok: false, code: 'not_found', detail: 'it lists no such certificate' }
  const failed = await ask('POST', `${path}/delete`, { body: { ...central, serialNumber: '1' } })
  assert.partialDeepStrictEqual(failed, { status: 409, body: { code: 'not_found', ok: false } })
})

test('[CWE-20] what makes no sense is refused, and nobody is asked', async (t) => {
  const { ask, store, operations } = await setUp(t)
  await store.registry.add('CP 1', {})
  for (const [method, rest, body] of [
    ['POST', '', {}],
    ['POST', '', { certificate: 'PEM' }],
    ['POST', '', { certificateType: 'NoRootCertificate', certificate: 'PEM' }],
    ['POST', '', { ...central, certificate: '' }],
    ['POST', '', { ...central, certificate: 'x'.repeat(17_000) }],
    ['POST', '', { ...central, certificate: 'PEM', force: true }],
    ['POST', '/refresh', { certificateType: 'x' }],
    ['POST', '/delete', { ...central, serialNumber: 'xyz' }],
    ['POST', '/delete', { ...central, hashData: { hashAlgorithm: 'MD5' } }],
  ] as const) {
    assertError(await ask(method, `${path}${rest}`, { body }), 400, 'request_invalid')
  }
  assertError(await ask('POST', `${path}/delete`, { body: central }), 422, 'field_invalid')
  const two = { ...central, serialNumber: '1', certificate: 'PEM' }
  assertError(await ask('POST', `${path}/delete`, { body: two }), 422, 'field_invalid')
  assertError(
    await ask('POST', '/charge-points/CP9/root-certificates/refresh', { body: {} }),
    404,
    'charge_point_unknown',
  )
  assert.deepEqual(operations.asked, [])
})
