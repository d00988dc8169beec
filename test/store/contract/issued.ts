import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IssuedRecord } from '../../../src/pki/authority/issued-index.ts'
import type { Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const issued = (serialNumber: string, more: Partial<IssuedRecord> = {}): IssuedRecord => ({
  authority: 'a1',
  serialNumber,
  identity: 'CP1',
  subject: 'O=Example CPO, CN=SN-1',
  keyFingerprint: `key ${serialNumber}`,
  certificateFingerprint: `certificate ${serialNumber}`,
  notBefore: 1000,
  notAfter: 9000,
  issuedAt: 2000,
  ...more,
})

export function issuedContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _clock, again) => body(store, again)))

  check(
    '[A00.FR.704] what was issued is good, and what was not is unknown',
    async ({ issued: index }, again) => {
      await index.record(issued('1F'))
      const { issued: elsewhere } = await again()
      assert.deepEqual(await elsewhere.find('a1', '1F'), { revocation: null })
      assert.equal(await elsewhere.find('a2', '1F'), null, 'of another authority')
      assert.equal(await elsewhere.find('a1', '2F'), null)
      assert.deepEqual(await elsewhere.byFingerprint('certificate 1F'), {
        ...issued('1F'),
        number: 1,
        revocation: null,
      })
      assert.equal(await elsewhere.byFingerprint('certificate 2F'), null)
    },
  )

  check(
    '[A00.FR.508] one number is for one certificate; the same again changes nothing',
    async ({ issued: index }) => {
      await index.record(issued('1F'))
      await index.record(issued('1F'))
      await assert.rejects(index.record(issued('1F', { certificateFingerprint: 'other' })), {
        code: 'serial_number_used',
      })
      await index.record(issued('1F', { authority: 'a2', certificateFingerprint: 'other' }))
      assert.equal((await index.list({ limit: 9 })).length, 2)
    },
  )

  check('[A00.FR.704] a revocation is taken back', async ({ issued: index }) => {
    await index.record(issued('1'))
    assert.equal(await index.release('certificate 1'), false)
    await index.revoke('certificate 1', { at: 3000, reason: 'unspecified' })
    assert.equal(await index.release('certificate 1'), true)
    assert.deepEqual(await index.find('a1', '1'), { revocation: null })
    assert.deepEqual(await index.revoked('a1', 4000), [])
    assert.equal(await index.release('certificate 9'), false)
  })

  check('[A00.FR.704] revoked ones are told until they have expired', async ({ issued: index }) => {
    await index.record(issued('1'))
    await index.record(issued('2', { notAfter: 5000 }))
    await index.record(issued('3'))
    assert.equal(await index.revoke('certificate 9', { at: 1, reason: 'unspecified' }), false)
    for (const serial of ['1', '2'])
      assert.equal(await index.revoke(`certificate ${serial}`, { at: 3000, reason: 'superseded' }), true)
    const entry = (serialNumber: string) => ({ serialNumber, at: 3000, reason: 'superseded' })
    assert.deepEqual(await index.revoked('a1', 4000), [entry('1'), entry('2')])
    assert.deepEqual(await index.revoked('a1', 6000), [entry('1')])
    assert.deepEqual(await index.revoked('a2', 4000), [])
    assert.deepEqual(await index.find('a1', '1'), { revocation: { at: 3000, reason: 'superseded' } })
  })

  check('an operator says more than the proxy, and the first time stays', async ({ issued: index }) => {
    await index.record(issued('1'))
    await index.revoke('certificate 1', { at: 3000, reason: 'superseded' })
    await index.revoke('certificate 1', { at: 4000, reason: 'keyCompromise' })
    await index.revoke('certificate 1', { at: 5000, reason: 'superseded' })
    assert.deepEqual(await index.find('a1', '1'), { revocation: { at: 3000, reason: 'keyCompromise' } })
  })

  check('they are listed, the newest first, and page by page', async ({ issued: index }) => {
    for (const serial of ['1', '2', '3', '4'])
      await index.record(
        issued(serial, { identity: serial === '3' ? 'CP2' : 'CP1', notAfter: 1000 * Number(serial) }),
      )
    await index.revoke('certificate 2', { at: 1, reason: 'unspecified' })
    const numbers = async (query: Parameters<typeof index.list>[0]) =>
      (await index.list(query)).map(({ serialNumber }) => serialNumber).join('')
    assert.equal(await numbers({ limit: 9 }), '4321')
    assert.equal(await numbers({ limit: 2 }), '43')
    assert.equal(await numbers({ limit: 9, before: 3 }), '21')
    assert.equal(await numbers({ limit: 9, identity: 'CP1' }), '421')
    assert.equal(await numbers({ limit: 9, revoked: true }), '2')
    assert.equal(await numbers({ limit: 9, revoked: false, endsBefore: 4000 }), '31')
    assert.equal(await index.prune(3000), 2)
    assert.equal(await numbers({ limit: 9 }), '43')
  })
}
