import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSerialTable } from '../../../src/pki/revocation/serial-table.ts'

/** A list of numbers one after the other, each with its length before it. */
function pack(numbers: readonly Buffer[]) {
  const bytes = Buffer.concat(numbers.flatMap((number) => [Buffer.from([number.length]), number]))
  const places: number[] = []
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] ?? 0)) places.push(at)
  return createSerialTable(bytes, places, (place) => ({
    start: place + 1,
    end: place + 1 + (bytes[place] ?? 0),
  }))
}

test('[A00.FR.704] the table finds what a set would find', () => {
  const number = fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(number, { maxLength: 200 }), fc.array(number), (numbers, others) => {
      const table = pack(numbers)
      const known = new Set(numbers.map((one) => one.toString('hex')))
      for (const one of numbers) assert.notEqual(table.find(one), null)
      for (const one of others) assert.equal(table.find(one) !== null, known.has(one.toString('hex')))
      assert.equal(table.size, numbers.length)
    }),
  )
})

test('[CWE-400] 100,000 serial numbers are found in a step or two each', () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => {
    const number = Buffer.alloc(16, 0x4a)
    number.writeUInt32BE(index, 12)
    return number
  })
  let reads = 0
  const bytes = Buffer.concat(numbers)
  const places = numbers.map((_, index) => index * 16)
  const table = createSerialTable(bytes, places, (place) => {
    reads += 1
    return { start: place, end: place + 16 }
  })
  reads = 0
  for (let index = 0; index < numbers.length; index += 100) {
    assert.equal(table.find(numbers[index] ?? Buffer.alloc(0)), index * 16)
  }
  assert.ok(reads < 4 * 1000, `${reads} entries were read for 1,000 numbers`)
})
