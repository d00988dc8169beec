import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

const key = (keyFingerprint: string, notAfter: number) => ({
  keyFingerprint,
  certificateFingerprint: `certificate of ${keyFingerprint}`,
  subject: `CN=${keyFingerprint}`,
  notAfter,
})

/** What a store says about the certificates that end next. */
export function certificateKeyContract(name: string, makeStore: MakeStore): void {
  const check = (what: string, body: (store: Store) => Promise<void>) =>
    test(`${name}: ${what}`, () => withStore(makeStore, body))

  check('[A00.FR.701] certificates that end next come first, page by page', async ({ registry }) => {
    for (const [identity, notAfter] of [
      ['CP1', 300],
      ['CP2', 100],
      ['CP3', 200],
      ['CP4', 200],
      ['CP5', 400],
    ] as const) {
      await registry.add(identity, {})
      await registry.claimKey(identity, key(`k-${identity}`, notAfter), 10)
    }
    const seen: string[] = []
    let after: { notAfter: number; keyFingerprint: string } | undefined
    for (;;) {
      const page = await registry.listExpiringKeys({ before: 400, limit: 2, ...(after ? { after } : {}) })
      seen.push(...page.map(({ identity }) => identity))
      after = page.at(-1)
      if (page.length < 2) break
    }
    assert.deepEqual(seen, ['CP2', 'CP3', 'CP4', 'CP1'], 'before 400 is not at 400')
    assert.deepEqual(await registry.listExpiringKeys({ before: 100, limit: 9 }), [])
    const [first] = await registry.listExpiringKeys({ before: 101, limit: 9 })
    assert.deepEqual(first, { identity: 'CP2', ...key('k-CP2', 100), firstSeenAt: 10, lastSeenAt: 10 })
  })

  check('[A02.FR.01] the key of before a renewal is not told any more', async ({ registry }) => {
    await registry.add('CP1', {})
    await registry.claimKey('CP1', key('old', 100), 10)
    await registry.claimKey('CP1', key('new', 500), 20)
    const identities = async (before: number) =>
      (await registry.listExpiringKeys({ before, limit: 9 })).map(({ keyFingerprint }) => keyFingerprint)
    assert.deepEqual(await identities(200), [])
    assert.deepEqual(await identities(501), ['new'])
    await registry.claimKey('CP1', key('old', 100), 30)
    assert.deepEqual(await identities(501), ['old'], 'it came back with the old one')
    await registry.remove('CP1')
    assert.deepEqual(await identities(501), [])
  })
}
