import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOcspResponder } from '../../../src/pki/authority/ocsp-responder.ts'
import { createCertificateStatus } from '../../../src/pki/plug-and-charge/certificate-status.ts'
import { readOcspRequestData } from '../../../src/pki/plug-and-charge/ocsp-request-data.ts'
import type { FetchResult, HttpRequest } from '../../../src/pki/revocation/fetch.ts'
import { makeAuthority } from '../../support/authority.ts'
import { statusRequest } from '../../support/plug-and-charge.ts'

const day = 86_400_000
const start = Date.parse('2026-11-26T00:00:00Z')
const responderURL = 'http://ocsp.example.com/'

/** A responder of ours behind a clock that the test moves. */
async function settingOf(
  options: { validityMs?: number; trusted?: boolean; delegated?: 'checked' | 'vouched' } = {},
) {
  const { validityMs = day, trusted = true, delegated } = options
  const root = await makeAuthority({ name: 'V2G root', notBefore: start - day })
  const { x509: leaf } = await root.chargePoint({ notBefore: start - day, cn: 'SECC' })
  const other = await makeAuthority({ name: 'another root', notBefore: start - day })
  const noCheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Buffer.from('0500', 'hex') }
  const delegate =
    delegated === undefined
      ? null
      : await root.chargePoint({
          ...{ cn: 'responder', notBefore: start - day, eku: ['1.3.6.1.5.5.7.3.9'] },
          overrides: { extensions: delegated === 'vouched' ? [noCheck] : [] },
        })
  const clock = { now: start }
  const kept = new Map<string, Buffer>()
  const requests: HttpRequest[] = []
  const timers: (() => void)[] = []
  const state: {
    answer: ((request: Buffer) => Promise<FetchResult>) | null
    problem: ((responder: string) => string) | null
  } = { answer: null, problem: null }
  const responder = createOcspResponder({
    issuer: root.x509,
    signer: {
      certificate: (delegate ?? root).x509,
      privateKey: (delegate ?? root).credentials.privateKey,
    },
    index: { find: async () => ({ revocation: null }) },
    validityMs,
    now: () => clock.now,
  })
  const status = createCertificateStatus(
    { budgetMs: 4000, issuers: trusted ? [root.x509] : [] },
    {
      fetch: async (request) => {
        requests.push(request)
        const body = request.method === 'POST' ? request.body : Buffer.alloc(0)
        return state.answer === null ? { ok: true, body: await responder.answer(body) } : state.answer(body)
      },
      responderProblem: async ({ subject }) => state.problem?.(subject) ?? null,
      store: {
        get: async (key) => kept.get(key) ?? null,
        put: async (key, answer) => void kept.set(key, answer),
      },
      now: () => clock.now,
      startTimer: (_ms, callback) => {
        timers.push(callback)
        return () => timers.splice(timers.indexOf(callback), 1)
      },
      onStoreError: (error) => assert.fail(String(error)),
    },
  )
  const dataOf = (certificate = leaf, issuer = root.x509) => {
    const data = readOcspRequestData(statusRequest(certificate, issuer, responderURL).ocspRequestData)
    assert.ok(data !== null)
    return data
  }
  return { root, leaf, other, clock, kept, requests, timers, state, status, dataOf }
}

test('[M06.FR.10] an answer is kept, asked for anew after half of its life, and never older than a week', async () => {
  const setting = await settingOf({ validityMs: 30 * day })
  const { status, dataOf, clock, requests, state } = setting
  const first = await status.ask(dataOf())
  assert.ok(first.ok)
  assert.deepEqual(await status.ask(dataOf()), first)
  assert.equal(requests.length, 1)
  clock.now += 4 * day
  const newer = await status.ask(dataOf())
  assert.ok(newer.ok && !newer.response.equals(first.response))
  assert.equal(requests.length, 2)
  // A responder that is away leaves the answer that still counts.
  state.answer = async () => ({ ok: false, code: 'network', detail: 'gone' })
  clock.now += 4 * day
  assert.deepEqual(await status.ask(dataOf()), newer)
  clock.now += 4 * day
  assert.equal((await status.ask(dataOf())).ok, false)
})

test('one question is asked once at a time', async () => {
  const { status, dataOf, requests } = await settingOf()
  const answers = await Promise.all([1, 2, 3].map(() => status.ask(dataOf())))
  assert.ok(answers.every(({ ok }) => ok))
  assert.equal(requests.length, 1)
})

test('[M06.FR.04] what does not come in time has failed, and the next one finds it', async () => {
  const { status, dataOf, state, timers, requests } = await settingOf()
  const { promise, resolve } = Promise.withResolvers<FetchResult>()
  const asked = Promise.withResolvers<void>()
  state.answer = () => {
    asked.resolve()
    return promise
  }
  const late = status.ask(dataOf())
  await asked.promise
  timers[0]?.()
  assert.deepEqual(await late, { ok: false, detail: 'no answer within 4000 ms' })
  const joined = status.ask(dataOf())
  resolve({ ok: false, code: 'status', detail: 'the server answered with status 500' })
  assert.equal((await joined).ok, false)
  assert.equal(requests.length, 1)
  assert.equal(timers.length, 0)
})

test('[M06.FR.08] what is no answer to the question is not handed on', async () => {
  const { status, dataOf, state, root, other, leaf } = await settingOf()
  const good = createOcspResponder({
    issuer: root.x509,
    signer: { certificate: root.x509, privateKey: root.credentials.privateKey },
    index: { find: async () => ({ revocation: null }) },
    validityMs: day,
    now: () => start - 10 * day,
  })
  const forged = createOcspResponder({
    issuer: root.x509,
    signer: { certificate: other.x509, privateKey: other.credentials.privateKey },
    index: { find: async () => ({ revocation: null }) },
    validityMs: day,
    now: () => start,
  })
  const answers: readonly (readonly [string, (request: Buffer) => Promise<Buffer>])[] = [
    ['text', async () => Buffer.from('no answer')],
    ['nothing', async () => Buffer.alloc(0)],
    ['tryLater', async () => Buffer.from('30030a0103', 'hex')],
    ['expired', (request) => good.answer(request)],
    ['forged', (request) => forged.answer(request)],
  ]
  for (const [what, answer] of answers) {
    state.answer = async (request) => ({ ok: true, body: await answer(request) })
    const outcome = await status.ask(dataOf())
    assert.equal(outcome.ok, false, what)
  }
  state.answer = null
  assert.equal((await status.ask(dataOf(leaf))).ok, true)
})

test('[CWE-770] a path that somebody makes up is asked about once, and takes the responder from nobody', async () => {
  const { status, dataOf, state, requests, kept, clock } = await settingOf()
  state.answer = async () => ({ ok: false, code: 'timeout', detail: 'silent' })
  const made = { ...dataOf(), responderURL: `${responderURL}slow` }
  assert.equal((await status.ask(made)).ok, false)
  assert.equal((await status.ask(made)).ok, false)
  assert.equal(requests.length, 1, 'it is left alone for a moment')
  state.answer = null
  assert.ok((await status.ask(dataOf())).ok)
  clock.now += 20_000
  for (const path of ['', 'a', 'b?c']) {
    const data = { ...dataOf(), responderURL: responderURL + path }
    assert.ok((await status.ask(data)).ok)
  }
  assert.deepEqual([requests.length, kept.size], [2, 1], 'one signed answer serves all paths of the host')
  assert.ok((await status.ask({ ...dataOf(), responderURL: 'http://ocsp.example.com:8080/' })).ok)
  assert.equal(kept.size, 2)
})

test('[CWE-349] without a look at the signature each path has its own answers', async () => {
  const { status, dataOf, kept } = await settingOf({ trusted: false })
  for (const path of ['', 'a', 'a'])
    assert.ok((await status.ask({ ...dataOf(), responderURL: responderURL + path })).ok)
  assert.equal(kept.size, 2)
})

test('[RFC 6960 4.2.2.2.1] a delegate that an operator has denied says nothing, and nothing that it has said', async () => {
  const { status, dataOf, state, requests } = await settingOf({ delegated: 'checked' })
  assert.ok((await status.ask(dataOf())).ok)
  state.problem = (responder) => `${/CN=(.*)/.exec(responder)?.[1]} is on the local deny list`
  assert.deepEqual(await status.ask(dataOf()), { ok: false, detail: 'responder is on the local deny list' })
  assert.equal(requests.length, 2, 'what is kept is judged again, and another one asked for')
  state.problem = () => assert.fail('the authority vouches for this one')
  const vouched = await settingOf({ delegated: 'vouched' })
  Object.assign(vouched.state, { problem: state.problem })
  assert.ok((await vouched.status.ask(vouched.dataOf())).ok)
})

test('only certificates of the named authorities are asked about', async () => {
  const { status, dataOf, other, requests } = await settingOf()
  const { x509: stranger } = await other.chargePoint()
  const outcome = await status.ask(dataOf(stranger, other.x509))
  assert.ok(!outcome.ok && /issuers/.test(outcome.detail))
  assert.equal(requests.length, 0)
})

test('hash data of the wrong form are not asked about', () => {
  const good = {
    hashAlgorithm: 'SHA256',
    issuerNameHash: 'ab'.repeat(32),
    issuerKeyHash: 'CD'.repeat(32),
    serialNumber: '0f',
    responderURL,
  }
  assert.ok(readOcspRequestData(good) !== null)
  for (const change of [
    { hashAlgorithm: 'MD5' },
    { issuerNameHash: 'ab'.repeat(31) },
    { issuerKeyHash: 'zz'.repeat(32) },
    { serialNumber: '-1' },
    { serialNumber: 'a'.repeat(41) },
    { responderURL: '' },
    { responderURL: `http://${'x'.repeat(512)}` },
    { responderURL: 7 },
  ])
    assert.equal(readOcspRequestData({ ...good, ...change }), null, JSON.stringify(change))
  for (const value of [null, undefined, 7, 'text', []]) assert.equal(readOcspRequestData(value), null)
})
