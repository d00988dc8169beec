import assert from 'node:assert/strict'
import { randomBytes, type X509Certificate } from 'node:crypto'
import { after, test } from 'node:test'
import type { RevocationSubject } from '../../../src/pki/revocation/cert-id.ts'
import type { Fetch, FetchResult, HttpRequest } from '../../../src/pki/revocation/fetch.ts'
import {
  createOcspChecker,
  defaultOcspOptions,
  type OcspCheckerOptions,
} from '../../../src/pki/revocation/ocsp-checker.ts'
import type { OcspOutcome } from '../../../src/policy/revocation.ts'
import { makeOpensslCa, needsOpenssl, opensslAnswer } from '../../support/openssl-ca.ts'

const dayMs = 86_400_000

/** Requests that a test answers when it likes. */
function makeFetch() {
  const open: { request: HttpRequest; signal: AbortSignal | undefined; answer(result: FetchResult): void }[] =
    []
  const waiting: (() => void)[] = []
  const fetch: Fetch = (request, signal) =>
    new Promise((resolve) => {
      open.push({ request, signal, answer: resolve })
      waiting.shift()?.()
    })
  const next = async () => {
    if (open.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    const first = open.shift()
    assert.ok(first)
    return first
  }
  return { fetch, next, open }
}

function makeWorld(changes: Partial<OcspCheckerOptions> = {}) {
  const ca = makeOpensslCa()
  after(() => ca.remove())
  const clock = { now: Date.now() }
  const timers = new Set<() => void>()
  const stored = new Map<string, Buffer>()
  const store = {
    get: async (key: string) => stored.get(key) ?? null,
    put: async (key: string, answer: Buffer) => void stored.set(key, answer),
  }
  const late: [X509Certificate, OcspOutcome][] = []
  const errors: unknown[] = []
  const network = makeFetch()
  const deps = {
    fetch: network.fetch,
    store,
    now: () => clock.now,
    startTimer: (_: number, callback: () => void) => {
      timers.add(callback)
      return () => timers.delete(callback)
    },
    randomBytes,
    responderProblem: async (_responder: X509Certificate): Promise<string | null> => null,
    onAnswer: (subject: RevocationSubject, outcome: OcspOutcome) => late.push([subject.certificate, outcome]),
    onStoreError: (error: unknown) => errors.push(error),
  }
  const options = { ...defaultOcspOptions, responder: 'http://ocsp.example.com', ...changes }
  const make = () => createOcspChecker(options, deps)
  const subject = (name: string): RevocationSubject => ({ certificate: ca.issue(name), issuer: ca.root })
  /** All waits end. */
  const exhaustBudgets = (): void => {
    for (const callback of timers) callback()
  }
  const answerOf = (request: HttpRequest, signer = 'root'): FetchResult => {
    assert.equal(request.method, 'POST')
    return { ok: true, body: opensslAnswer(ca, request.body, { signer }) }
  }
  return { ca, clock, timers, stored, deps, late, errors, network, make, subject, exhaustBudgets, answerOf }
}

const down: FetchResult = { ok: false, code: 'network', detail: 'refused' }
const codeOf = (outcome: OcspOutcome): string => (outcome.kind === 'problem' ? outcome.code : outcome.kind)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test(
  '[A00.FR.702] one request is under way for a certificate, and its answer counts to nextUpdate',
  needsOpenssl,
  async () => {
    const world = makeWorld()
    const checker = world.make()
    const subject = world.subject('good')
    world.ca.writeIndex(['good'])
    const checks = [checker.check(subject), checker.check(subject), checker.check(subject)]
    const request = await world.network.next()
    request.answer(world.answerOf(request.request))
    assert.deepEqual(await Promise.all(checks), [{ kind: 'good' }, { kind: 'good' }, { kind: 'good' }])
    assert.deepEqual(await checker.check(subject), { kind: 'good' })
    assert.equal(world.network.open.length, 0)
    assert.equal(world.timers.size, 0)
    world.clock.now += dayMs + 5000
    const again = checker.check(subject)
    const second = await world.network.next()
    second.answer(down)
    const outcome = await again
    assert.ok(outcome.kind === 'problem' && outcome.code === 'network')
    assert.ok((outcome.goodUntil ?? 0) > world.clock.now - 60_000)
  },
)

test(
  '[A00.FR.702] half of its life gone, an answer is renewed while it still counts',
  needsOpenssl,
  async () => {
    const world = makeWorld()
    const checker = world.make()
    const subject = world.subject('good')
    world.ca.writeIndex(['good'])
    const first = checker.check(subject)
    const request = await world.network.next()
    request.answer(world.answerOf(request.request))
    await first
    world.clock.now += 0.6 * dayMs
    world.ca.writeIndex([], { good: '260101000000Z' })
    assert.deepEqual(await checker.check(subject), { kind: 'good' })
    const renewal = await world.network.next()
    renewal.answer(world.answerOf(renewal.request))
    while (world.late.length < 2) await turn()
    assert.equal(world.late[1]?.[1].kind, 'revoked')
    assert.equal(codeOf(await checker.check(subject)), 'revoked')
  },
)

test('[A00.FR.704] a revocation stays one when the responder goes', needsOpenssl, async () => {
  const world = makeWorld()
  const checker = world.make()
  const subject = world.subject('bad')
  world.ca.writeIndex([], { bad: '260101000000Z' })
  const first = checker.check(subject)
  const request = await world.network.next()
  request.answer(world.answerOf(request.request))
  assert.equal(codeOf(await first), 'revoked')
  world.clock.now += 2 * dayMs
  const second = checker.check(subject)
  const next = await world.network.next()
  next.answer(down)
  assert.equal(codeOf(await second), 'revoked')
})

test(
  '[A00.FR.702] answers come back from the store as they were signed, and are proven again',
  needsOpenssl,
  async () => {
    const world = makeWorld()
    const subject = world.subject('good')
    world.ca.writeIndex(['good'])
    const first = world.make().check(subject)
    const request = await world.network.next()
    request.answer(world.answerOf(request.request))
    await first
    assert.equal(world.stored.size, 1)
    assert.deepEqual(await world.make().check(subject), { kind: 'good' })
    assert.equal(world.network.open.length, 0)

    // One bit of what is signed.
    for (const answer of world.stored.values()) answer[80] = (answer[80] ?? 0) ^ 1
    const third = world.make().check(subject)
    const forged = await world.network.next()
    forged.answer(down)
    assert.equal(codeOf(await third), 'network')

    world.deps.store.get = () => Promise.reject(new Error('the store is away'))
    const fourth = world.make().check(subject)
    const asked = await world.network.next()
    asked.answer(world.answerOf(asked.request))
    assert.equal(codeOf(await fourth), 'good')
    assert.equal(world.errors.length, 1)
  },
)

test(
  '[A00.FR.702] "unknown" counts for a moment only: a new certificate becomes known',
  needsOpenssl,
  async () => {
    const world = makeWorld({ unknownMs: 1000 })
    const checker = world.make()
    const subject = world.subject('new')
    world.ca.writeIndex([])
    const first = checker.check(subject)
    const request = await world.network.next()
    request.answer(world.answerOf(request.request))
    assert.equal(codeOf(await first), 'unknown')
    assert.equal(codeOf(await checker.check(subject)), 'unknown')
    assert.equal(world.stored.size, 0)
    world.ca.writeIndex(['new'])
    world.clock.now += 1000
    const second = checker.check(subject)
    const next = await world.network.next()
    next.answer(world.answerOf(next.request))
    assert.equal(codeOf(await second), 'good')
  },
)

test(
  '[issue 4] at the end of the budget a connection goes on without an answer, and the request with it',
  needsOpenssl,
  async () => {
    const world = makeWorld()
    const checker = world.make()
    const subject = world.subject('bad')
    world.ca.writeIndex([], { bad: '260101000000Z' })
    const check = checker.check(subject)
    const request = await world.network.next()
    world.exhaustBudgets()
    assert.equal(codeOf(await check), 'timeout')
    assert.equal(request.signal?.aborted, false)
    request.answer(world.answerOf(request.request))
    while (world.late.length === 0) await turn()
    assert.deepEqual([world.late[0]?.[0], world.late[0]?.[1].kind], [subject.certificate, 'revoked'])
    assert.equal(codeOf(await checker.check(subject)), 'revoked')
  },
)

test(
  '[issue 4] a fleet does not queue behind a slow responder, and one that failed is left alone',
  needsOpenssl,
  async () => {
    const world = makeWorld({ concurrency: 2, maxWaiting: 3, retryMs: 1000 })
    const checker = world.make()
    const subjects = Array.from({ length: 7 }, (_, index) => world.subject(`cp${index}`))
    const checks = subjects.map((subject) => checker.check(subject))
    // Five have a place, two are told at once.
    assert.deepEqual((await Promise.all(checks.slice(5))).map(codeOf), ['overloaded', 'overloaded'])
    assert.equal(world.network.open.length, 2)
    const [first, second] = [await world.network.next(), await world.network.next()]
    first.answer(down)
    assert.equal(codeOf(await (checks[0] ?? Promise.reject())), 'network')
    // Those who waited learn from the first one.
    assert.deepEqual((await Promise.all(checks.slice(2, 5))).map(codeOf), Array(3).fill('responder_down'))
    second.answer(down)
    await checks[1]
    assert.equal(world.network.open.length, 0)
    const [one, other] = [subjects[0], subjects[6]]
    assert.ok(one && other)
    assert.equal(codeOf(await checker.check(one)), 'network')
    assert.equal(codeOf(await checker.check(other)), 'responder_down')
    world.clock.now += 1000
    world.ca.writeIndex(['cp6'])
    const retried = checker.check(other)
    const request = await world.network.next()
    request.answer(world.answerOf(request.request))
    assert.equal(codeOf(await retried), 'good')
    assert.equal(world.timers.size, 0)
  },
)

test('[issue 4] what is wrong with one answer does not stop the others', needsOpenssl, async () => {
  const world = makeWorld()
  const checker = world.make()
  const [one, other] = [world.subject('one'), world.subject('other')]
  world.ca.writeIndex(['one', 'other'])
  const check = checker.check(one)
  const request = await world.network.next()
  request.answer({ ok: true, body: Buffer.from('garbage') })
  assert.equal(codeOf(await check), 'unreadable')
  assert.equal(codeOf(await checker.check(one)), 'unreadable')
  const second = checker.check(other)
  const next = await world.network.next()
  next.answer(world.answerOf(next.request))
  assert.equal(codeOf(await second), 'good')
})

test('a certificate without a responder is not asked about, and an end ends all', needsOpenssl, async () => {
  const world = makeWorld({ responder: null })
  const checker = world.make()
  assert.deepEqual(await checker.check(world.subject('plain')), { kind: 'none' })
  const certificate = world.ca.issue('named', {
    extensions: 'authorityInfoAccess=OCSP;URI:http://named.example.com',
  })
  const subject = { certificate, issuer: world.ca.root }
  const check = checker.check(subject)
  const request = await world.network.next()
  assert.equal(request.request.url, 'http://named.example.com')
  checker.close()
  assert.equal(request.signal?.aborted, true)
  request.answer({ ok: false, code: 'cancelled', detail: 'ended' })
  assert.equal(codeOf(await check), 'cancelled')
  const other = {
    certificate: world.ca.issue('other', { extensions: 'authorityInfoAccess=OCSP;URI:http://b' }),
    issuer: world.ca.root,
  }
  assert.equal(codeOf(await checker.check(other)), 'closed')
})

test('[RFC 9654] with a nonce requests are posted, and each has its own', needsOpenssl, async () => {
  const world = makeWorld({ nonceBytes: 16, requireNonce: true, method: 'get' })
  const checker = world.make()
  const subject = world.subject('good')
  world.ca.writeIndex(['good'])
  const check = checker.check(subject)
  const request = await world.network.next()
  request.answer(world.answerOf(request.request))
  assert.equal(codeOf(await check), 'good')
})

test(
  '[RFC 6960 4.2.2.2.1] what a delegate has said counts no longer than the delegate itself',
  needsOpenssl,
  async () => {
    const world = makeWorld()
    const checker = world.make()
    const subject = world.subject('good')
    const delegate = world.ca.issue('delegate', { extensions: 'extendedKeyUsage=OCSPSigning' })
    world.ca.issue('vouched', { extensions: 'extendedKeyUsage=OCSPSigning\nnoCheck=yes' })
    world.ca.writeIndex(['good'])
    const answered = async (signer: string): Promise<OcspOutcome> => {
      const check = checker.check(subject)
      const { request, answer } = await world.network.next()
      answer(world.answerOf(request, signer))
      return check
    }
    assert.deepEqual(await answered('delegate'), { kind: 'good' })
    assert.deepEqual(await checker.check(subject), { kind: 'good' })
    const asked: string[] = []
    world.deps.responderProblem = async ({ subject }) => {
      asked.push(subject)
      return 'it was stolen'
    }
    // Neither in memory nor from the store, nor fresh; and no grace comes of it.
    const refused = { kind: 'problem', code: 'responder_not_authorized', detail: 'it was stolen' }
    assert.deepEqual(await answered('delegate'), { ...refused, goodUntil: null })
    assert.deepEqual(new Set(asked), new Set([delegate.subject]))
    assert.equal(asked.length, 3)
    // It is not asked for at every connection.
    assert.deepEqual(await checker.check(subject), { ...refused, goodUntil: null })
    world.clock.now += defaultOcspOptions.retryMs
    assert.deepEqual(await answered('vouched'), { kind: 'good' })
    assert.equal(asked.length, 4, 'what was kept of the delegate was looked at once more')
    // Nobody can tell at the moment: not believed, and not forgotten.
    world.deps.responderProblem = async () => null
    world.clock.now += dayMs + 5000
    assert.deepEqual(await answered('delegate'), { kind: 'good' })
    world.deps.responderProblem = () => Promise.reject(new Error('the store is away'))
    const outcome = await answered('delegate')
    assert.ok(outcome.kind === 'problem' && outcome.code === 'internal')
    assert.ok((outcome.goodUntil ?? 0) > world.clock.now)
  },
)
