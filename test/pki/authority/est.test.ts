import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCertsOnly } from '../../../src/pki/authority/certs-only.ts'
import { createEstAuthority, type EstAuthorityOptions } from '../../../src/pki/authority/est.ts'
import { makeAuthority } from '../../support/authority.ts'
import type { CertificateAnswer } from '../../support/certificate-server.ts'
import { needsOpenssl } from '../../support/openssl-tool.ts'
import { estServer } from '../../support/remote-authority.ts'
import { secret } from '../../support/secrets.ts'
import { day, failureOf, patience, requestOf } from './setting.ts'

const password = secret('password', 'basic password of est tests')

/** The server, and an authority of ours that asks it. */
async function estWorld() {
  const { root, middle, client, serve, certsOnly } = await estServer()
  const estOf = (origin: string, changes: Partial<EstAuthorityOptions> = {}) =>
    createEstAuthority({
      name: 'est',
      url: `${origin}/.well-known/est/chargers`,
      roots: [root.x509],
      minimumLifetimeMs: 31 * day,
      tls: { ca: [root.certificate], client: { certificate: client.certificate, key: client.key } },
      basic: async () => ({ username: 'proxy', password }),
      reenroll: false,
      timeoutMs: 60_000,
      now: Date.now,
      ...changes,
    })
  return { root, middle, serve, estOf, certsOnly }
}

test(
  '[A00.FR.703] [A02.FR.04] EST enrolls with certificate and password, and fills the chain from cacerts',
  needsOpenssl,
  async () => {
    const { root, middle, serve, estOf } = await estWorld()
    await using server = await serve()
    const request = await requestOf()
    const chain = await estOf(server.origin).issue(request, patience)
    assert.deepEqual(
      chain.certificates.map((one) => one.subject.replace('\n', ', ')),
      ['O=Example CPO, CN=SN-0001', middle.x509.subject.replace('\n', ', ')],
    )
    assert.ok(chain.certificates[0]?.verify(middle.x509.publicKey))
    assert.deepEqual(estOf(server.origin).roots(), [root.x509])
    const [enroll, cacerts] = server.seen
    assert.equal(`${enroll?.method} ${enroll?.url}`, 'POST /.well-known/est/chargers/simpleenroll')
    assert.equal(enroll?.headers['content-type'], 'application/pkcs10')
    assert.equal(
      enroll?.headers.authorization,
      `Basic ${Buffer.from(`proxy:${password}`).toString('base64')}`,
    )
    assert.equal(enroll?.authorized, true)
    assert.equal(enroll?.body.replace(/\s/g, ''), request.csr.der.toString('base64'))
    assert.equal(`${cacerts?.method} ${cacerts?.url}`, 'GET /.well-known/est/chargers/cacerts')
    assert.equal(cacerts?.headers.authorization, undefined)
  },
)

test(
  '[A00.FR.703] renewals by simplereenroll where that is set, first certificates never',
  needsOpenssl,
  async () => {
    const { serve, estOf } = await estWorld()
    await using server = await serve()
    const est = estOf(server.origin, { reenroll: true, basic: null })
    await est.issue(await requestOf(), patience)
    await est.issue(await requestOf({}, { isRenewal: false }), patience)
    const operations = server.seen
      .filter(({ method }) => method === 'POST')
      .map(({ url }) => url.split('/').at(-1))
    assert.deepEqual(operations, ['simplereenroll', 'simpleenroll'])
    assert.equal(server.seen[0]?.headers.authorization, undefined)
    assert.equal((await est.caCertificates(patience)).length, 2)
  },
)

const statuses = [
  [202, '120', 'unavailable', 120_000],
  [503, 'Thu, 01 Jan 1970 00:00:00 GMT', 'unavailable', 0],
  [500, null, 'unavailable', null],
  [302, null, 'unavailable', null],
  [401, null, 'unavailable', null],
  [404, null, 'unavailable', null],
  [400, null, 'rejected', null],
  [403, '9999999999', 'rejected', null],
] as const

test('[A02.FR.11] [A02.FR.12] what EST answers: try again, and when, or never', needsOpenssl, async () => {
  const { serve, estOf } = await estWorld()
  const request = await requestOf()
  for (const [status, wait, failure, ms] of statuses) {
    await using server = await serve((_, response) => {
      response.writeHead(status, wait === null ? {} : { 'retry-after': wait }).end('secret page')
    })
    const error = await failureOf(estOf(server.origin).issue(request, patience))
    assert.deepEqual([error.failure, error.retryAfterMs], [failure, ms], String(status))
    assert.doesNotMatch(error.message, /secret page/)
  }
})

test(
  '[A02.FR.12] a server that is silent, gone, another, endless or speaks something else',
  needsOpenssl,
  async () => {
    const { serve, estOf } = await estWorld()
    const request = await requestOf()
    const codeOf = async (
      answer: CertificateAnswer,
      changes: Partial<EstAuthorityOptions> = {},
    ): Promise<string> => {
      await using server = await serve(answer)
      const error = await failureOf(estOf(server.origin, changes).issue(request, patience))
      return `${error.failure}: ${error.message.replace(/localhost:\d+/, 'server')}`
    }
    assert.match(
      await codeOf(() => {}, { timeoutMs: 200 }),
      /^unavailable: server .* no answer within 200 ms/,
    )
    assert.match(
      await codeOf((_, response) => response.end('<html>')),
      /^unavailable: .*no list of certificates/,
    )
    assert.match(
      await codeOf((_, response) => response.end(Buffer.alloc(300_000, 65))),
      /^unavailable: .*larger than/,
    )
    assert.match(await codeOf((_, response) => void response.destroy()), /^unavailable/)
    const stranger = await makeAuthority({ name: 'Stranger' })
    const tls = { ca: [stranger.certificate], client: null }
    assert.match(await codeOf((_, response) => response.end(), { tls }), /^unavailable: .*certificate/)
    assert.equal(
      (await failureOf(estOf('https://localhost:1').issue(request, patience))).failure,
      'unavailable',
    )
    assert.throws(() => estOf('http://localhost:1'), { code: 'authority_url' })
  },
)

test('[A02.FR.12] an abort ends the call', needsOpenssl, async () => {
  const { serve, estOf } = await estWorld()
  const controller = new AbortController()
  await using server = await serve(() => controller.abort())
  const error = await failureOf(estOf(server.origin).issue(await requestOf(), controller.signal))
  assert.equal(error.failure, 'unavailable')
})

test(
  '[A00.FR.404] [A00.FR.405] [A02.FR.06] what comes back is judged: key, O, CN, roots, life',
  needsOpenssl,
  async () => {
    const { middle, serve, estOf, certsOnly } = await estWorld()
    const request = await requestOf()
    const other = await makeAuthority({ name: 'Other root' })
    const overrides = {
      publicKey: createPublicKey({ key: request.csr.publicKey, format: 'der', type: 'spki' }),
    }
    const cases = [
      ['issued_key_mismatch', await middle.chargePoint()],
      ['client_cert_organization', await middle.chargePoint({ o: 'Another', overrides })],
      ['client_cert_common_name', await middle.chargePoint({ cn: 'SN-0002', overrides })],
      ['client_cert_untrusted', await other.chargePoint({ overrides })],
      ['issued_short_lived', await middle.chargePoint({ days: 3, overrides })],
      ['client_cert_weak_signature', await middle.chargePoint({ signatureHash: 'SHA-1', overrides })],
    ] as const
    for (const [code, issued] of cases) {
      await using server = await serve((_, response) => response.end(certsOnly('wrong', issued.chain)))
      const error = await failureOf(estOf(server.origin).issue(request, patience))
      assert.equal(error.failure, 'rejected', error.message)
      assert.match(error.message, new RegExp(code))
    }
  },
)

test(
  '[A00.FR.507] a PKCS #7 of certificates in DER and BER, and whatever else comes is none',
  needsOpenssl,
  async () => {
    const { root, certsOnly } = await estWorld()
    const body = certsOnly('one', root.certificate)
    assert.deepEqual(
      readCertsOnly(Buffer.from(body))?.map(({ raw }) => raw),
      [root.x509.raw],
    )
    const der = Buffer.from(body, 'base64')
    // The outermost length as BER may have it: indefinite, with an end of its own.
    const content = der.subarray(4)
    const ber = Buffer.concat([Buffer.from([0x30, 0x80]), content, Buffer.from([0, 0])])
    assert.equal(readCertsOnly(Buffer.from(ber.toString('base64')))?.length, 1)
    fc.assert(
      fc.property(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = Buffer.from(der)
        changed[at] = byte
        const read = readCertsOnly(Buffer.from(changed.toString('base64')))
        assert.ok(read === null || Array.isArray(read))
      }),
      { numRuns: 300 },
    )
    assert.equal(readCertsOnly(Buffer.from('')), null)
    assert.equal(readCertsOnly(Buffer.from('AAAA')), null)
  },
)
