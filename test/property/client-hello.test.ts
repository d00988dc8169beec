import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readClientHello } from '../../src/gate/client-hello.ts'
import { isGrease } from '../../src/gate/hello/code-points.ts'
import { buildHello, extension, helloOfNode, inRecords } from '../gate/hello/captures.ts'

const code = fc.integer({ min: 0, max: 0xffff })
const someCodes = fc.array(code, { minLength: 1, maxLength: 30 })
const label = fc.stringMatching(/^[\x21-\x7e]{1,60}$/)
const alpnName = fc.uint8Array({ minLength: 1, maxLength: 20 })

const helloParts = fc.record({
  sessionId: fc.uint8Array({ maxLength: 32 }),
  cipherSuites: someCodes,
  groups: someCodes,
  signatureAlgorithms: fc.option(someCodes),
  serverName: fc.option(label),
  alpn: fc.array(alpnName, { maxLength: 4 }),
})
type Parts = typeof helloParts extends fc.Arbitrary<infer Value> ? Value : never

function encode(parts: Parts): Buffer {
  return buildHello({
    sessionId: Buffer.from(parts.sessionId),
    cipherSuites: parts.cipherSuites,
    extensions: [
      ...(parts.serverName === null ? [] : [extension.serverName(parts.serverName)]),
      extension.groups(parts.groups),
      ...(parts.signatureAlgorithms === null
        ? []
        : [extension.signatureAlgorithms(parts.signatureAlgorithms)]),
      ...(parts.alpn.length === 0 ? [] : [extension.alpn(parts.alpn.map((name) => Buffer.from(name)))]),
      extension.raw(0xff01, Buffer.of(0)),
    ],
  })
}

const withoutGrease = (codes: readonly number[]) => codes.filter((one) => !isGrease(one))

test('[CWE-20] what was encoded is read back, cut and split as you like', () => {
  fc.assert(
    fc.property(
      helloParts,
      fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (parts, sizes, cut) => {
        const bytes = encode(parts)
        const result = readClientHello(bytes)
        if (result.status !== 'complete') assert.fail(JSON.stringify(result))
        const { hello } = result
        assert.deepEqual(hello.cipherSuites, withoutGrease(parts.cipherSuites))
        assert.deepEqual(hello.groups, withoutGrease(parts.groups))
        assert.deepEqual(
          hello.signatureAlgorithms,
          parts.signatureAlgorithms === null ? null : withoutGrease(parts.signatureAlgorithms),
        )
        assert.equal(hello.serverName, parts.serverName)
        assert.deepEqual(
          hello.alpn,
          parts.alpn.map((name) => Buffer.from(name).toString('latin1')),
        )
        const split = inRecords(bytes, sizes)
        assert.deepEqual(readClientHello(split), result)
        const prefix = split.subarray(0, Math.floor(split.length * cut))
        assert.deepEqual(readClientHello(prefix), { status: 'incomplete' })
      },
    ),
  )
})

/**
 * The result for every prefix of the bytes: never thrown, first incomplete, then one final status
 * that more bytes do not change, and never dependent on the memory around the bytes.
 */
function holdsOnPrefixes(bytes: Buffer): void {
  const around = Buffer.alloc(bytes.length + 64, 0x5a)
  bytes.copy(around, 32)
  let final: string | null = null
  for (let end = 0; end <= bytes.length; end += end < 128 ? 1 : 37) {
    const result = readClientHello(bytes.subarray(0, end))
    assert.deepEqual(readClientHello(around.subarray(32, 32 + end)), result)
    assert.deepEqual(readClientHello(Buffer.from(bytes.subarray(0, end))), result)
    if (final !== null) assert.equal(result.status, final, `after ${end} bytes`)
    else if (result.status !== 'incomplete') final = result.status
  }
}

test('[CWE-20] arbitrary bytes are judged without throwing, once and for all', () => {
  const start = fc.constantFrom('', '16', '160301', '1603010100', '160301010001', '16030100ff010000fb0303')
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), (hex, rest) => {
      holdsOnPrefixes(Buffer.concat([Buffer.from(hex, 'hex'), rest]))
    }),
    { numRuns: 300 },
  )
})

test('[CWE-125] mutated ClientHellos are judged without throwing, once and for all', async () => {
  const real = [
    await helloOfNode({ servername: 'ocpp.example.com', ALPNProtocols: ['http/1.1'] }),
    await helloOfNode({ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' }),
  ]
  const change = fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    value: fc.integer({ min: 0, max: 255 }),
  })
  const changes = fc.array(change, { minLength: 1, maxLength: 6 })
  const size = fc.integer({ min: 5, max: 2000 })
  fc.assert(
    fc.property(fc.constantFrom(...real), changes, size, (hello, list, records) => {
      const bytes = inRecords(hello, [records])
      for (const { at, value } of list) bytes[Math.floor(bytes.length * at)] = value
      holdsOnPrefixes(bytes)
    }),
    { numRuns: 300 },
  )
})
