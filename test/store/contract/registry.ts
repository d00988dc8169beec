import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../../src/policy/onboarding.ts'
import type { ChargePointPatch, Store, SuccessfulConnection } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

const seen = (profile: 0 | 1 | 2 | 3, more: Partial<SuccessfulConnection> = {}): SuccessfulConnection => ({
  profile,
  address: '192.0.2.1',
  tls: 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256',
  passwordForm: 'raw',
  credential: 'current',
  offersMandatorySuites: true,
  at: 5000,
  ...more,
})

const key = (keyFingerprint: string, certificateFingerprint = `cert of ${keyFingerprint}`) => ({
  keyFingerprint,
  certificateFingerprint,
  subject: 'CN=S1',
  notAfter: 9000,
})

const full: ChargePointPatch = {
  serialNumber: 'S/N 0123',
  securityProfile: 2,
  upgradeTo: 3,
  upgradeOpened: { before: null, phase: 'waiting', at: 4000 },
  legacyTls: true,
  migrating: true,
  blocked: true,
  onboarding: { ...expectedOnboarding('certificate', 'ab'.repeat(32), 3000), detail: 'ü', failures: 2 },
  credential: {
    scheme: 'scrypt',
    cost: 16384,
    salt: Buffer.alloc(16, 1).toString('base64'),
    hash: Buffer.alloc(32, 2).toString('base64'),
  },
  passwordForm: 'hex-upper',
  upstreamSecret: 'v1.sealed',
  learned: true,
  lastSeenAt: 4000,
  lastAddress: '2001:db8::1',
  lastTls: 'TLSv1 AES128-SHA',
  offersMandatorySuites: false,
}

export function registryContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store, clock: { at: number }) => Promise<void>) =>
    test(`${title} (${name})`, () => withStore(makeStore, body))

  check('a charge point comes back as it was added', async ({ registry }, clock) => {
    const empty = await registry.add('RDAM | 123 ü', {})
    assert.deepEqual(empty, {
      ...empty,
      serialNumber: null,
      securityProfile: null,
      credential: null,
      credentialChange: null,
      migrating: false,
      blocked: false,
    })
    clock.at += 1
    const added = await registry.add('CP1', full)
    assert.deepEqual(added, {
      identity: 'CP1',
      ...full,
      credentialChange: null,
      createdAt: clock.at,
      updatedAt: clock.at,
    })
    assert.deepEqual(await registry.get('CP1'), added)
    assert.deepEqual(await registry.get('RDAM | 123 ü'), empty)
    assert.deepEqual(await registry.findBySerialNumber('S/N 0123'), added)
    assert.equal(await registry.count(), 2)
    assert.equal(await registry.get('cp1'), null, 'identities are told apart by case')
    assert.equal(await registry.findBySerialNumber('s/n 0123'), null)
    assert.deepEqual(await registry.getAll(['CP1', 'CP9', 'RDAM | 123 ü', 'CP1']), [
      added,
      null,
      empty,
      added,
    ])
    assert.deepEqual(await registry.getAll([]), [])
  })

  check('[A00.FR.429] identity and serial number are unique', async ({ registry }) => {
    await registry.add('CP1', { serialNumber: 'S1' })
    await registry.add('CP2', { serialNumber: 'S2' })
    await registry.add('CP3', {})
    await registry.add('CP4', {})
    await assert.rejects(registry.add('CP1', {}), { name: 'ProxyError', code: 'charge_point_exists' })
    await assert.rejects(registry.add('CP5', { serialNumber: 'S1' }), { code: 'serial_number_taken' })
    await assert.rejects(registry.update('CP2', { serialNumber: 'S1' }), { code: 'serial_number_taken' })
    assert.equal(await registry.get('CP5'), null)
    assert.equal((await registry.get('CP2'))?.serialNumber, 'S2')
  })

  check('an update changes what it names', async ({ registry }, clock) => {
    const added = await registry.add('CP1', full)
    clock.at += 10
    const updated = await registry.update('CP1', { blocked: false, serialNumber: 'S9' })
    assert.deepEqual(updated, { ...added, blocked: false, serialNumber: 'S9', updatedAt: clock.at })
    assert.deepEqual(await registry.get('CP1'), updated)
    assert.equal(await registry.findBySerialNumber('S/N 0123'), null)
    await assert.rejects(registry.update('CP9', {}), { code: 'charge_point_unknown' })
  })

  check('lists page in order of identity, with filters', async ({ registry }) => {
    const identities = ['B', 'A', 'a', 'C 1', 'Z'].map((identity) => ({ identity, fields: {} }))
    await registry.addAll(identities)
    await registry.update('B', { blocked: true, securityProfile: 2 })
    await registry.update('Z', { securityProfile: 2 })
    const names = async (query: Parameters<typeof registry.list>[0]) =>
      (await registry.list(query)).map(({ identity }) => identity)
    assert.deepEqual(await names({ limit: 3 }), ['A', 'B', 'C 1'])
    assert.deepEqual(await names({ limit: 3, after: 'C 1' }), ['Z', 'a'])
    assert.deepEqual(await names({ limit: 9, after: 'a' }), [])
    assert.deepEqual(await names({ limit: 9, blocked: true }), ['B'])
    assert.deepEqual(await names({ limit: 9, blocked: false, securityProfile: 2 }), ['Z'])
    assert.deepEqual(await names({ limit: 0 }), [])
    assert.deepEqual(await names({ limit: -1 }), [])
  })

  check('addAll adds and updates, all or nothing', async ({ registry }) => {
    await registry.add('CP1', { serialNumber: 'S1', blocked: true })
    await registry.add('CP2', { serialNumber: 'S2' })
    const clash = [
      { identity: 'CP3', fields: { serialNumber: 'S3' } },
      { identity: 'CP4', fields: { serialNumber: 'S2' } },
    ]
    await assert.rejects(registry.addAll(clash), { code: 'serial_number_taken' })
    assert.equal(await registry.count(), 2)
    const swap = [
      { identity: 'CP1', fields: { serialNumber: 'S2' } },
      { identity: 'CP2', fields: { serialNumber: 'S1' } },
      { identity: 'CP3', fields: { legacyTls: true } },
    ]
    assert.equal(await registry.addAll(swap), 3)
    assert.equal((await registry.findBySerialNumber('S1'))?.identity, 'CP2')
    assert.deepEqual(
      (await registry.list({ limit: 9 })).map(({ serialNumber, blocked, legacyTls }) => [
        serialNumber,
        blocked,
        legacyTls,
      ]),
      [
        ['S2', true, false],
        ['S1', false, false],
        [null, false, true],
      ],
    )
  })

  check(
    '[A05.FR.08] who opened an upgrade is known until it ends; an operator takes it over',
    async ({ registry }) => {
      const opened = { before: null, phase: 'offered', at: 4000 } as const
      await registry.add('CP1', { securityProfile: 1, upgradeTo: 2, upgradeOpened: opened })
      assert.deepEqual((await registry.update('CP1', { blocked: false })).upgradeOpened, opened)
      assert.equal((await registry.update('CP1', { upgradeTo: 2 })).upgradeOpened, null)
      await registry.update('CP1', { upgradeTo: 3, upgradeOpened: opened })
      await registry.recordSuccess('CP1', seen(2))
      assert.deepEqual((await registry.get('CP1'))?.upgradeOpened, opened, 'not there yet')
      await registry.recordSuccess('CP1', seen(3))
      const record = await registry.get('CP1')
      assert.deepEqual([record?.upgradeTo, record?.upgradeOpened], [null, null])
    },
  )

  check('[A05.FR.08] a step of an upgrade is held to the one that was opened', async ({ registry }) => {
    const opened = { before: 2, phase: 'offered', at: 4000 } as const
    const step = (
      upgrade: { to: 2 | 3; at: number },
      step: 'waiting' | 'tried' | 'close',
      identity = 'CP1',
    ) => registry.stepUpgrade(identity, upgrade, step, 6000)
    const state = async () => {
      const { upgradeTo, upgradeOpened } = (await registry.get('CP1')) ?? assert.fail()
      return [upgradeTo, upgradeOpened]
    }
    const present = { to: 3, at: 4000 } as const
    await registry.add('CP1', { securityProfile: 1, upgradeTo: 3, upgradeOpened: opened })
    for (const other of [{ ...present, at: 3999 }, { ...present, to: 2 } as const])
      for (const one of ['waiting', 'tried', 'close'] as const) assert.equal(await step(other, one), false)
    assert.deepEqual(await state(), [3, opened])
    assert.equal(await step(present, 'waiting'), true)
    assert.deepEqual(await state(), [3, { ...opened, phase: 'waiting' }])
    assert.equal(await step(present, 'close'), true)
    assert.deepEqual(await state(), [2, null])
    assert.equal(await step(present, 'close'), false, 'once')
    await registry.update('CP1', { upgradeTo: 3 })
    assert.equal(await step(present, 'close'), false, 'what an operator has opened stays')
    assert.equal(await step(present, 'close', 'CP9'), false)
  })

  check(
    '[A05.FR.09] the kept profile never goes down, and an upgrade ends when it is reached',
    async ({ registry }) => {
      await registry.add('CP1', { upgradeTo: 3 })
      const kept = async (profile: 0 | 1 | 2 | 3) => {
        await registry.recordSuccess('CP1', seen(profile))
        const record = await registry.get('CP1')
        return [record?.securityProfile, record?.upgradeTo]
      }
      assert.deepEqual(await kept(1), [1, 3])
      assert.deepEqual(await kept(0), [1, 3])
      assert.deepEqual(await kept(2), [2, 3])
      assert.deepEqual(await kept(3), [3, null])
      assert.deepEqual(await kept(1), [3, null])
    },
  )

  check(
    '[A00.FR.002][CWE-306] a success on profile 0, which proves nothing, keeps no profile',
    async ({ registry }) => {
      await registry.add('CP1', { migrating: true })
      const kept = async (profile: 0 | 1 | 2 | 3) => {
        await registry.recordSuccess('CP1', seen(profile))
        return (await registry.get('CP1'))?.securityProfile
      }
      assert.equal(await kept(0), null)
      assert.equal((await registry.get('CP1'))?.lastSeenAt, 5000)
      assert.equal(await kept(2), 2)
      assert.equal(await kept(0), 2)
      await registry.add('CP2', { securityProfile: 0, migrating: true })
      await registry.recordSuccess('CP2', seen(0))
      assert.equal((await registry.get('CP2'))?.securityProfile, 0, 'as the operator has it')
    },
  )

  check('[A00.FR.205] a success keeps how and whence it came', async ({ registry }, clock) => {
    const added = await registry.add('CP1', full)
    clock.at += 1
    await registry.recordSuccess('CP1', seen(2))
    assert.deepEqual(await registry.get('CP1'), {
      ...added,
      lastSeenAt: 5000,
      lastAddress: '192.0.2.1',
      lastTls: 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256',
      passwordForm: 'raw',
      offersMandatorySuites: true,
    })
    await registry.recordSuccess(
      'CP1',
      seen(2, { tls: null, passwordForm: null, offersMandatorySuites: null }),
    )
    const { passwordForm, offersMandatorySuites, lastTls } = (await registry.get('CP1')) ?? added
    assert.deepEqual([passwordForm, offersMandatorySuites, lastTls], ['raw', true, null])
    await assert.rejects(registry.recordSuccess('CP9', seen(1)), { code: 'charge_point_unknown' })
  })

  check(
    '[A00.FR.427] a key serves the first identity that came with it, and no other',
    async ({ registry }) => {
      assert.equal(await registry.keyOwner('k1'), null)
      assert.equal(await registry.claimKey('CP1', key('k1'), 100), 'CP1')
      assert.equal(await registry.claimKey('CP2', key('k1', 'other'), 200), 'CP1')
      assert.equal(await registry.claimKey('CP1', key('k1', 'renewed'), 300), 'CP1')
      assert.equal(await registry.claimKey('CP1', key('k2'), 400), 'CP1')
      assert.equal(await registry.keyOwner('k1'), 'CP1')
      assert.deepEqual(await registry.keysOf('CP2'), [])
      assert.deepEqual(await registry.keysOf('CP1'), [
        { identity: 'CP1', ...key('k2'), firstSeenAt: 400, lastSeenAt: 400 },
        { identity: 'CP1', ...key('k1', 'renewed'), firstSeenAt: 100, lastSeenAt: 300 },
      ])
      const owners = await Promise.all(
        ['CP3', 'CP4'].map((identity) => registry.claimKey(identity, key('k3'), 500)),
      )
      assert.equal(owners[0], owners[1], 'two who claim at once agree on the owner')
    },
  )

  check('removing a charge point frees its serial number and keys', async ({ registry }) => {
    await registry.add('CP1', { serialNumber: 'S1' })
    await registry.claimKey('CP1', key('k1'), 100)
    assert.equal(await registry.remove('CP1'), true)
    assert.equal(await registry.remove('CP1'), false)
    assert.equal(await registry.get('CP1'), null)
    await registry.add('CP2', { serialNumber: 'S1' })
    assert.equal(await registry.claimKey('CP2', key('k1'), 200), 'CP2')
  })
}
