import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issued } from '../store/contract/issued.ts'
import { renewal } from '../store/contract/renewals.ts'
import { setUp } from './setting.ts'

test('[A02.FR.01] a certificate is renewed through the API, as the request says', async (t) => {
  const { ask, store, operations } = await setUp(t)
  await store.registry.add('CP1', {})
  const body = { keyType: 'ec', setCpoName: true, reconnect: true, timeoutSeconds: 9 }
  const answer = await ask('POST', '/charge-points/CP1/certificate', { body })
  assert.deepEqual([answer.status, answer.body], [200, { identity: 'CP1', ok: true, detail: 'done' }])
  assert.partialDeepStrictEqual(operations.asked[0], {
    what: 'renew',
    identity: 'CP1',
    options: { origin: 'operator', timeoutMs: 9000, keyType: 'ec', setCpoName: true, reconnect: true },
  })
  operations.outcome = { ok: false, code: 'authority_failed', detail: 'down' }
  const failed = await ask('POST', '/charge-points/CP1/certificate')
  assert.deepEqual([failed.status, failed.body.error], [409, 'authority_failed'])
  const wrong = await ask('POST', '/charge-points/CP1/certificate', { body: { keyType: 'dsa' } })
  assert.equal(wrong.status, 400)
})

test('a request is shown as it stands, and nothing of it that is not for operators', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP1', {})
  assert.equal((await ask('GET', '/charge-points/CP1/certificate')).body.error, 'certificate_request_unknown')
  assert.equal((await ask('GET', '/charge-points/CP2/certificate')).status, 404)
  await store.renewals.begin(renewal(), 1000)
  await store.renewals.step('CP1', 1000, { attempts: 2, nextAttemptAt: 5000, detail: 'it is down' }, 2000)
  const shown = await ask('GET', '/charge-points/CP1/certificate')
  assert.partialDeepStrictEqual(shown.body, {
    ...{ identity: 'CP1', phase: 'pending', origin: 'charge-point', attempts: 2, detail: 'it is down' },
    nextAttemptAt: '1970-01-01T00:00:05.000Z',
  })
  assert.equal('csr' in shown.body, false)
  await store.renewals.begin(renewal({ identity: 'CP2', keyFingerprint: 'k2' }), 1000)
  const first = await ask('GET', '/certificate-requests?limit=1')
  assert.deepEqual([first.body.items[0].identity, first.body.next], ['CP1', 'CP1'])
  const second = await ask('GET', '/certificate-requests?limit=9&after=CP1&phase=pending')
  assert.deepEqual([second.body.items[0].identity, second.body.next], ['CP2', null])
})

test('[A00.FR.704] issued certificates are listed, by charge point, revocation and end', async (t) => {
  const { ask, store } = await setUp(t)
  const end = Date.now() + 20 * 86_400_000
  await store.issued.record(issued('1', { notAfter: end }))
  await store.issued.record(issued('2', { notAfter: end * 2, identity: 'CP2' }))
  await store.issued.revoke('certificate 1', { at: 1000, reason: 'superseded' })
  const serials = async (query: string) => {
    const { body } = await ask('GET', `/issued-certificates?${query}`)
    return body.items.map((one: { serialNumber: string }) => one.serialNumber).join('')
  }
  assert.equal(await serials('limit=9'), '21')
  assert.equal(await serials('identity=CP2'), '2')
  assert.equal(await serials('revoked=true'), '1')
  assert.equal(await serials('endsWithinDays=30'), '1')
  assert.equal(await serials('after=2'), '1')
  const { body } = await ask('GET', '/issued-certificates?revoked=true')
  assert.partialDeepStrictEqual(body.items[0], {
    revokedAt: '1970-01-01T00:00:01.000Z',
    revocationReason: 'superseded',
  })
})
