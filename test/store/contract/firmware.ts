import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxUntold } from '../../../src/policy/firmware.ts'
import { maxFirmwareEntries } from '../../../src/store/firmware.ts'
import type { FirmwareEntry, FirmwareUpdate, Store } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

export const firmwareEntry = (name: string, more: Partial<FirmwareEntry> = {}): FirmwareEntry => ({
  name,
  location: `https://files.example/${name}.bin`,
  size: 12,
  sha256: 'a'.repeat(64),
  signature: 'c2lnbmVk',
  chain: 'PEM\n',
  signer: 'CN=Signer',
  signerNotAfter: 9000,
  addedAt: 1000,
  verifiedAt: null,
  problem: null,
  ...more,
})

export const firmwareUpdate = (identity: string, more: Partial<FirmwareUpdate> = {}): FirmwareUpdate => ({
  identity,
  isSigned: true,
  requestId: 7,
  origin: 'central-system',
  name: 'v2',
  location: 'https://files.example/v2.bin',
  startedAt: 1000,
  updatedAt: 2000,
  accepted: true,
  status: 'Downloaded',
  previous: null,
  lastRequestId: 7,
  untold: ['Downloading', 'Downloaded'],
  ...more,
})

export function firmwareContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, (store, _, again) => body(store, again)))

  check('[A00.FR.706] entries of the catalogue come back whole, in order of names', async (store, again) => {
    const second = firmwareEntry('v2', { verifiedAt: 5, problem: 'image_differs: it is another' })
    await store.firmware.put(second)
    await store.firmware.put(firmwareEntry('v1'))
    const { firmware } = await again()
    assert.deepEqual(await firmware.list(), [firmwareEntry('v1'), second])
    assert.deepEqual(await firmware.get('v2'), second)
    assert.equal(await firmware.get('v3'), null)
  })

  check('an entry takes the place of the one with its name, and goes once', async ({ firmware }) => {
    await firmware.put(firmwareEntry('v1'))
    await firmware.put(firmwareEntry('v1', { size: 99 }))
    assert.deepEqual(await firmware.list(), [firmwareEntry('v1', { size: 99 })])
    assert.equal(await firmware.remove('v1'), true)
    assert.equal(await firmware.remove('v1'), false)
    assert.deepEqual(await firmware.list(), [])
  })

  check('[CWE-770] the catalogue is bounded, and what is there may still change', async ({ firmware }) => {
    for (let number = 0; number < maxFirmwareEntries; number += 1)
      await firmware.put(firmwareEntry(`v${number}`))
    await assert.rejects(firmware.put(firmwareEntry('one-more')), { code: 'firmware_full' })
    await firmware.put(firmwareEntry('v5', { size: 99 }))
    assert.equal((await firmware.get('v5'))?.size, 99)
  })

  check('[L01.FR.20] the update of a charge point outlives the process', async (store, again) => {
    await store.registry.add('CP1', {})
    await store.firmware.setUpdate(firmwareUpdate('CP1', { requestId: 6, untold: [] }))
    await store.firmware.setUpdate(firmwareUpdate('CP1'))
    const { firmware } = await again()
    assert.deepEqual(await firmware.updateOf('CP1'), firmwareUpdate('CP1'))
    assert.equal(await firmware.updateOf('CP2'), null)
  })

  check('[CWE-770] what waits for the central system is bounded when it is read', async (store) => {
    await store.registry.add('CP1', {})
    const untold = [...Array(maxUntold).fill('Downloading'), 'Installed'] as FirmwareUpdate['untold']
    await store.firmware.setUpdate(firmwareUpdate('CP1', { untold }))
    const read = await store.firmware.updateOf('CP1')
    assert.equal(read?.untold.length, maxUntold)
    assert.equal(read?.untold.at(-1), 'Installed')
  })

  check(
    'an update goes with its charge point, and is kept of nobody else',
    async ({ registry, firmware }) => {
      await assert.rejects(firmware.setUpdate(firmwareUpdate('CP1')), { code: 'charge_point_unknown' })
      await registry.add('CP1', {})
      await firmware.setUpdate(firmwareUpdate('CP1'))
      await registry.remove('CP1')
      await registry.add('CP1', {})
      assert.equal(await firmware.updateOf('CP1'), null)
    },
  )
}
