import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls'
import type { HelloFacts, TlsFacts, TlsVersion } from '../../src/policy/facts.ts'
import {
  checkHello,
  checkLegacyChargePoint,
  checkNegotiated,
  detailOfTlsError,
  laneOf,
  legacySuites,
  mandatorySuites,
  modernSuites,
  offersMandatoryPair,
  reasonOfTlsError,
  suitesOf,
  type TlsPolicy,
  tls13Suites,
} from '../../src/policy/tls.ts'
import type { Verdict } from '../../src/policy/verdict.ts'
import { sharedAuthority } from '../support/authority.ts'

const modern: TlsPolicy = { legacy: false, minVersion: 'TLSv1.2', edition: 3 }
const withLegacy: TlsPolicy = { ...modern, legacy: true }

const hello: HelloFacts = {
  highestVersion: 'TLSv1.3',
  versions: [0x0304, 0x0303],
  cipherSuites: [0x1301, 0xc02b, 0x009c],
  groups: [29, 23],
  signatureAlgorithms: [0x0403, 0x0804, 0x0401],
  serverName: null,
  alpn: [],
  ja4: '',
}
const hello12: HelloFacts = {
  ...hello,
  highestVersion: 'TLSv1.2',
  versions: [0x0303],
  cipherSuites: [0xc02b, 0xc02c],
}
const hello10: HelloFacts = {
  ...hello,
  highestVersion: 'TLSv1',
  versions: [0x0301],
  cipherSuites: [0x002f],
  groups: [],
  signatureAlgorithms: null,
}

function outcome(verdict: Verdict): string {
  return verdict.ok ? 'ok' : verdict.reason
}

test('[A00.FR.314] [A00.FR.324] the lane is chosen by the highest version, and only where the lane is on', () => {
  const cases: readonly (readonly [TlsVersion, boolean, string])[] = [
    ['TLSv1', true, 'legacy'],
    ['TLSv1.1', true, 'legacy'],
    ['TLSv1.2', true, 'modern'],
    ['TLSv1.3', true, 'modern'],
    ['SSLv3', true, 'modern'],
    ['TLSv1', false, 'modern'],
    ['TLSv1.1', false, 'modern'],
  ]
  for (const [highestVersion, legacy, expected] of cases) {
    assert.equal(laneOf({ ...hello, highestVersion }, { legacy }), expected, `${highestVersion} ${legacy}`)
  }
})

test('[A00.FR.312] [A00.FR.314] [A00.FR.321] a hello that can lead to nothing allowed is explained', () => {
  const cases: readonly (readonly [string, HelloFacts, TlsPolicy, string])[] = [
    ['1.3', hello, modern, 'ok'],
    ['1.2', hello12, modern, 'ok'],
    ['1.0, no lane', hello10, modern, 'tls_version'],
    ['1.0, lane', hello10, withLegacy, 'ok'],
    ['1.1, lane', { ...hello10, highestVersion: 'TLSv1.1', versions: [0x0302] }, withLegacy, 'ok'],
    ['1.0, lane, edition 4', hello10, { ...withLegacy, edition: 4 }, 'tls_version'],
    ['SSL 3, lane', { ...hello10, highestVersion: 'SSLv3', versions: [0x0300] }, withLegacy, 'tls_version'],
    ['1.0 with another suite', { ...hello10, cipherSuites: [0x0035, 0x000a] }, withLegacy, 'tls_cipher'],
    ['1.2 where 1.3 is the least', hello12, { ...modern, minVersion: 'TLSv1.3' }, 'tls_version'],
    ['1.2 with AES128-SHA', { ...hello12, cipherSuites: [0x002f] }, modern, 'tls_cipher'],
    ['1.2 with AES128-SHA on a lane', { ...hello12, cipherSuites: [0x002f] }, withLegacy, 'tls_cipher'],
    ['1.2 with nothing', { ...hello12, cipherSuites: [] }, modern, 'tls_cipher'],
    ['a suite that is not configured', hello12, { ...modern, ciphers: ['AES128-GCM-SHA256'] }, 'tls_cipher'],
    ['1.3 suites only, told to be 1.2', { ...hello12, cipherSuites: [0x1301] }, modern, 'tls_cipher'],
    ['1.3 without its suites falls to 1.2', { ...hello, cipherSuites: [0x009c] }, modern, 'ok'],
    ['1.2 with P-192 only', { ...hello12, groups: [19] }, modern, 'tls_group'],
    ['RSA needs no group', { ...hello12, groups: [19], cipherSuites: [0x009c] }, modern, 'ok'],
    ['1.2 without groups', { ...hello12, groups: [] }, modern, 'ok'],
    ['post-quantum', { ...hello, groups: [4588] }, modern, 'ok'],
    ['SHA-1 only', { ...hello12, signatureAlgorithms: [0x0203, 0x0201] }, modern, 'tls_signature_algorithm'],
    [
      'RSA signatures, ECDSA suites',
      { ...hello12, signatureAlgorithms: [0x0401] },
      modern,
      'tls_signature_algorithm',
    ],
    ['silent', { ...hello12, signatureAlgorithms: null }, modern, 'tls_signature_algorithm'],
    [
      'silent and forgiven',
      { ...hello12, signatureAlgorithms: null },
      { ...modern, missingSignatureAlgorithms: true },
      'ok',
    ],
  ]
  for (const [what, facts, policy, expected] of cases) {
    assert.equal(outcome(checkHello(facts, policy)), expected, what)
  }
})

test('[A00.FR.313] [A00.FR.319] [A00.FR.324] [A00.FR.428] version, suite and lane of a handshake go together', () => {
  const cases: readonly (readonly [TlsVersion, string, TlsFacts['lane'], string])[] = [
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'modern', 'ok'],
    ['TLSv1.3', 'TLS_AES_128_CCM_SHA256', 'modern', 'tls_cipher'],
    ['TLSv1.2', 'AES128-GCM-SHA256', 'modern', 'ok'],
    ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384', 'modern', 'ok'],
    ['TLSv1.2', 'AES128-SHA', 'modern', 'tls_cipher'],
    ['TLSv1.2', 'AES128-SHA', 'legacy', 'tls_version'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA', 'modern', 'tls_cipher'],
    ['TLSv1.2', 'TLS_AES_128_GCM_SHA256', 'modern', 'tls_cipher'],
    ['TLSv1', 'AES128-SHA', 'legacy', 'ok'],
    ['TLSv1.1', 'AES128-SHA', 'legacy', 'ok'],
    ['TLSv1.1', 'AES256-SHA', 'legacy', 'tls_cipher'],
    ['TLSv1.1', 'AES128-SHA', 'modern', 'tls_version'],
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'legacy', 'tls_version'],
    ['SSLv3', 'AES128-SHA', 'legacy', 'tls_version'],
  ]
  for (const [version, cipher, lane, expected] of cases) {
    const tls: TlsFacts = { version, cipher, lane, resumed: false }
    assert.equal(outcome(checkNegotiated(tls, { lane })), expected, `${version} ${cipher} ${lane}`)
    assert.equal(outcome(checkNegotiated({ ...tls, resumed: true }, { lane })), expected, 'resumed')
  }
  const crossed: TlsFacts = { version: 'TLSv1.2', cipher: 'AES128-GCM-SHA256', lane: 'legacy', resumed: true }
  assert.equal(outcome(checkNegotiated(crossed, { lane: 'modern' })), 'tls_version')
})

test('[A00.FR.314] [A00.FR.418] old TLS is for charge points that are marked', () => {
  const tls: TlsFacts = { version: 'TLSv1', cipher: 'AES128-SHA', lane: 'legacy', resumed: false }
  assert.equal(outcome(checkLegacyChargePoint(tls, true)), 'ok')
  assert.equal(outcome(checkLegacyChargePoint(tls, false)), 'tls_version')
  assert.equal(outcome(checkLegacyChargePoint({ ...tls, version: 'TLSv1.2', lane: 'modern' }, false)), 'ok')
})

test('[A00.FR.318] [A00.FR.422] a mandatory pair is both suites of one kind', () => {
  assert.equal(offersMandatoryPair([0xc02b, 0xc02c]), true)
  assert.equal(offersMandatoryPair([0x009d, 1, 0x009c]), true)
  assert.equal(offersMandatoryPair([0xc02b, 0x009c]), false)
  assert.equal(offersMandatoryPair([0x002f]), false)
  assert.equal(offersMandatoryPair([]), false)
})

test('[A00.FR.323] errors of Node and OpenSSL become reasons', () => {
  const cases: readonly (readonly [string, HelloFacts | null, string])[] = [
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', hello10, 'tls_version'],
    ['ERR_SSL_VERSION_TOO_LOW', null, 'tls_version'],
    ['ERR_SSL_INAPPROPRIATE_FALLBACK', hello12, 'tls_version'],
    ['ERR_SSL_NO_SHARED_CIPHER', null, 'tls_cipher'],
    ['ERR_SSL_NO_SHARED_CIPHER', { ...hello12, cipherSuites: [0x002f] }, 'tls_cipher'],
    ['ERR_SSL_NO_SHARED_CIPHER', { ...hello12, groups: [19] }, 'tls_group'],
    ['ERR_SSL_NO_SHARED_CIPHER', { ...hello12, signatureAlgorithms: [0x0201] }, 'tls_signature_algorithm'],
    ['ERR_SSL_NO_SHARED_CIPHER', hello, 'tls_cipher'],
    ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', hello12, 'tls_signature_algorithm'],
    ['ERR_SSL_NO_SUITABLE_KEY_SHARE', hello, 'tls_group'],
    ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', hello, 'client_cert_missing'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', null, 'not_tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', hello, 'handshake_malformed'],
    ['ERR_SSL_HTTP_REQUEST', null, 'not_tls'],
    ['ERR_SSL_BAD_EXTENSION', hello, 'handshake_malformed'],
    ['ERR_SSL_DIGEST_CHECK_FAILED', hello, 'handshake_malformed'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', hello, 'handshake_aborted'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', hello, 'handshake_aborted'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', hello, 'tls_version'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', hello, 'handshake_timeout'],
    ['ECONNRESET', hello, 'handshake_aborted'],
    ['toString', hello, 'handshake_aborted'],
    ['', null, 'handshake_aborted'],
  ]
  for (const [code, facts, expected] of cases) {
    assert.equal(reasonOfTlsError(code, facts, modern), expected, code)
  }
  assert.equal(reasonOfTlsError('ERR_SSL_NO_SHARED_CIPHER', hello12), 'tls_cipher', 'without a policy')
})

test('[A00.FR.314] [A00.FR.323] what a handshake failed for is told in versions and suites, where the hello tells', () => {
  const said = (code: string, facts: HelloFacts | null, policy: TlsPolicy | undefined = modern) =>
    detailOfTlsError({ code, message: 'of OpenSSL' }, reasonOfTlsError(code, facts, policy), facts, policy)
  const both = { ...hello10, highestVersion: 'TLSv1.1', versions: [0x0a0a, 0x0302, 0x0301] } as const
  assert.equal(
    said('ERR_SSL_UNSUPPORTED_PROTOCOL', both),
    'the highest version offered is TLSv1.1, the lowest allowed TLSv1.2; tls.legacy is off',
  )
  assert.equal(
    said('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', hello),
    'it offers TLSv1.3, TLSv1.2, the listener has TLSv1.2 and above; it refused the version that was chosen',
  )
  assert.match(
    said('ERR_SSL_INAPPROPRIATE_FALLBACK', hello12),
    /^it offers TLSv1\.2, the listener has TLSv1\.2 and above; .*RFC 7507/,
  )
  assert.match(
    said('ERR_SSL_UNSUPPORTED_PROTOCOL', both, withLegacy),
    /^it offers TLSv1\.1, TLSv1, the listener has TLSv1 and TLSv1\.1; they have no version in common/,
  )
  const old = { ...hello12, cipherSuites: [0x0005] }
  assert.equal(said('ERR_SSL_NO_SHARED_CIPHER', old), 'none of the 1 suites offered is allowed with TLSv1.2')
  // Without a hello, or where it does not tell: the words of OpenSSL, cut.
  assert.equal(said('ERR_SSL_NO_SHARED_CIPHER', hello12), 'ERR_SSL_NO_SHARED_CIPHER: of OpenSSL')
  assert.equal(said('ECONNRESET', hello), 'ECONNRESET: of OpenSSL')
  assert.equal(said('ERR_SSL_UNSUPPORTED_PROTOCOL', null), 'ERR_SSL_UNSUPPORTED_PROTOCOL: of OpenSSL')
  const long = detailOfTlsError({ code: 'E', message: 'x'.repeat(999) }, 'handshake_aborted', null)
  assert.equal(long.length, 300)
})

/** One handshake; what was negotiated, or what the server said. */
async function negotiate(server: TlsOptions, client: ConnectionOptions): Promise<string> {
  const listener = createServer(server)
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const failed = new Promise<string>((resolve) =>
    listener.once('tlsClientError', (error: NodeJS.ErrnoException) => resolve(String(error.code))),
  )
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...client })
  socket.on('error', () => {})
  const done = new Promise<string>((resolve) =>
    socket.once('secureConnect', () => resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)),
  )
  try {
    return await Promise.race([done, failed])
  } finally {
    socket.destroy()
    listener.close()
  }
}

test('[A00.FR.317] [A00.FR.319] OpenSSL knows every suite of the tables by this name, and negotiates it', async () => {
  const ecdsa = await (await sharedAuthority('ecdsa')).server('ecdsa')
  const rsa = await (await sharedAuthority('ecdsa')).server('rsa')
  const certificates = { key: [ecdsa.key, rsa.key], cert: [ecdsa.certificate, rsa.certificate] }
  const ciphers = `${modernSuites.map((one) => one.openssl).join(':')}:@SECLEVEL=2`
  const twelve = modernSuites.filter((one) => one.certificate !== null)
  assert.equal(
    mandatorySuites.every((one) => twelve.includes(one)),
    true,
  )
  for (const one of twelve) {
    const seen = await negotiate(
      { ...certificates, ciphers },
      { ciphers: one.openssl, maxVersion: 'TLSv1.2' },
    )
    assert.equal(seen, `TLSv1.2 ${one.openssl}`)
    const [version, cipher = ''] = seen.split(' ')
    const tls: TlsFacts = { version: version as TlsVersion, cipher, lane: 'modern', resumed: false }
    assert.deepEqual(checkNegotiated(tls, { lane: 'modern' }), { ok: true })
  }
  for (const one of tls13Suites) {
    assert.equal(
      await negotiate({ ...certificates, ciphers }, { ciphers: one.openssl }),
      `TLSv1.3 ${one.openssl}`,
    )
  }
  const lane: TlsOptions = {
    ...certificates,
    ciphers: 'AES128-SHA:@SECLEVEL=0',
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
  }
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const client = { ciphers: 'AES128-SHA:@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: version } as const
    assert.equal(await negotiate(lane, client), `${version} ${suitesOf(version)[0]?.openssl}`)
  }
})

test('[A00.FR.321] [A00.FR.324] what OpenSSL says to a client it cannot serve becomes the right reason', async () => {
  const rsa = await (await sharedAuthority('ecdsa')).server('rsa')
  const server = {
    key: rsa.key,
    cert: rsa.certificate,
    ciphers: `${modernSuites.map((one) => one.openssl).join(':')}:@SECLEVEL=2`,
  }
  const old = await negotiate(server, {
    ciphers: 'AES128-SHA:@SECLEVEL=0',
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
  })
  assert.equal(reasonOfTlsError(old, hello10, modern), 'tls_version', old)
  const suite = legacySuites[0].openssl
  const cipher = await negotiate(server, { ciphers: suite, maxVersion: 'TLSv1.2' })
  assert.equal(reasonOfTlsError(cipher, { ...hello12, cipherSuites: [0x002f] }, modern), 'tls_cipher', cipher)
})
