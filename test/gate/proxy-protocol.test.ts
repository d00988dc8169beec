import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../src/gate/crc32c.ts'
import { addressText } from '../../src/gate/ip-text.ts'
import { maxProxyHeaderBytes, readProxyHeader } from '../../src/gate/proxy-protocol.ts'
import { buildHeader, type HeaderParts } from './proxy-header.ts'

function source(parts: HeaderParts) {
  const result = readProxyHeader(buildHeader(parts))
  if (result.status !== 'complete') assert.fail(JSON.stringify(result))
  return result.source
}

function problem(bytes: Buffer): string {
  const result = readProxyHeader(bytes)
  if (result.status !== 'invalid') assert.fail(JSON.stringify(result))
  return result.problem
}

const ipv6 = (hex: string) => Buffer.from(hex.padStart(32, '0'), 'hex')

test('[PROXY v2] TCP over IPv4 and IPv6, cut at every byte, with what follows untouched', () => {
  const headers = [
    { bytes: buildHeader({}), address: '192.0.2.7' },
    { bytes: buildHeader({ source: ipv6('20010db8000000000000000000000001') }), address: '2001:db8::1' },
    { bytes: buildHeader({ source: ipv6('ffffc6336409') }), address: '198.51.100.9' },
    {
      bytes: buildHeader({ tlvs: [{ type: 4, value: Buffer.alloc(9) }], checksum: 'right' }),
      address: '192.0.2.7',
    },
  ]
  for (const { bytes, address } of headers) {
    const expected = { status: 'complete', length: bytes.length, source: { address, port: 40_000 } }
    for (let end = 0; end < bytes.length; end += 1) {
      assert.deepEqual(readProxyHeader(bytes.subarray(0, end)), { status: 'incomplete' }, `cut at ${end}`)
    }
    assert.deepEqual(readProxyHeader(bytes), expected)
    assert.deepEqual(readProxyHeader(Buffer.concat([bytes, Buffer.of(22, 3, 1)])), expected)
  }
})

test('[PROXY v2] LOCAL and families without a TCP address have no source', () => {
  assert.equal(source({ command: 0x20 }), null)
  assert.equal(source({ command: 0x20, family: 0xff }), null)
  assert.equal(source({ family: 0x00 }), null)
  assert.equal(source({ family: 0x12 }), null)
  assert.equal(source({ family: 0x31, source: new Uint8Array(108) }), null)
  assert.match(problem(buildHeader({ family: 0x31 })), /12 bytes, not 216/)
})

test('[PROXY v2] what cannot match is invalid at the first wrong byte', () => {
  const good = buildHeader({})
  for (let at = 0; at < 12; at += 1) {
    const bytes = Buffer.from(good.subarray(0, at + 1))
    bytes[at] = (bytes[at] ?? 0) ^ 0x80
    assert.match(problem(bytes), /signature/)
  }
  const start = (...rest: number[]) => Buffer.concat([good.subarray(0, 12), Buffer.from(rest)])
  assert.match(problem(start(0x31)), /version 3/)
  assert.match(problem(start(0x22)), /command 2/)
  assert.match(problem(start(0x21, 0x13)), /0x13/)
  assert.match(problem(start(0x21, 0x41)), /0x41/)
  assert.match(problem(start(0x21, 0x11, 0x10)), /over 4096/)
  assert.match(problem(start(0x20, 0x00, 0xff)), /over 4096/)
  assert.match(problem(start(0x21, 0x21, 0, 35)), /35 bytes, not 36/)
  assert.match(problem(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')), /version 1/)
  assert.match(problem(Buffer.of(22, 3, 1)), /TLS handshake without/)
})

test('[PROXY v2] TLVs are held to the header, which is held to its bound', () => {
  const room = maxProxyHeaderBytes - 16 - 12 - 3
  assert.notEqual(source({ tlvs: [{ type: 0xe0, value: Buffer.alloc(room) }] }), null)
  assert.match(problem(buildHeader({ tlvs: [{ type: 0xe0, value: Buffer.alloc(room + 1) }] })), /over 4096/)
  const cut = buildHeader({ tlvs: [{ type: 0xe0, value: Buffer.alloc(2) }] })
  cut.writeUInt16BE(3, cut.length - 4)
  assert.match(problem(cut), /longer than the header/)
  const stub = Buffer.concat([buildHeader({}), Buffer.of(4, 0)])
  stub.writeUInt16BE(14, 14)
  assert.match(problem(stub), /cut off/)
})

test('[PROXY v2] a CRC32C is verified when it is there', () => {
  assert.match(problem(buildHeader({ checksum: 0 })), /does not match/)
  const twice = buildHeader({ tlvs: [{ type: 3, value: new Uint8Array(4) }], checksum: 'right' })
  assert.match(problem(twice), /twice/)
  assert.match(problem(buildHeader({ tlvs: [{ type: 3, value: new Uint8Array(3) }] })), /wrong length/)
  const good = buildHeader({ checksum: 'right' })
  for (let bit = 0; bit < 32; bit += 1) {
    const bytes = Buffer.from(good)
    bytes[16 + (bit >> 3)] = (bytes[16 + (bit >> 3)] ?? 0) ^ (1 << (bit & 7))
    assert.match(problem(bytes), /does not match/)
  }
})

test('[RFC 4960] CRC32C of the check strings of RFC 3720 B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345'))), 0xe3069283)
})

test('[RFC 5952] one address has one text', () => {
  assert.equal(addressText(ipv6('')), '::')
  assert.equal(addressText(ipv6('1')), '::1')
  assert.equal(addressText(ipv6('20010db8000000010000000000000001')), '2001:db8:0:1::1')
  assert.equal(addressText(ipv6('20010db8000000000001000000000001')), '2001:db8::1:0:0:1')
  assert.equal(addressText(ipv6('20010db8000100020003000400050000')), '2001:db8:1:2:3:4:5:0')
})
