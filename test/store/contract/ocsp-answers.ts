import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export function ocspAnswerContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store) => body(store)))

  check('[A00.FR.704] an OCSP answer comes back byte for byte, the last one', async ({ ocspAnswers }) => {
    assert.equal(await ocspAnswers.get('a'), null)
    await ocspAnswers.put('a', Buffer.from([0, 1, 255]), 5000)
    await ocspAnswers.put('b', Buffer.from('b'), 5000)
    await ocspAnswers.put('a', Buffer.from([2, 0]), 6000)
    assert.deepEqual(await ocspAnswers.get('a'), Buffer.from([2, 0]))
    assert.deepEqual(await ocspAnswers.get('b'), Buffer.from('b'))
  })

  check(
    '[CWE-770] OCSP answers go when they end, and the first to end above the bound',
    async ({ ocspAnswers }) => {
      for (const [key, until] of [
        ['a', 1],
        ['b', 9],
        ['c', 7],
        ['d', 8],
      ] as const)
        await ocspAnswers.put(key, Buffer.from(key), until)
      const kept = async () => {
        const found = await Promise.all(
          ['a', 'b', 'c', 'd'].map(async (key) => (await ocspAnswers.get(key)) && key),
        )
        return found.filter((key) => key !== null).join('')
      }
      assert.equal(await ocspAnswers.prune(5, 10), 1)
      assert.equal(await kept(), 'bcd')
      assert.equal(await ocspAnswers.prune(5, 2), 1)
      assert.equal(await kept(), 'bd')
      assert.equal(await ocspAnswers.prune(5, 0), 2)
    },
  )

  check('[CWE-770] an answer larger than any is not kept', async ({ ocspAnswers }) => {
    await assert.rejects(ocspAnswers.put('a', Buffer.alloc(65_537), 1), { name: 'ProxyError' })
  })
}
