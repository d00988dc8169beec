import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Authority, AuthorityError } from '../../../src/pki/authority/authority.ts'
import { createLocalAuthority } from '../../../src/pki/authority/local.ts'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import { createV2gSigning } from '../../../src/usecases/plug-and-charge/v2g-signing.ts'
import { makeAuthority } from '../../support/authority.ts'
import { makeCsr } from '../../support/csr.ts'
import { fakeSession } from '../../support/fake-session.ts'

/** `failures`: how often the authority cannot be asked before it signs. */
async function settingOf(failures: number, requestsPerHour = 10) {
  const root = await makeAuthority({ name: 'V2G root' })
  const index = { record: async () => {}, find: async () => null, revoked: async () => [] }
  const issuer = { certificate: root.x509, chain: [], privateKey: root.credentials.privateKey }
  const local = createLocalAuthority({
    name: 'v2g',
    issuer,
    lifetimeMs: 86_400_000,
    extendedKeyUsage: [],
    index,
    now: Date.now,
  })
  let asked = 0
  const authority: Authority = {
    ...local,
    issue(request, signal) {
      asked += 1
      if (asked <= failures) return Promise.reject(new AuthorityError('unavailable', 'it is away'))
      return local.issue(request, signal)
    },
  }
  const notes: string[] = []
  const waits: { readonly ms: number; readonly go: () => void; readonly aborted: () => boolean }[] = []
  const waiting: (() => void)[] = []
  const permissions = { certificates: 'refuse', passwords: 'allow', profile: 'allow' } as const
  const signing = createV2gSigning({
    service: () => ({
      authority,
      roots: [root.x509],
      foreignKeys: new Set<string>(),
      organizations: ['Example CPO'],
      commonNames: ['{serialNumber}'],
      minimumLifetimeMs: 0,
      giveUpAfterMs: 60_000,
      requestsPerHour,
    }),
    registry: { get: async () => ({ serialNumber: 'SN-0001' }) as never, keyOwner: async () => null },
    renewals: { keyOwner: async () => null },
    issued: { record: async () => {} },
    overInsecureProfiles: () => ({ profile0: permissions, profile1: permissions }),
    clock: {
      now: Date.now,
      wait: (ms, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve(), { once: true })
          waits.push({ ms, go: resolve, aborted: () => signal?.aborted === true })
          waiting.shift()?.()
        }),
    },
    random: () => 0.5,
    note: ({ type }) => void notes.push(type),
    log: { info() {}, warn() {} } as never,
  })
  const waited = async () => {
    if (waits.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    const wait = waits.shift()
    assert.ok(wait !== undefined)
    return wait
  }
  const delivered = Promise.withResolvers<string>()
  const deliver = async (chain: string): Promise<CallOutcome> => {
    delivered.resolve(chain)
    return { kind: 'result', payload: { status: 'Accepted' } }
  }
  const session = fakeSession()
  const request = async (csr: string) => signing.request(session, { csr }, deliver)
  return { signing, session, request, delivered: delivered.promise, notes, waited, asked: () => asked }
}

test('[A02.FR.11] nothing is issued before the answer is on the wire', async () => {
  const { request, delivered, asked } = await settingOf(0)
  const answer = await request(await makeCsr())
  assert.deepEqual(answer.payload, { status: 'Accepted' })
  assert.equal(asked(), 0)
  answer.sent?.()
  assert.match(await delivered, /BEGIN CERTIFICATE/)
  assert.equal(asked(), 1)
})

test('[A02.FR.04] an authority that is away is asked again; a repetition meanwhile starts no second one', async () => {
  const { request, delivered, waited, asked } = await settingOf(1)
  const csr = await makeCsr()
  const first = await request(csr)
  first.sent?.()
  const wait = await waited()
  assert.equal(wait.ms, 5_000)
  const again = await request(csr)
  assert.deepEqual([again.payload, again.sent], [{ status: 'Accepted' }, undefined])
  wait.go()
  await delivered
  assert.equal(asked(), 2)
})

test('the end of the session ends it, and another request is Rejected while the authority is away', async () => {
  const { signing, session, request, waited, asked, notes } = await settingOf(9)
  const first = await request(await makeCsr())
  first.sent?.()
  const wait = await waited()
  assert.deepEqual((await request(await makeCsr())).payload, { status: 'Rejected' })
  assert.deepEqual(notes, ['SignCertificateRejected'])
  signing.ended(session)
  assert.equal(wait.aborted(), true)
  assert.equal(asked(), 1)
})

test('whoever has asked for a request hears what becomes of it', async () => {
  const heard: string[] = []
  const hear = ({ signing, session }: Awaited<ReturnType<typeof settingOf>>) =>
    signing.watch(session.facts.identity, ({ kind }) => heard.push(kind))
  const good = await settingOf(0)
  const stop = hear(good)
  const answer = await good.request(await makeCsr())
  answer.sent?.()
  await good.delivered
  while (heard.length < 2) await new Promise<void>((resolve) => setImmediate(resolve))
  assert.deepEqual(heard.splice(0), ['requested', 'taken'])
  await good.request('nonsense')
  assert.deepEqual(heard.splice(0), ['rejected'])
  stop()
  await good.request('nonsense')
  assert.deepEqual(heard, [])
  const away = await settingOf(99)
  hear(away)
  const first = await away.request(await makeCsr())
  first.sent?.()
  await away.waited()
  away.signing.ended(away.session)
  assert.deepEqual(heard, ['requested', 'unanswered'])
})

test('[CWE-770] who asks too often in an hour is Rejected', async () => {
  const { request } = await settingOf(0, 1)
  assert.equal((await request(await makeCsr())).payload.status, 'Accepted')
  assert.equal((await request(await makeCsr())).payload.status, 'Rejected')
})
