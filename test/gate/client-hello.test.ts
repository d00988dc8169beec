import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxClientHelloBytes, readClientHello } from '../../src/gate/client-hello.ts'
import type { HelloFacts } from '../../src/policy/facts.ts'
import {
  buildHello,
  extension,
  helloOfNode,
  helloOfOpenssl,
  inRecords,
  opensslProblem,
} from './hello/captures.ts'

function complete(bytes: Buffer): HelloFacts {
  const result = readClientHello(bytes)
  if (result.status !== 'complete') assert.fail(JSON.stringify(result))
  return result.hello
}

function refused(bytes: Buffer): { status: string; problem: string } {
  const result = readClientHello(bytes)
  if (result.status !== 'malformed' && result.status !== 'not-tls') assert.fail(JSON.stringify(result))
  return result
}

/** Every cut is incomplete, and splitting into records of any size changes nothing. */
function holdsHoweverItIsCut(bytes: Buffer): void {
  const whole = readClientHello(bytes)
  assert.equal(whole.status, 'complete')
  for (let end = 0; end < bytes.length; end += 1) {
    assert.deepEqual(readClientHello(bytes.subarray(0, end)), { status: 'incomplete' }, `cut at ${end}`)
  }
  assert.deepEqual(readClientHello(Buffer.concat([bytes, Buffer.from([20, 3, 3, 0, 1, 1])])), whole)
  for (const sizes of [[1], [1, 2, 3, 5], [3, 400], [41], [bytes.length - 6, 1]]) {
    const records = inRecords(bytes, sizes)
    assert.deepEqual(readClientHello(records), whole, `records of ${sizes}`)
    for (let end = 0; end < records.length; end += sizes[0] === 1 ? 17 : 1) {
      assert.equal(readClientHello(records.subarray(0, end)).status, 'incomplete', `records cut at ${end}`)
    }
  }
}

const legacy = { minVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' } as const

test('[A00.FR.313] [A00.FR.417] ClientHellos of node:tls read the same however they are cut', async (t) => {
  await t.test('TLS 1.0', async () => {
    const bytes = await helloOfNode({ ...legacy, maxVersion: 'TLSv1' })
    const hello = complete(bytes)
    assert.equal(hello.highestVersion, 'TLSv1')
    assert.deepEqual(hello.versions, [0x0301])
    assert.deepEqual(hello.cipherSuites, [0x002f, 0x00ff])
    assert.equal(hello.signatureAlgorithms, null)
    assert.equal(hello.serverName, null)
    assert.match(hello.ja4, /^t10i02\d{2}00_[0-9a-f]{12}_[0-9a-f]{12}$/)
    holdsHoweverItIsCut(bytes)
  })
  await t.test('TLS 1.1', async () => {
    const bytes = await helloOfNode({ ...legacy, maxVersion: 'TLSv1.1' })
    assert.equal(complete(bytes).highestVersion, 'TLSv1.1')
    holdsHoweverItIsCut(bytes)
  })
  await t.test('TLS 1.2 with server name and ALPN', async () => {
    const bytes = await helloOfNode({
      maxVersion: 'TLSv1.2',
      servername: 'ocpp.example.com',
      ALPNProtocols: ['http/1.1', 'h2'],
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:AES256-GCM-SHA384',
      ecdhCurve: 'P-256:P-384',
      sigalgs: 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256',
    })
    const hello = complete(bytes)
    assert.equal(hello.highestVersion, 'TLSv1.2')
    assert.equal(hello.serverName, 'ocpp.example.com')
    assert.deepEqual(hello.alpn, ['http/1.1', 'h2'])
    assert.deepEqual(hello.cipherSuites, [0xc02b, 0x009d])
    assert.deepEqual(hello.groups, [0x0017, 0x0018])
    assert.deepEqual(hello.signatureAlgorithms, [0x0403, 0x0804])
    assert.match(hello.ja4, /^t12d02\d{2}h1_/)
    holdsHoweverItIsCut(bytes)
  })
  await t.test('TLS 1.3 with X25519MLKEM768', async () => {
    const bytes = await helloOfNode({ ecdhCurve: 'X25519MLKEM768:P-256', servername: 'ocpp.example.com' })
    const hello = complete(bytes)
    assert.ok(bytes.length > 1200, 'the hybrid key share is in it')
    assert.equal(hello.highestVersion, 'TLSv1.3')
    assert.deepEqual(hello.versions, [0x0304, 0x0303])
    assert.deepEqual(hello.groups, [0x11ec, 0x0017])
    holdsHoweverItIsCut(bytes)
  })
})

test('[A00.FR.313] ClientHellos of openssl s_client read the same however they are cut', {
  skip: opensslProblem,
}, async () => {
  const old = ['-cipher', 'AES128-SHA:@SECLEVEL=0']
  const cases = [
    { args: ['-tls1', ...old], version: 'TLSv1', name: null },
    { args: ['-tls1_1', ...old], version: 'TLSv1.1', name: null },
    {
      args: ['-tls1_2', '-servername', 'a.example', '-alpn', 'http/1.1'],
      version: 'TLSv1.2',
      name: 'a.example',
    },
    { args: ['-tls1_3', '-noservername'], version: 'TLSv1.3', name: null },
  ] as const
  for (const { args, version, name } of cases) {
    const bytes = await helloOfOpenssl(args)
    const hello = complete(bytes)
    assert.equal(hello.highestVersion, version)
    assert.equal(hello.serverName, name)
    holdsHoweverItIsCut(bytes)
  }
})

test('[A00.FR.312] the highest version comes from supported_versions, GREASE ignored', () => {
  const of = (version: number, codes: readonly number[] | null) =>
    complete(buildHello({ version, extensions: codes === null ? null : [extension.versions(codes)] }))
      .highestVersion
  assert.equal(of(0x0303, [0xfafa, 0x0304, 0x0303]), 'TLSv1.3')
  assert.equal(of(0x0303, [0x0302, 0x0301]), 'TLSv1.1')
  assert.equal(of(0x0303, [0x7f1c, 0x0303]), 'TLSv1.2')
  assert.equal(of(0x0303, null), 'TLSv1.2')
  assert.equal(of(0x0304, null), 'TLSv1.2')
  assert.equal(of(0x0302, null), 'TLSv1.1')
  assert.equal(of(0x0300, null), 'SSLv3')
  assert.match(
    refused(buildHello({ extensions: [extension.versions([0x0a0a])] })).problem,
    /no version of TLS/,
  )
})

test('[A00.FR.318] GREASE is left out of every list (RFC 8701)', () => {
  const hello = complete(
    buildHello({
      cipherSuites: [0x3a3a, 0x1301],
      extensions: [
        extension.raw(0x4a4a),
        extension.groups([0x1a1a, 0x001d]),
        extension.signatureAlgorithms([0x0403, 0x2a2a]),
        extension.raw(0xdada),
      ],
    }),
  )
  assert.deepEqual(hello.cipherSuites, [0x1301])
  assert.deepEqual(hello.groups, [0x001d])
  assert.deepEqual(hello.signatureAlgorithms, [0x0403])
  assert.match(hello.ja4, /^t12i010200_/)
})

test('[A00.FR.506] a TLS 1.2 hello without signature_algorithms gives null', () => {
  assert.equal(complete(buildHello({ extensions: [extension.groups([0x17])] })).signatureAlgorithms, null)
})

test('[A00.FR.311] what is no TLS is told apart at the first byte, in words for an operator', () => {
  assert.match(refused(Buffer.from('GET /ocpp/CP1 HTTP/1.1\r\n')).problem, /plain HTTP/)
  assert.match(refused(Buffer.from('800b0100020000', 'hex')).problem, /SSLv2/)
  assert.match(refused(Buffer.from('802e010301001500', 'hex')).problem, /SSLv2/)
  assert.match(refused(Buffer.from('\r\n\r\n\0\r\nQUIT\n')).problem, /PROXY/)
  assert.match(refused(Buffer.from('PROXY TCP4 192.0.2.1')).problem, /PROXY/)
  assert.match(refused(Buffer.from([21, 3, 1, 0, 2])).problem, /alert/)
  assert.equal(refused(Buffer.from([22, 2])).status, 'not-tls')
  for (let first = 0; first < 256; first += 1) {
    const { status } = readClientHello(Buffer.from([first]))
    assert.equal(status, first === 22 ? 'incomplete' : 'not-tls', `first byte ${first}`)
  }
})

test('[RFC 8446 5.1] a broken record or message header is refused with the byte that breaks it', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['1603010000', /empty/],
    ['1603014001', /16385/],
    ['160301000402', /handshake message 2/],
    ['160301002c01000028', /too short/],
    ['160301400001004000', /over 16384 bytes/],
    ['16030100ff01000040', /more bytes/],
    ['16030100ff010000fb0200', /before SSL/],
    [`16030100ff010000fb0303${'00'.repeat(32)}21`, /session id/],
    [`16030100ff010000fb0303${'00'.repeat(33)}0000`, /cipher suites/],
    [`16030100ff010000fb0303${'00'.repeat(33)}0101`, /cipher suites/],
    [`16030100ff010000fb0303${'00'.repeat(33)}0200`, /longer/],
    [`16030100ff010000fb0303${'00'.repeat(33)}0002002f00`, /compression/],
    [`16030100ff010000fb0303${'00'.repeat(33)}0002002f0100ffff`, /fill/],
    ['1603010001011503', /record of type 21/],
  ]
  for (const [hex, problem] of cases) {
    const bytes = Buffer.from(hex, 'hex')
    const result = refused(bytes)
    assert.equal(result.status, 'malformed', hex)
    assert.match(result.problem, problem)
  }
})

test('[RFC 8446 4.2] broken extensions are malformed', () => {
  const name = (text: string) => [extension.serverName(text)]
  const cases = [
    [extension.raw(35), extension.raw(35)],
    [extension.raw(0)],
    [extension.raw(10, Buffer.from([0, 3, 0, 23, 0]))],
    [extension.raw(13, Buffer.from([0, 0]))],
    [extension.raw(16, Buffer.from([0, 1, 0]))],
    [extension.raw(43, Buffer.from([2, 3]))],
    name('with space'),
    name('line\nbreak'),
    name(''),
    name('x'.repeat(256)),
  ]
  for (const extensions of cases) assert.equal(refused(buildHello({ extensions })).status, 'malformed')
  assert.equal(refused(buildHello({ compression: [1] })).status, 'malformed')
})

test('[CWE-770] a ClientHello above the bound is refused as soon as its length is known', () => {
  const fits = buildHello({ extensions: [extension.raw(21, Buffer.alloc(maxClientHelloBytes - 56))] })
  assert.equal(fits.length, maxClientHelloBytes)
  assert.equal(readClientHello(fits).status, 'complete')
  const big = buildHello({ extensions: [extension.raw(21, Buffer.alloc(maxClientHelloBytes - 55))] })
  assert.equal(readClientHello(big.subarray(0, 8)).status, 'incomplete')
  assert.equal(readClientHello(big.subarray(0, 9)).status, 'malformed')
  // Records count too: the same hello in two of them is over the bound.
  assert.equal(readClientHello(inRecords(fits, [8000])).status, 'malformed')
})
