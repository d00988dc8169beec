import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSlots } from '../../../src/pki/revocation/slots.ts'

test('[CWE-770] so many run, so many wait in their order, and the rest is turned away', async () => {
  const slots = createSlots(2, 2)
  const started: number[] = []
  const tasks = Array.from({ length: 5 }, (_, index) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const run = slots.run(() => {
      started.push(index)
      return promise
    })
    return { run, resolve, reject }
  })
  const [first, second, third, fourth, fifth] = tasks
  assert.ok(first && second && third && fourth && fifth)
  assert.equal(fifth.run, null)
  assert.deepEqual([slots.running, slots.waiting], [2, 2])
  second.resolve(2)
  assert.equal(await second.run, 2)
  third.reject(new Error('failed'))
  await assert.rejects(third.run ?? Promise.resolve(), /failed/)
  assert.deepEqual(started, [0, 1, 2, 3])
  first.resolve(1)
  fourth.resolve(4)
  await Promise.all([first.run, fourth.run])
  assert.deepEqual([slots.running, slots.waiting], [0, 0])
})

test('a task that throws at once frees its slot', async () => {
  const slots = createSlots(1, 0)
  const thrown = slots.run(() => {
    throw new Error('at once')
  })
  await assert.rejects(thrown ?? Promise.resolve(), /at once/)
  assert.equal(slots.running, 0)
})
