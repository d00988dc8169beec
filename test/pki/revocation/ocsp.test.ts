import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { RevocationSubject } from '../../../src/pki/revocation/cert-id.ts'
import { judgeOcspResponse, type OcspResult, type OcspRules } from '../../../src/pki/revocation/ocsp.ts'
import { encodeOcspRequest, ocspHttpRequest } from '../../../src/pki/revocation/ocsp-request.ts'
import { makeAuthority } from '../../support/authority.ts'
import {
  type AnswerOptions,
  makeOpensslCa,
  needsOpenssl,
  type OpensslCa,
  type OpensslKey,
  opensslAnswer,
} from '../../support/openssl-ca.ts'

const minuteMs = 60_000
const rules = (changes: Partial<OcspRules> = {}): OcspRules => ({
  now: Date.now(),
  skewMs: minuteMs,
  maxAgeMs: 60 * minuteMs,
  nonce: null,
  requireNonce: false,
  ...changes,
})
const root = (await makeAuthority()).x509

/** A root with a good, a revoked and an unknown charge point. */
function makeCa(key: OpensslKey = 'ec'): OpensslCa & { subject(name: string): RevocationSubject } {
  const ca = makeOpensslCa(key)
  after(() => ca.remove())
  for (const name of ['good', 'bad', 'stranger']) ca.issue(name)
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  return {
    ...ca,
    subject: (name) => ({
      certificate: new X509Certificate(readFileSync(ca.file(`${name}.pem`))),
      issuer: ca.root,
    }),
  }
}

function requestFor(subject: RevocationSubject, nonce: Buffer | null = null): Buffer {
  return encodeOcspRequest(subject, { certIdHash: 'sha256', nonce })
}

function judged(
  ca: ReturnType<typeof makeCa>,
  name: string,
  answer: AnswerOptions = {},
  changes: Partial<OcspRules> = {},
): OcspResult {
  const subject = ca.subject(name)
  return judgeOcspResponse(opensslAnswer(ca, requestFor(subject), answer), subject, rules(changes))
}

function brief(result: OcspResult): string {
  return result.status === 'problem' ? result.code : result.status
}

for (const key of ['rsa', 'pss', 'ec', 'ec384'] as const satisfies readonly OpensslKey[]) {
  test(`[A00.FR.702] good, revoked and unknown of a responder with a ${key} key`, needsOpenssl, () => {
    const ca = makeCa(key)
    const good = judged(ca, 'good')
    assert.equal(good.status, 'good')
    assert.ok(good.status === 'good' && good.nextUpdate === good.thisUpdate + 24 * 60 * minuteMs)
    const bad = judged(ca, 'bad')
    assert.ok(bad.status === 'revoked')
    assert.deepEqual([bad.at, bad.reason], [Date.UTC(2026, 0, 1), 'keyCompromise'])
    assert.equal(brief(judged(ca, 'stranger')), 'unknown')
    assert.equal(brief(judged(ca, 'good', { options: ['-ndays', '1', '-resp_key_id'] })), 'good')
  })
}

test(
  '[RFC 6960 4.1] openssl reads our request as its own, with SHA-1 and SHA-256, with a nonce and without',
  needsOpenssl,
  () => {
    const ca = makeCa()
    const subject = ca.subject('good')
    for (const certIdHash of ['sha1', 'sha256'] as const) {
      const request = encodeOcspRequest(subject, { certIdHash, nonce: null })
      ca.run(
        'ocsp',
        `-${certIdHash}`,
        '-issuer',
        'root.pem',
        '-cert',
        'good.pem',
        '-no_nonce',
        '-reqout',
        'own.der',
      )
      assert.deepEqual(request, readFileSync(ca.file('own.der')), certIdHash)
      const answer = opensslAnswer(ca, request)
      assert.equal(brief(judgeOcspResponse(answer, subject, rules())), 'good')
    }
    const nonce = Buffer.alloc(16, 7)
    const answer = opensslAnswer(ca, requestFor(subject, nonce))
    assert.equal(brief(judgeOcspResponse(answer, subject, rules({ nonce, requireNonce: true }))), 'good')
    assert.equal(brief(judgeOcspResponse(answer, subject, rules())), 'good')
    const other = rules({ nonce: Buffer.alloc(16, 8) })
    assert.equal(brief(judgeOcspResponse(answer, subject, other)), 'nonce_mismatch')
  },
)

test('[RFC 9654] an answer without a nonce is taken, unless one is required', needsOpenssl, () => {
  const ca = makeCa()
  const nonce = Buffer.alloc(16, 7)
  assert.equal(brief(judged(ca, 'good', {}, { nonce })), 'good')
  assert.equal(brief(judged(ca, 'good', {}, { nonce, requireNonce: true })), 'nonce_mismatch')
})

test('[RFC 6960 4.2.2.1] answers that have ended, have not begun, or give no end', needsOpenssl, () => {
  const ca = makeCa()
  const now = Date.now()
  const at = (offset: number, options?: readonly string[]): string =>
    brief(judged(ca, 'good', options === undefined ? {} : { options }, { now: now + offset }))
  const dayMs = 24 * 60 * minuteMs
  assert.equal(at(dayMs - minuteMs), 'good')
  assert.equal(at(dayMs + 5 * minuteMs), 'expired')
  assert.equal(at(-5 * minuteMs), 'not_yet_valid')
  assert.equal(at(-minuteMs / 2), 'good')
  assert.equal(at(30 * minuteMs, []), 'good')
  assert.equal(at(65 * minuteMs, []), 'expired')
})

test('[RFC 6960 4.2.2.2] a delegated responder needs the mark of the authority itself', needsOpenssl, () => {
  const ca = makeCa('rsa')
  const caExtensions = 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign'
  ca.issue('delegate', { extensions: 'extendedKeyUsage=OCSPSigning\nkeyUsage=digitalSignature' })
  ca.issue('rsa', { key: 'rsa', extensions: 'extendedKeyUsage=OCSPSigning\nnoCheck=yes' })
  ca.issue('unmarked', { extensions: 'keyUsage=digitalSignature' })
  ca.issue('any', { extensions: 'extendedKeyUsage=anyExtendedKeyUsage' })
  ca.issue('agreement', { extensions: 'extendedKeyUsage=OCSPSigning\nkeyUsage=keyAgreement' })
  ca.issue('critical', { extensions: 'extendedKeyUsage=OCSPSigning\n1.2.3.4=critical,DER:0500' })
  ca.issue('sub', { extensions: caExtensions })
  ca.issue('nephew', { issuer: 'sub', extensions: 'extendedKeyUsage=OCSPSigning' })
  const expected = {
    root: 'good',
    delegate: 'good',
    rsa: 'good',
    unmarked: 'responder_not_authorized',
    any: 'responder_not_authorized',
    agreement: 'responder_not_authorized',
    critical: 'responder_not_authorized',
    nephew: 'responder_not_authorized',
  }
  for (const [signer, result] of Object.entries(expected)) {
    assert.equal(brief(judged(ca, 'good', { signer })), result, signer)
    const byKey = { signer, options: ['-ndays', '1', '-resp_key_id'] }
    assert.equal(brief(judged(ca, 'good', byKey)), result, `${signer} by its key`)
  }
})

test('[RFC 6960 4.2.2.2.1] a delegate is to be looked up unless it says ocsp-nocheck', needsOpenssl, () => {
  const ca = makeCa()
  ca.issue('delegate', { days: 2, extensions: 'extendedKeyUsage=OCSPSigning' })
  ca.issue('unchecked', { extensions: 'extendedKeyUsage=OCSPSigning\nnoCheck=yes' })
  const delegateOf = (signer: string) => {
    const result = judged(ca, 'good', { signer })
    assert.ok(result.status === 'good')
    return result.delegate?.subject ?? null
  }
  assert.match(delegateOf('delegate') ?? '', /CN=delegate/)
  // ocsp-nocheck: the authority vouches for it as long as it lives. Nobody revokes the authority here.
  assert.equal(delegateOf('unchecked'), null)
  assert.equal(delegateOf('root'), null)
  const later = { now: Date.now() + 3 * 24 * 60 * minuteMs }
  const answer = { signer: 'delegate', options: ['-ndays', '30'] }
  assert.equal(brief(judged(ca, 'good', answer)), 'good')
  // One that has expired says nothing.
  assert.equal(brief(judged(ca, 'good', answer, later)), 'responder_not_authorized')
})

test(
  '[RFC 6960 3.2] wrong signers, broken signatures and answers about others prove nothing',
  needsOpenssl,
  () => {
    const ca = makeCa()
    const impostor = makeOpensslCa('ec')
    after(() => impostor.remove())
    const subject = ca.subject('good')
    impostor.writeIndex([])
    // The impostor has the name of the authority: only the key tells them apart.
    const good = opensslAnswer(ca, requestFor(subject))
    const forged = opensslAnswer(impostor, requestFor(subject))
    assert.equal(brief(judgeOcspResponse(forged, subject, rules())), 'signature_invalid')
    assert.equal(brief(judged(ca, 'good', { options: ['-ndays', '1', '-badsig'] })), 'signature_invalid')
    assert.equal(brief(judgeOcspResponse(good, ca.subject('bad'), rules())), 'cert_id_mismatch')
    const bare = { signer: 'good', options: ['-ndays', '1', '-resp_no_certs'] }
    assert.equal(brief(judged(ca, 'good', bare)), 'responder_not_authorized')
  },
)

test('[A00.FR.506] an answer that is signed with SHA-1 proves nothing', needsOpenssl, () => {
  const ca = makeCa('rsa')
  assert.equal(brief(judged(ca, 'good', { options: ['-ndays', '1', '-rmd', 'sha1'] })), 'signature_invalid')
  assert.equal(brief(judged(ca, 'good', { options: ['-ndays', '1', '-rmd', 'sha512'] })), 'good')
})

test('[RFC 6960 4.2.1] a responder that will not answer says so by its status', () => {
  const subject = { certificate: root, issuer: root }
  for (const [code, name] of [
    [1, 'malformedRequest'],
    [3, 'tryLater'],
    [6, 'unauthorized'],
    [9, 'a status that is not known'],
  ] as const) {
    const result = judgeOcspResponse(Buffer.from([0x30, 3, 0x0a, 1, code]), subject, rules())
    assert.deepEqual(result, { status: 'problem', code: 'responder_status', detail: name })
  }
})

test(
  '[CWE-754] an answer that is torn or changed anywhere is never good for another reason',
  needsOpenssl,
  () => {
    const ca = makeCa()
    ca.issue('delegate', { extensions: 'extendedKeyUsage=OCSPSigning' })
    const subject = ca.subject('bad')
    const answer = opensslAnswer(ca, requestFor(subject), { signer: 'delegate' })
    const fixed = rules()
    assert.equal(judgeOcspResponse(answer, subject, fixed).status, 'revoked')
    fc.assert(
      fc.property(fc.nat({ max: answer.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(answer)
        changed[at] = (changed[at] ?? 0) ^ bits
        assert.match(judgeOcspResponse(changed, subject, fixed).status, /^(revoked|problem)$/)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.nat({ max: answer.length - 1 }), (length) => {
        assert.equal(judgeOcspResponse(answer.subarray(0, length), subject, fixed).status, 'problem')
      }),
    )
  },
)

test('[CWE-754] arbitrary bytes are a problem and nothing else', () => {
  const subject = { certificate: root, issuer: root }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(judgeOcspResponse(Buffer.from(bytes), subject, rules()).status, 'problem')
    }),
  )
  const large = judgeOcspResponse(Buffer.alloc(65 * 1024), subject, rules())
  assert.equal(brief(large), 'too_large')
})

test('[RFC 6960 A.1] short requests may be fetched, long ones are posted', () => {
  const request = Buffer.from([0xfb, 0xff, 0x3e])
  assert.deepEqual(ocspHttpRequest('http://ocsp.example.com/', request, 'get'), {
    method: 'GET',
    url: 'http://ocsp.example.com/%2B%2F8%2B',
  })
  for (const [bytes, method] of [
    [request, 'post'],
    [Buffer.alloc(200), 'get'],
  ] as const) {
    const { method: used, url } = ocspHttpRequest('http://ocsp.example.com/a', bytes, method)
    assert.deepEqual([used, url], ['POST', 'http://ocsp.example.com/a'])
  }
})
