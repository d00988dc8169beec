import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readProxyHeader } from '../../src/gate/proxy-protocol.ts'
import { buildHeader } from '../gate/proxy-header.ts'

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
/** Many zeroes, for their compression. */
const ipv6 = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xdb8, 0xffff), { minLength: 8, maxLength: 8 })
  .map((words) => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff])))
const tlv = fc.record({
  type: fc.integer({ min: 4, max: 255 }),
  value: fc.uint8Array({ maxLength: 60 }),
})

/** Node's own idea of the text of an IPv6 address (WHATWG URL, which follows RFC 5952). */
function expectedAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const hex = Buffer.from(bytes).toString('hex')
  if (hex.startsWith(`${'0'.repeat(20)}ffff`)) return bytes.subarray(12).join('.')
  return new URL(`http://[${hex.match(/.{4}/g)?.join(':')}]/`).hostname.slice(1, -1)
}

test('[PROXY v2] what was encoded is read back, and no prefix is complete', () => {
  fc.assert(
    fc.property(
      fc.oneof(ipv4, ipv6),
      fc.integer({ min: 0, max: 0xffff }),
      fc.array(tlv, { maxLength: 5 }),
      fc.boolean(),
      fc.uint8Array({ maxLength: 20 }),
      (source, port, tlvs, checked, rest) => {
        const bytes = buildHeader({ source, port, tlvs, ...(checked ? { checksum: 'right' } : {}) })
        const expected = {
          status: 'complete',
          length: bytes.length,
          source: { address: expectedAddress(source), port },
        }
        assert.deepEqual(readProxyHeader(Buffer.concat([bytes, rest])), expected)
        for (let end = 0; end < bytes.length; end += 1) {
          assert.equal(readProxyHeader(bytes.subarray(0, end)).status, 'incomplete')
        }
      },
    ),
  )
})

test('[CWE-20] arbitrary and mutated bytes are judged without throwing, once and for all', () => {
  const mutated = fc
    .tuple(fc.oneof(ipv4, ipv6), fc.array(tlv, { maxLength: 3 }), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([source, tlvs, at, value]) => {
      const bytes = buildHeader({ source, tlvs, checksum: 'right' })
      bytes[at % bytes.length] = value
      return bytes
    })
  const arbitrary = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(mutated, arbitrary), (bytes) => {
      const around = Buffer.concat([Buffer.alloc(16, 1), bytes, Buffer.alloc(16, 1)])
      let final: string | null = null
      for (let end = 0; end <= bytes.length; end += 1) {
        const result = readProxyHeader(bytes.subarray(0, end))
        assert.deepEqual(readProxyHeader(around.subarray(16, 16 + end)), result)
        if (final !== null) assert.equal(result.status, final)
        else if (result.status !== 'incomplete') final = result.status
        if (result.status === 'complete') assert.ok(result.length <= end)
      }
    }),
    { numRuns: 500 },
  )
})
