import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeElement, readElement } from '../../src/pki/der.ts'
import { readTime } from '../../src/pki/der-time.ts'

const utc = (text: string) => readElement(encodeElement(0x17, Buffer.from(text)))
const generalized = (text: string) => readElement(encodeElement(0x18, Buffer.from(text)))

test('[RFC 5280 4.1.2.5] every second that has a date is read as that second', () => {
  const range = {
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  }
  fc.assert(
    fc.property(fc.date(range), (date) => {
      const whole = Math.floor(date.getTime() / 1000) * 1000
      const text = new Date(whole).toISOString().replace(/[-:T]|\.000/g, '')
      assert.equal(readTime(generalized(text), 'it'), whole)
      const year = date.getUTCFullYear()
      if (year >= 1950 && year < 2050) assert.equal(readTime(utc(text.slice(2)), 'it'), whole)
    }),
  )
})

test('[RFC 6960 4.2.2.1] fractions of a second are left out', () => {
  assert.equal(readTime(generalized('20260101000000.5Z'), 'it'), Date.UTC(2026, 0, 1))
})

test('[RFC 5280 4.1.2.5] what is no date, or in another form, is refused', () => {
  const bad = [
    ...['20260229000000Z', '20261301000000Z', '20260100000000Z', '20260101240000Z', '20260101006000Z'],
    ...['20260101000060Z', '20260101000000', '202601010000Z', '20260101000000+0100', '20260101000000.Z'],
    ...['20260101000000ZZ', '2026010100000aZ', '', 'Z', `20260101000000.${'0'.repeat(20)}Z`],
  ]
  for (const text of bad) assert.throws(() => readTime(generalized(text), 'it'), /it/, text)
  assert.throws(() => readTime(utc('20260101000000Z'), 'it'))
  assert.throws(() => readTime(generalized('260101000000Z'), 'it'))
  assert.throws(() => readTime(readElement(Buffer.from('0c0d3236303130313030303030305a', 'hex')), 'it'))
  assert.throws(() => readTime(undefined, 'it'))
  assert.equal(readTime(utc('240229000000Z'), 'it'), Date.UTC(2024, 1, 29))
})
