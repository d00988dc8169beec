import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewDenyEntry, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

const issuer = 'CN=Root, O=Example CPO'
const certificate = { fingerprint: 'ab'.repeat(32), serialNumber: '1F', issuer }

export const denied = (more: Partial<NewDenyEntry> = {}): NewDenyEntry => ({
  target: { kind: 'fingerprint', fingerprint: certificate.fingerprint },
  note: 'stolen',
  by: 'operator',
  identity: 'CP1',
  at: 1000,
  expiresAt: null,
  ...more,
})

const bySerial = (serialNumber: string, of: string | null = null) =>
  denied({ target: { kind: 'serial', serialNumber, issuer: of }, identity: null })

export function denyListContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _clock, again) => body(store, again)))

  check(
    '[A00.FR.702] a certificate is denied by its fingerprint, and allowed again',
    async ({ denied: list }) => {
      assert.equal(await list.find(certificate), null)
      const kept = await list.add(
        denied({ target: { kind: 'fingerprint', fingerprint: `${'AB:'.repeat(31)}AB` } }),
      )
      assert.deepEqual(kept, { ...denied(), key: `fingerprint:${certificate.fingerprint}` })
      assert.deepEqual(await list.find(certificate), kept)
      assert.equal(await list.find({ ...certificate, fingerprint: 'cd'.repeat(32) }), null)
      assert.equal(await list.remove(kept.target), true)
      assert.equal(await list.remove(kept.target), false)
      assert.equal(await list.find(certificate), null)
    },
  )

  check('[A00.FR.702] by serial number of any issuer, or of one', async ({ denied: list }) => {
    await list.add(bySerial('00:1f', issuer))
    const other = { ...certificate, issuer: 'CN=Another' }
    assert.deepEqual((await list.find(certificate))?.target, { kind: 'serial', serialNumber: '1F', issuer })
    assert.equal(await list.find(other), null)
    await list.add(bySerial('0x1F'))
    assert.deepEqual((await list.find(other))?.target, { kind: 'serial', serialNumber: '1F', issuer: null })
    await list.add(denied())
    assert.equal((await list.find(certificate))?.target.kind, 'fingerprint', 'the most precise one is named')
    assert.equal(await list.find({ ...other, fingerprint: 'cd'.repeat(32), serialNumber: '' }), null)
  })

  check('[CWE-20] what names no certificate is refused', async ({ denied: list }) => {
    for (const fingerprint of ['', 'ab', 'x'.repeat(64), 'ab'.repeat(33)])
      await assert.rejects(list.add(denied({ target: { kind: 'fingerprint', fingerprint } })), {
        code: 'deny_target_invalid',
      })
    for (const serialNumber of ['', '0', '00:00', 'xyz', '1'.repeat(129)])
      await assert.rejects(list.add(bySerial(serialNumber)), { code: 'deny_target_invalid' }, serialNumber)
    await assert.rejects(list.add(bySerial('1', '')), { code: 'deny_target_invalid' })
    await assert.rejects(list.remove({ kind: 'fingerprint', fingerprint: 'no' }), {
      code: 'deny_target_invalid',
    })
    assert.equal(await list.count(), 0)
  })

  check(
    "a repetition keeps its time and takes the note; the proxy never weakens an operator's word",
    async ({ denied: list }) => {
      const superseded = denied({ by: 'superseded', note: 'renewed', expiresAt: 5000, at: 900 })
      await list.add(superseded)
      const taken = await list.add(denied({ note: 'stolen', at: 1000, identity: null }))
      assert.partialDeepStrictEqual(taken, {
        note: 'stolen',
        by: 'operator',
        at: 900,
        expiresAt: null,
        identity: 'CP1',
      })
      const again = await list.add(superseded)
      assert.deepEqual(again, taken)
      assert.equal(await list.count(), 1)
    },
  )

  check('the list is paged in order of keys, also for one charge point', async ({ denied: list }) => {
    for (const serial of ['A1', 'B2', 'C3', 'D4']) await list.add(bySerial(serial))
    await list.add(denied())
    const all = await list.list({ limit: 9 })
    assert.equal(all.length, 5)
    assert.deepEqual(
      all.map(({ key }) => key),
      all.map(({ key }) => key).toSorted(),
    )
    const second = await list.list({ limit: 2, after: all[1]?.key ?? '' })
    assert.deepEqual(second, all.slice(2, 4))
    assert.deepEqual(
      (await list.list({ limit: 9, identity: 'CP1' })).map(({ target }) => target.kind),
      ['fingerprint'],
    )
    assert.deepEqual(await list.list({ limit: -1 }), [])
  })

  check('every change is seen by whoever else has the store open', async ({ denied: list }, again) => {
    const other = (await again()).denied
    const seen = [await other.revision()]
    await list.add(denied())
    seen.push(await other.revision())
    await list.remove(denied().target)
    seen.push(await other.revision())
    assert.equal(new Set(seen).size, 3)
    await list.remove(denied().target)
    assert.equal(await other.revision(), seen[2], 'nothing has changed')
  })

  check('[CWE-770] entries go with their certificates, those of operators stay', async ({ denied: list }) => {
    await list.add(denied({ by: 'superseded', expiresAt: 5000 }))
    await list.add(bySerial('A1'))
    assert.equal(await list.prune(5000), 0)
    assert.equal(await list.prune(5001), 1)
    assert.equal(await list.count(), 1)
  })

  check('an entry is found by its key', async ({ denied: list }) => {
    const kept = await list.add(denied())
    assert.deepEqual(await list.get(kept.key), kept)
    assert.equal(await list.get('nothing'), null)
  })

  check('[CWE-770] a note is cut', async ({ denied: list }) => {
    assert.equal((await list.add(denied({ note: 'ü'.repeat(900) }))).note, 'ü'.repeat(500))
  })
}
