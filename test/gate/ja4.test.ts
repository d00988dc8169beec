import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ja4Parts, ja4 } from '../../src/gate/ja4.ts'

const codes = (text: string) => text.split(',').map((code) => Number.parseInt(code, 16))

/** The example of the public description of JA4. */
const example: Ja4Parts = {
  version: 0x0304,
  cipherSuites: codes('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
  extensions: codes('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
  alpn: 'h2',
  signatureAlgorithms: codes('0403,0804,0401,0503,0805,0501,0806,0601'),
}

test('[JA4] the reference values of the description', () => {
  assert.equal(ja4(example), 't13d1516h2_8daaf6152771_e5627efa2ab1')
  assert.equal(ja4({ ...example, signatureAlgorithms: [] }), 't13d1516h2_8daaf6152771_6d807ffa2a79')
})

test('[JA4] a second client with a published fingerprint, whose suites include an SCSV', () => {
  const parts: Ja4Parts = {
    version: 0x0304,
    cipherSuites: codes('1301,1302,1303,c02b,c02c,c02f,c030,cca8,cca9,00ff'),
    extensions: codes('0000,0005,000a,000b,000d,0010,0017,0023,002b,002d,0033'),
    alpn: 'h2',
    signatureAlgorithms: codes('0503,0403,0807,0806,0805,0804,0601,0501,0401'),
  }
  assert.equal(ja4(parts), 't13d1011h2_61a7ad8aa9b6_3fcd1a44f3e3')
})

test('[JA4] GREASE changes nothing, nor does the order of suites and extensions', () => {
  const greased: Ja4Parts = {
    ...example,
    cipherSuites: [0x1a1a, ...example.cipherSuites.toReversed()],
    extensions: [0xfafa, ...example.extensions.toReversed(), 0x0a0a],
    signatureAlgorithms: [0x5a5a, ...example.signatureAlgorithms],
  }
  assert.equal(ja4(greased), ja4(example))
})

test('[JA4] ALPN: first and last character, or of the hexadecimal form', () => {
  const part = (name: string | null) => ja4({ ...example, alpn: name }).slice(8, 10)
  assert.equal(part(null), '00')
  assert.equal(part(''), '00')
  assert.equal(part('http/1.1'), 'h1')
  assert.equal(part('x'), 'xx')
  assert.equal(part('\xab'), 'ab')
  assert.equal(part('\xab\xcd'), 'ad')
  assert.equal(part('0\xab'), '3b')
  assert.equal(part('01\xab\xcd'), '3d')
  assert.equal(part('0\xab\xcd1'), '01')
})

test('[JA4] versions, counts above 99, and fields without values', () => {
  const bare: Ja4Parts = {
    version: 0x0301,
    cipherSuites: [],
    extensions: [],
    alpn: null,
    signatureAlgorithms: [],
  }
  assert.equal(ja4(bare), 't10i000000_000000000000_000000000000')
  assert.equal(ja4({ ...bare, extensions: [0, 16] }), 't10d000200_000000000000_000000000000')
  const head = (version: number) => ja4({ ...bare, version }).slice(1, 3)
  assert.deepEqual([0x0304, 0x0303, 0x0302, 0x0300, 0x0002, 0x7f1c].map(head), [
    '13',
    '12',
    '11',
    's3',
    's2',
    '00',
  ])
  const many = Array.from({ length: 120 }, (_, at) => at)
  assert.match(ja4({ ...bare, cipherSuites: many, extensions: many }), /^t10d999900_/)
})
