import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { readElement } from '../../../src/pki/der.ts'
import { type CrlResult, crlProblem, isOlder, isStale, readCrl } from '../../../src/pki/revocation/crl.ts'
import { pemOrDer } from '../../../src/pki/revocation/crl-pem.ts'
import { makeOpensslCa, needsOpenssl, type OpensslKey } from '../../support/openssl-ca.ts'

const dayMs = 86_400_000
const reading = () => ({ now: Date.now(), skewMs: 0, maxBytes: 1_000_000 })

function crlOf(result: CrlResult) {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problem))
  return result.crl
}

function codeOf(result: CrlResult): string {
  return result.ok ? 'ok' : result.problem.code
}

for (const key of ['rsa', 'pss', 'ec', 'ec384'] as const satisfies readonly OpensslKey[]) {
  test(`[A00.FR.704] a CRL of openssl with a ${key} key is read and proven`, needsOpenssl, () => {
    const ca = makeOpensslCa(key)
    after(() => ca.remove())
    const stolen = ca.issue('stolen', { serial: `0x7f${'00'.repeat(18)}80` })
    const held = ca.issue('held', { serial: '0x00ff' })
    const old = ca.issue('old', { serial: '1' })
    const fine = ca.issue('fine', { serial: '2' })
    ca.writeIndex(['fine'], {
      stolen: '260101000000Z,keyCompromise',
      held: '260102030405Z,certificateHold',
      old: '260103000000Z',
    })
    const pem = ca.crl()
    const crl = crlOf(readCrl(pem, reading()))
    assert.equal(crlProblem(crl, ca.root), null)
    assert.equal(crl.size, 3)
    assert.deepEqual(crl.find(stolen), { at: Date.UTC(2026, 0, 1), reason: 'keyCompromise' })
    assert.deepEqual(crl.find(held), { at: Date.UTC(2026, 0, 2, 3, 4, 5), reason: 'certificateHold' })
    assert.deepEqual(crl.find(old), { at: Date.UTC(2026, 0, 3), reason: 'unspecified' })
    assert.equal(crl.find(fine), null)
    assert.equal(crl.number, 0x1000n)
    assert.equal(crl.nextUpdate - crl.thisUpdate, 7 * dayMs)
    assert.equal(isStale(crl, crl.nextUpdate - 1), false)
    assert.equal(isStale(crl, crl.nextUpdate), true)
    const der = ca.run('crl', '-in', 'root.crl', '-outform', 'DER')
    assert.equal(crlOf(readCrl(der, reading())).size, 3)
  })
}

test(
  '[A00.FR.704] a CRL with other padding, by openssl: RSASSA-PSS of an ordinary RSA key',
  needsOpenssl,
  () => {
    const ca = makeOpensslCa('rsa')
    after(() => ca.remove())
    ca.writeIndex([])
    for (const salt of ['digest', '0', 'max']) {
      const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${salt}`]
      const crl = crlOf(readCrl(ca.crl(['-crldays', '7', ...padding]), reading()))
      assert.equal(crlProblem(crl, ca.root), null, salt)
      assert.equal(crl.size, 0)
    }
  },
)

test('[A00.FR.506] a CRL that is signed with SHA-1 proves nothing', needsOpenssl, () => {
  const ca = makeOpensslCa('rsa')
  after(() => ca.remove())
  ca.writeIndex([])
  const crl = crlOf(readCrl(ca.crl(['-crldays', '7', '-md', 'sha1']), reading()))
  assert.equal(crlProblem(crl, ca.root)?.code, 'signature_weak')
})

test(
  '[RFC 5280 6.3.3] a CRL of another name, another key or an issuer without cRLSign proves nothing',
  needsOpenssl,
  () => {
    const ca = makeOpensslCa('ec')
    const namesake = makeOpensslCa('ec')
    const stranger = makeOpensslCa('ec', undefined, '/CN=stranger')
    const rsa = makeOpensslCa('rsa')
    const withoutRight = makeOpensslCa('ec', ['keyUsage=critical,keyCertSign'])
    const cas = [ca, namesake, stranger, rsa, withoutRight]
    after(() => {
      for (const one of cas) one.remove()
    })
    for (const one of cas) one.writeIndex([])
    const crl = crlOf(readCrl(ca.crl(), reading()))
    assert.equal(crlProblem(crl, ca.root), null)
    assert.equal(crlProblem(crl, stranger.root)?.code, 'issuer_mismatch')
    assert.equal(crlProblem(crl, namesake.root)?.code, 'signature_invalid')
    assert.equal(crlProblem(crl, rsa.root)?.code, 'signature_algorithm')
    assert.equal(
      crlProblem(crlOf(readCrl(withoutRight.crl(), reading())), withoutRight.root)?.code,
      'issuer_may_not_sign',
    )
  },
)

test(
  '[RFC 5280 5.2.4] [RFC 5280 5.2.5] delta, partitioned and unknown critical CRLs are not used',
  needsOpenssl,
  () => {
    const ca = makeOpensslCa('ec')
    after(() => ca.remove())
    ca.writeIndex([])
    for (const section of ['delta', 'partition', 'partition-not-critical', 'unknown']) {
      const result = readCrl(ca.crl(['-crldays', '7', '-crlexts', section]), reading())
      assert.equal(codeOf(result), 'critical_extension', section)
    }
  },
)

test('[RFC 5280 5.3.1] removeFromCRL takes a hold back', needsOpenssl, () => {
  const ca = makeOpensslCa('ec')
  after(() => ca.remove())
  const back = ca.issue('back')
  ca.writeIndex([], { back: '260101000000Z,removeFromCRL' })
  const crl = crlOf(readCrl(ca.crl(), reading()))
  assert.equal(crl.find(back), null)
  assert.equal(crl.size, 0)
})

test(
  '[RFC 5280 5.1.2.4] a CRL of tomorrow is not used today, but for the tolerance of clocks',
  needsOpenssl,
  () => {
    const ca = makeOpensslCa('ec')
    after(() => ca.remove())
    ca.writeIndex([])
    const pem = ca.crl()
    const { thisUpdate } = crlOf(readCrl(pem, reading()))
    assert.equal(codeOf(readCrl(pem, { ...reading(), now: thisUpdate - 1000 })), 'not_yet_valid')
    assert.equal(codeOf(readCrl(pem, { ...reading(), now: thisUpdate - 1000, skewMs: 1000 })), 'ok')
  },
)

test('[RFC 5280 5.2.3] the number says which of two CRLs is older', needsOpenssl, () => {
  const ca = makeOpensslCa('ec')
  after(() => ca.remove())
  ca.writeIndex([])
  const first = crlOf(readCrl(ca.crl(), reading()))
  const second = crlOf(readCrl(ca.crl(), reading()))
  assert.equal(isOlder(first, second), true)
  assert.equal(isOlder(second, first), false)
  assert.equal(isOlder(first, first), false)
})

test('[CWE-400] a CRL that is too large is not read, and a file holds one CRL', needsOpenssl, () => {
  const ca = makeOpensslCa('ec')
  after(() => ca.remove())
  ca.writeIndex([])
  const pem = ca.crl()
  assert.equal(codeOf(readCrl(pem, { ...reading(), maxBytes: pem.length - 1 })), 'too_large')
  assert.equal(codeOf(readCrl(Buffer.concat([pem, pem]), reading())), 'unreadable')
  assert.equal(codeOf(readCrl(Buffer.concat([Buffer.from('a comment\n'), pem]), reading())), 'ok')
  for (const text of [
    '',
    '-----BEGIN X509 CRL-----',
    '0',
    '-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----',
  ])
    assert.equal(codeOf(readCrl(Buffer.from(text), reading())), 'unreadable', text)
})

test(
  '[CWE-754] a CRL that is torn or changed anywhere is refused or proves nothing, and nothing throws',
  needsOpenssl,
  () => {
    const ca = makeOpensslCa('ec')
    after(() => ca.remove())
    const one = ca.issue('one')
    ca.writeIndex([], { one: '260101000000Z,keyCompromise' })
    const der = pemOrDer(ca.crl())
    assert.ok(der !== null)
    const signatureStart = readElement(der, readElement(der).start).end
    fc.assert(
      fc.property(fc.nat({ max: der.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(der)
        changed[at] = (changed[at] ?? 0) ^ bits
        const result = readCrl(changed, reading())
        if (!result.ok) return
        result.crl.find(one)
        const problem = crlProblem(result.crl, ca.root)
        // A byte of a length or tag outside of what is signed may be written in another way: nothing else may pass.
        if (at >= readElement(der).start && at < signatureStart) assert.notEqual(problem, null)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.nat({ max: der.length - 1 }), (length) => {
        assert.equal(readCrl(der.subarray(0, length), reading()).ok, false)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readCrl(Buffer.from(bytes), reading())),
    )
  },
)
