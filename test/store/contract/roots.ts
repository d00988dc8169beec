import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RootHashData } from '../../../src/policy/root-certificate.ts'
import { maxKnownRoots } from '../../../src/store/roots.ts'
import type { InstalledRoot, KnownRoot, RootInventory, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

const hashData = (serialNumber: string, more: Partial<RootHashData> = {}): RootHashData => ({
  hashAlgorithm: 'SHA256',
  issuerNameHash: 'AbCd',
  issuerKeyHash: '00fF',
  serialNumber,
  ...more,
})

const root = (serialNumber: string, more: Partial<InstalledRoot> = {}): InstalledRoot => ({
  hashData: hashData(serialNumber),
  children: [],
  fingerprint: null,
  ...more,
})

export const inventory = (more: Partial<RootInventory> = {}): RootInventory => ({
  certificateType: 'CentralSystemRootCertificate',
  reportedAt: 1000,
  roots: [root('0fFf'), root('1', { fingerprint: 'f'.repeat(64) })],
  ...more,
})

export const knownRoot = (number: number, more: Partial<KnownRoot> = {}): KnownRoot => ({
  fingerprint: number.toString(16).padStart(64, '0'),
  pem: `PEM ${number}`,
  subject: `CN=Root ${number}`,
  notAfter: 5000,
  usedAt: number,
  ...more,
})

export function rootContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _, again) => body(store, again)))

  check(
    '[M03.FR.04][M03.FR.05] an inventory comes back letter for letter, children included',
    async ({ registry, roots }, again) => {
      await registry.add('CP1', {})
      const children = [hashData('2', { hashAlgorithm: 'SHA512' }), hashData('03')]
      const given = inventory({ roots: [root('0fFf', { children })] })
      await roots.replaceInventory('CP1', given)
      const makers = inventory({ certificateType: 'ManufacturerRootCertificate', roots: [] })
      await roots.replaceInventory('CP1', makers)
      assert.deepEqual(await (await again()).roots.inventory('CP1'), [given, makers])
      assert.deepEqual(await roots.inventory('CP2'), [], 'never asked is not empty')
    },
  )

  check('[M03.FR.01] a new list takes the place of the old one of its type', async ({ registry, roots }) => {
    await registry.add('CP1', {})
    await roots.replaceInventory('CP1', inventory())
    await roots.replaceInventory('CP1', inventory({ certificateType: 'ManufacturerRootCertificate' }))
    await roots.replaceInventory('CP1', inventory({ reportedAt: 2000, roots: [] }))
    assert.deepEqual(await roots.inventory('CP1'), [
      inventory({ reportedAt: 2000, roots: [] }),
      inventory({ certificateType: 'ManufacturerRootCertificate' }),
    ])
  })

  check(
    'an inventory goes with its charge point, and is kept of nobody else',
    async ({ registry, roots }) => {
      await assert.rejects(roots.replaceInventory('CP1', inventory()), {
        name: 'ProxyError',
        code: 'charge_point_unknown',
      })
      await registry.add('CP1', {})
      await roots.replaceInventory('CP1', inventory())
      await registry.remove('CP1')
      await registry.add('CP1', {})
      assert.deepEqual(await roots.inventory('CP1'), [])
    },
  )

  check('[M05.FR.10] known roots come back, the one that was given last first', async ({ roots }, again) => {
    await roots.addKnown(knownRoot(1))
    await roots.addKnown(knownRoot(2))
    await roots.addKnown(knownRoot(1, { usedAt: 9 }))
    assert.deepEqual(await (await again()).roots.known(), [knownRoot(1, { usedAt: 9 }), knownRoot(2)])
  })

  check('[CWE-770] the root that was not given for the longest time makes room', async ({ roots }) => {
    for (let number = 1; number <= maxKnownRoots; number += 1) await roots.addKnown(knownRoot(number))
    await roots.addKnown(knownRoot(1, { usedAt: 10_000 }))
    await roots.addKnown(knownRoot(maxKnownRoots + 1))
    const known = await roots.known()
    assert.equal(known.length, maxKnownRoots)
    assert.equal(known[0]?.pem, 'PEM 1')
    assert.ok(!known.some(({ pem }) => pem === 'PEM 2'))
  })
}
