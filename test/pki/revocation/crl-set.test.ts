import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createCrlSet } from '../../../src/pki/revocation/crl-set.ts'
import { makeOpensslCa, needsOpenssl } from '../../support/openssl-ca.ts'

const dayMs = 86_400_000

function setup() {
  const ca = makeOpensslCa()
  after(() => ca.remove())
  const clock = { now: Date.now() }
  const crls = createCrlSet({ now: () => clock.now, skewMs: 60_000, maxBytes: 100_000 })
  const subject = (name: string) => ({ certificate: ca.issue(name), issuer: ca.root })
  return { ca, clock, crls, subject }
}

test('[A00.FR.704] a CRL vouches for its issuer’s certificates, until its nextUpdate', needsOpenssl, () => {
  const { ca, clock, crls, subject } = setup()
  const [good, bad] = [subject('good'), subject('bad')]
  assert.deepEqual(crls.outcomeOf(good), { kind: 'none' })
  ca.writeIndex(['good'], { bad: '260101000000Z,superseded' })
  assert.equal(crls.load('file', ca.crl()), null)
  const [state] = crls.states()
  assert.equal(state?.size, 1)
  const nextUpdate = state?.nextUpdate ?? 0
  assert.deepEqual(crls.outcomeOf(good), { kind: 'good', stale: false, nextUpdate })
  const revocation = { at: Date.UTC(2026, 0, 1), reason: 'superseded' }
  assert.deepEqual(crls.outcomeOf(bad), { kind: 'revoked', stale: false, revocation })
  clock.now += 8 * dayMs
  assert.deepEqual(crls.outcomeOf(good), { kind: 'good', stale: true, nextUpdate })
  assert.deepEqual(crls.outcomeOf(bad), { kind: 'revoked', stale: true, revocation })
  crls.remove('file')
  assert.deepEqual(crls.outcomeOf(good), { kind: 'none' })
})

test('[design 4] a failed load keeps what is there, and says so', needsOpenssl, () => {
  const { ca, crls, subject } = setup()
  const good = subject('good')
  ca.writeIndex(['good'])
  crls.load('file', ca.crl())
  assert.equal(crls.load('file', Buffer.from('torn'))?.code, 'unreadable')
  assert.equal(crls.states()[0]?.problem?.code, 'unreadable')
  assert.equal(crls.outcomeOf(good).kind, 'good')
})

test('[design 2] a CRL that was never had, or is of a namesake, vouches for nobody', needsOpenssl, () => {
  const { ca, crls, subject } = setup()
  const good = subject('good')
  crls.fail('url', 'the server is away')
  assert.deepEqual(crls.outcomeOf(good), { kind: 'unusable', detail: 'url: the server is away' })
  const namesake = makeOpensslCa()
  after(() => namesake.remove())
  namesake.writeIndex([])
  assert.equal(crls.load('url', namesake.crl()), null)
  assert.equal(crls.outcomeOf(good).kind, 'unusable')
  ca.writeIndex([])
  crls.load('other', ca.crl())
  assert.equal(crls.outcomeOf(good).kind, 'good')
})

test('[RFC 5280 5.2.3] neither an older CRL nor a forged one takes a revocation back', needsOpenssl, () => {
  const { ca, crls, subject } = setup()
  const bad = subject('bad')
  ca.writeIndex(['bad'])
  const before = ca.crl()
  ca.writeIndex([], { bad: '260101000000Z' })
  crls.load('url', ca.crl())
  assert.equal(crls.outcomeOf(bad).kind, 'revoked')
  assert.equal(crls.load('url', before)?.code, 'older')
  assert.equal(crls.outcomeOf(bad).kind, 'revoked')
  const namesake = makeOpensslCa()
  after(() => namesake.remove())
  namesake.writeIndex([])
  namesake.crl()
  namesake.crl()
  crls.load('url', namesake.crl())
  assert.equal(crls.outcomeOf(bad).kind, 'revoked')
  // And what was forged does not stand in the way of the next true one.
  ca.writeIndex([], { bad: '260101000000Z' })
  assert.equal(crls.load('url', ca.crl()), null)
  assert.equal(crls.outcomeOf(bad).kind, 'revoked')
})

test('[A00.FR.704] of several CRLs of an issuer the newest one speaks', needsOpenssl, () => {
  const { ca, crls, subject } = setup()
  const one = subject('one')
  ca.writeIndex(['one'])
  const first = ca.crl()
  ca.writeIndex([], { one: '260101000000Z' })
  crls.load('b', ca.crl())
  crls.load('a', first)
  assert.equal(crls.outcomeOf(one).kind, 'revoked')
})
