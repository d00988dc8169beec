import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { candidates, canonicalKey, parseBasicAuthorization } from '../../src/policy/password.ts'

const facts = (identity: string) => ({ identity, encoded: encodeURIComponent(identity) })
const basic = (user: string, password: Buffer | string) =>
  `Basic ${Buffer.concat([Buffer.from(`${user}:`), Buffer.from(password)]).toString('base64')}`

function outcome(header: string | undefined, identity = 'CP1'): string {
  const result = parseBasicAuthorization(header, facts(identity))
  return result.ok ? result.password.toString('hex') : result.reason
}

test('[A00.FR.205] the example of the standard: a password that is no UTF-8', () => {
  const result = outcome('Basic QUwxMDAwOgABAgMEBQYH////////////////', 'AL1000')
  assert.equal(result, '0001020304050607ffffffffffffffffffffffff')
})

test('[A00.FR.204] the user name must be the identity, decoded or as in the URL', () => {
  assert.equal(outcome(basic('CP1', 'secret')), Buffer.from('secret').toString('hex'))
  assert.equal(outcome(basic('RDAM 1', 'x'), 'RDAM 1'), '78')
  assert.equal(outcome(basic('RDAM%201', 'x'), 'RDAM 1'), '78')
  for (const user of ['CP2', 'cp1', 'CP', 'CP10', '', 'CP1 ']) {
    assert.equal(outcome(basic(user, 'secret')), 'credentials_username', user)
  }
})

test('[A00.FR.205] colons in identity and password are told apart by the identity', () => {
  assert.equal(outcome(basic('a:b', 'c:d'), 'a:b'), Buffer.from('c:d').toString('hex'))
  assert.equal(outcome(basic('a', 'b:c:d'), 'a'), Buffer.from('b:c:d').toString('hex'))
})

test('[A00.FR.203] no header, or one that cannot be read, is credentials_missing', () => {
  const noColon = `Basic ${Buffer.from('CP1').toString('base64')}`
  const headers = [
    undefined,
    '',
    'Basic',
    'Basic ',
    'Bearer abc',
    'Basic ====',
    'Basic a',
    'Basic QQ=',
    'Basic Q_-=',
    'Basic QUI= x',
    noColon,
    `Basic ${'A'.repeat(9000)}`,
  ]
  for (const header of headers) assert.equal(outcome(header), 'credentials_missing', header?.slice(0, 40))
})

test('[A00.FR.202] scheme in any case, padding optional, base64 otherwise strict', () => {
  const header = basic('CP1', 'pw12')
  assert.match(header, /=$/)
  for (const variant of [header.replace('Basic ', 'bAsIc  '), header.replaceAll('=', ''), `${header} `]) {
    assert.equal(outcome(variant), Buffer.from('pw12').toString('hex'), variant)
  }
  // "QR==" and "QQ==" decode to the same byte; only the second is canonical (RFC 4648 3.5).
  assert.equal(outcome('Basic OlE=', ''), '51')
  assert.equal(outcome('Basic OlF=', ''), 'credentials_missing')
})

test('[CWE-20] parsing credentials never throws, and gives back exactly what was sent', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (header, identity) => {
      parseBasicAuthorization(header, { identity, encoded: identity })
    }),
  )
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.uint8Array(), (identity, bytes) => {
      const user = Buffer.from(identity).toString()
      assert.equal(outcome(basic(user, Buffer.from(bytes)), user), Buffer.from(bytes).toString('hex'))
    }),
  )
})

test('[A01.FR.09] a refusal never repeats what was sent', () => {
  for (const header of [basic('topsecret', 'topsecret'), 'Basic topsecret', 'topsecret']) {
    assert.doesNotMatch(
      JSON.stringify(parseBasicAuthorization(header, facts('CP1'))),
      /topsecret|dG9wc2VjcmV0/,
    )
  }
})

test('[A00.FR.205] a set key is bytes: hexadecimal, or text that is not 32 to 40 digits', () => {
  const hex = '0001020304050607FFFFFFFFFFFFFFFF'
  assert.deepEqual(canonicalKey({ hex }), { key: Buffer.from(hex, 'hex'), isText: false })
  assert.deepEqual(canonicalKey({ text: hex }), { key: Buffer.from(hex, 'hex'), isText: false })
  assert.deepEqual(canonicalKey({ text: 'passwort-zürich' }), {
    key: Buffer.from('passwort-zürich'),
    isText: true,
  })
  // Printable bytes are what a person typed, however they were written down (TC_073).
  const printable = Buffer.from('plainpassword123').toString('hex')
  assert.deepEqual(canonicalKey({ hex: printable }), { key: Buffer.from('plainpassword123'), isText: true })
  assert.equal(canonicalKey({ hex: '00ff' }).isText, true, 'two bytes can be guessed')
  assert.equal(canonicalKey({ text: `${hex}0` }).key.length, 33, 'an odd number of digits is text')
})

test('[A00.FR.205] keys that cannot be are refused', () => {
  for (const input of [{ hex: '' }, { hex: 'abc' }, { hex: 'zz' }, { text: '' }, { text: 'x'.repeat(256) }]) {
    assert.throws(() => canonicalKey(input), { name: 'ProxyError', code: 'key_invalid' })
  }
})

test('[A00.FR.205] every form of one key has the canonical key among its candidates', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 20 }), (bytes) => {
      const { key } = canonicalKey({ hex: Buffer.from(bytes).toString('hex') })
      const lower = key.toString('hex')
      const sent = [
        { bytes: key, forms: ['raw', 'text'] },
        { bytes: Buffer.from(lower), forms: ['hex-lower'] },
        { bytes: Buffer.from(lower.toUpperCase()), forms: ['hex-upper', 'hex-lower'] },
      ]
      for (const { bytes: presented, forms } of sent) {
        const found = candidates(presented)
        assert.ok(found.length <= 2)
        assert.ok(found.some((candidate) => candidate.key.equals(key) && forms.includes(candidate.form)))
      }
    }),
  )
})

test('[A00.FR.205] forms are told apart', () => {
  const forms = (text: Buffer | string) => candidates(Buffer.from(text)).map(({ form }) => form)
  assert.deepEqual(forms(Buffer.from([0, 255])), ['raw'])
  assert.deepEqual(forms('hello'), ['text'])
  assert.deepEqual(forms('0'.repeat(32)), ['text', 'hex-lower'])
  assert.deepEqual(forms('ab'.repeat(16)), ['text', 'hex-lower'])
  assert.deepEqual(forms('AB'.repeat(20)), ['text', 'hex-upper'])
  assert.deepEqual(forms('aB'.repeat(16)), ['text'])
  assert.deepEqual(forms('a'.repeat(33)), ['text'])
  assert.deepEqual(forms('ab'.repeat(21)), ['text'])
})
