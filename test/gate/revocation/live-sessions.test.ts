import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ListenerRevocation } from '../../../src/gate/revocation/listener-revocation.ts'
import { type LiveListener, LiveSessions } from '../../../src/gate/revocation/live-sessions.ts'
import { certificateFields } from '../../../src/pki/certificate-fields.ts'
import { buildPath, type CertificatePath } from '../../../src/pki/chain.ts'
import type { CheckMode } from '../../../src/policy/reasons.ts'
import type { SessionFacts } from '../../../src/relay/session.ts'
import type { DenyEntry } from '../../../src/store/store.ts'
import { makeAuthority } from '../../support/authority.ts'
import { type FakeSession, fakeSession } from '../../support/fake-session.ts'

const root = await makeAuthority()
const issued = await root.chargePoint()
const path: CertificatePath = buildPath(issued.x509, [], { cpo: [root.x509], factory: [] }, Date.now())

const entry: DenyEntry = {
  key: 'fingerprint:x',
  target: { kind: 'fingerprint', fingerprint: path.chain.leaf.fingerprint },
  note: 'stolen',
  by: 'operator',
  identity: null,
  at: 1,
  expiresAt: null,
}

/** Live sessions whose lists say what the test sets. */
function setting() {
  const sessions = new Map<string, FakeSession>()
  const said = { revoked: new Set<string>(), denied: false, deniedIssuer: false, asked: 0, looked: 0 }
  const found: string[] = []
  const timers = new Set<{ at: number; callback: () => void }>()
  const clock = { at: Date.now() }
  const settings = { revoked: 'end' as 'end' | 'keep', mode: 'enforce' as CheckMode }
  const fake: Pick<
    ListenerRevocation,
    'shared' | 'denied' | 'deniedCertificate' | 'revokedNow' | 'revokedByCrl'
  > = {
    shared: (issuer: X509Certificate) => issuer,
    denied: async () => (said.denied ? entry : null),
    deniedCertificate: async () => {
      said.looked += 1
      return said.deniedIssuer ? entry : null
    },
    revokedByCrl: ({ serialNumber, issuer }, issuers) => {
      assert.ok(issuer.equals(certificateFields(issued.x509).issuer))
      assert.deepEqual(issuers, [root.x509])
      return said.revoked.size > 0 && serialNumber.length > 0 ? 'the CRL says: revoked' : null
    },
    revokedNow: async (certificates) => {
      said.asked += 1
      const isOne = said.revoked.has(certificates[0]?.fingerprint256 ?? '')
      return isOne ? { detail: 'the CRL says: revoked', isDenied: false } : null
    },
  }
  const listener = (): LiveListener => ({
    revocation: fake as ListenerRevocation,
    config: {
      liveSessions: { revoked: settings.revoked, expired: 'end', recheck: 1 },
    } as LiveListener['config'],
    modeOf: () => settings.mode,
  })
  const live = new LiveSessions({
    sessions: { all: () => sessions.values(), get: (identity) => sessions.get(identity) ?? null },
    listener: (name) => (name === 'mutual-tls' ? listener() : null),
    found: (facts, reason, detail, mode) => found.push(`${facts.identity} ${reason} ${mode}: ${detail}`),
    failed: (error) => assert.fail(String(error)),
    now: () => clock.at,
    startTimer: (ms, callback) => {
      const timer = { at: clock.at + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  })
  const admit = (identity: string, generation = live.generation): SessionFacts => {
    const certificate = path.chain.leaf.fingerprint
    const session = fakeSession({ identity, listener: 'mutual-tls', profile: 3, certificate })
    sessions.set(identity, session)
    live.admitted(session.facts, path, generation)
    return session.facts
  }
  /** Everything that was begun is done: no more turns are needed. */
  const settled = async () => {
    for (let turn = 0; turn < 50; turn++) await nextTurn()
  }
  return { live, sessions, said, found, timers, clock, settings, admit, settled }
}

test('[A00.FR.704] a change of the CRLs ends what is on them, and is one more round when it comes meanwhile', async () => {
  const { live, said, found, admit, sessions, settled } = setting()
  for (let number = 0; number < 100; number++) admit(`CP-${number}`)
  live.recheck({ listener: 'another' })
  await settled()
  assert.deepEqual(found, [])
  live.recheck({ listener: 'mutual-tls' })
  said.revoked.add(issued.x509.fingerprint256)
  live.recheck({ listener: 'mutual-tls' })
  await settled()
  assert.equal(new Set(found).size, 100)
  assert.match(found[0] ?? '', /client_cert_revoked enforce: the session was open: the CRL says/)
  assert.ok([...sessions.values()].every(({ isOpen }) => !isOpen))
  assert.equal(said.asked, 0, 'no responder was asked')
})

test('[A00.FR.702] the deny list: the certificate, or an issuer, which is looked up once for all', async () => {
  const { live, said, found, admit, settled } = setting()
  for (let number = 0; number < 100; number++) admit(`CP-${number}`)
  live.recheck('deny list')
  await settled()
  assert.deepEqual([found.length, said.looked], [0, 1])
  said.deniedIssuer = true
  live.recheck('deny list')
  await settled()
  assert.equal(found.length, 100)
})

test('[A00.FR.704] what changed between the judgement and the session is not missed', async () => {
  const { live, said, found, admit, settled } = setting()
  const { generation } = live
  said.revoked.add(issued.x509.fingerprint256)
  live.recheck({ listener: 'mutual-tls' })
  await settled()
  admit('CP-1', generation)
  await settled()
  assert.equal(found.length, 1)
})

test('[A00.FR.702] a late answer of the responder ends the sessions of that certificate', async () => {
  const { live, said, found, admit, settled } = setting()
  admit('CP-1')
  live.revoked('mutual-tls', 'another')
  await settled()
  assert.equal(said.asked, 0)
  said.revoked.add(issued.x509.fingerprint256)
  live.revoked('mutual-tls', path.chain.leaf.fingerprint)
  await settled()
  assert.deepEqual([said.asked, found.length], [1, 1])
})

test('[A00.FR.702] from time to time the responder is asked about all', async () => {
  const { live, said, admit } = setting()
  for (let number = 0; number < 20; number++) admit(`CP-${number}`)
  await live.ask('mutual-tls')
  assert.equal(said.asked, 20)
  live.close()
  await live.ask('mutual-tls')
  assert.equal(said.asked, 20)
})

test('[A00.FR.704] keep and report go on, and are told once; off says nothing', async () => {
  const { live, said, found, admit, settings, settled } = setting()
  said.revoked.add(issued.x509.fingerprint256)
  admit('CP-1')
  settings.mode = 'off'
  live.recheck({ listener: 'mutual-tls' })
  await settled()
  assert.deepEqual(found, [])
  settings.mode = 'report'
  for (let round = 0; round < 3; round++) {
    live.recheck({ listener: 'mutual-tls' })
    await settled()
  }
  assert.match(found.join('\n'), /^CP-1 client_cert_revoked report: [^\n]*$/)
  settings.mode = 'enforce'
  settings.revoked = 'keep'
  admit('CP-2')
  live.recheck({ listener: 'mutual-tls' })
  await settled()
  assert.equal(found.length, 2)
})

test('[A00.FR.403] one timer for the certificate that ends first; it outlives clocks and long lives', () => {
  const { timers, clock, found, admit } = setting()
  admit('CP-1')
  admit('CP-2')
  assert.equal(timers.size, 1)
  const fire = () => {
    const [timer] = timers
    assert.ok(timer !== undefined)
    timers.delete(timer)
    clock.at = Math.max(clock.at, timer.at)
    timer.callback()
  }
  fire()
  assert.deepEqual([found.length, timers.size], [0, 1], 'an hour at the most, and again')
  clock.at = path.chain.leaf.notAfter + 1
  fire()
  assert.equal(found.length, 2)
  assert.match(found[0] ?? '', /client_cert_expired enforce: the session was open: a certificate .* ended at/)
  assert.equal(timers.size, 0)
})
