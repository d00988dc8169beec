import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialHash, Registry, Store, SuccessfulConnection } from '../../../src/store/store.ts'
import { type MakeStore, withStore } from './setting.ts'

/** A hash that can be told from others by its number. */
export const hashOf = (number: number): CredentialHash => ({
  scheme: 'hmac-sha256',
  salt: Buffer.alloc(16, number).toString('base64'),
  hash: Buffer.alloc(32, number).toString('base64'),
})

export const offer = (number: number, nextUpstreamSecret: string | null = null) =>
  ({ next: hashOf(number), nextUpstreamSecret, origin: 'operator' }) as const

export const login = (
  credential: SuccessfulConnection['credential'],
  more: Partial<SuccessfulConnection> = {},
): SuccessfulConnection => ({
  profile: 1,
  address: '192.0.2.1',
  tls: null,
  passwordForm: 'raw',
  credential,
  offersMandatorySuites: null,
  at: 9000,
  ...more,
})

/** Which passwords are admitted, and how far the change is. */
async function stateOf(registry: Registry, identity = 'CP1') {
  const record = await registry.get(identity)
  const number = (hash: CredentialHash | null | undefined) =>
    hash ? (Buffer.from(hash.salt, 'base64')[0] ?? null) : null
  const { credential, credentialChange: change, upstreamSecret } = record ?? {}
  return [number(credential), number(change?.next), change?.phase ?? null, upstreamSecret ?? null]
}

const refusedUpstream = (refused: string | null, taken: string) => ({ upstreamSecret: { refused, taken } })

export function credentialChangeContract(name: string, makeStore: MakeStore): void {
  const check = (
    title: string,
    body: (store: Store, clock: { at: number }, again: () => Promise<Store>) => Promise<void>,
  ) => test(`${title} (${name})`, () => withStore(makeStore, body))

  check(
    '[A01.FR.03] the password that the central system took is kept with the login',
    async ({ registry }) => {
      await registry.add('CP1', { credential: hashOf(1), upstreamSecret: 'v1.old' })
      await registry.beginCredentialChange('CP1', offer(2, 'v1.new'), 7000)
      await registry.recordSuccess('CP1', login('current', refusedUpstream('v1.old', 'v1.new')))
      assert.deepEqual(await stateOf(registry), [1, 2, 'offered', 'v1.new'])
      await registry.recordSuccess('CP1', login('next', refusedUpstream('v1.new', 'v1.old')))
      assert.deepEqual(await stateOf(registry), [2, null, null, 'v1.old'])
      await registry.update('CP1', { upstreamSecret: 'v1.operator' })
      await registry.recordSuccess('CP1', login('current', refusedUpstream('v1.old', 'v1.new')))
      assert.equal((await stateOf(registry))[3], 'v1.operator', 'set meanwhile')
    },
  )

  check('[A01.FR.03] an offered password is kept beside the old one', async ({ registry }, clock, again) => {
    await registry.add('CP1', { credential: hashOf(1), upstreamSecret: 'v1.old' })
    clock.at += 1
    const change = await registry.beginCredentialChange('CP1', offer(2, 'v1.new'), 7000)
    assert.deepEqual(change, {
      ...offer(2, 'v1.new'),
      phase: 'offered',
      startedAt: 7000,
      answeredAt: null,
      oldSeenAt: null,
    })
    const other = await again()
    const record = await other.registry.get('CP1')
    assert.deepEqual(record?.credentialChange, change)
    assert.deepEqual([record?.credential, record?.updatedAt], [hashOf(1), 7000])
    assert.deepEqual(await stateOf(registry), [1, 2, 'offered', 'v1.old'])
    await assert.rejects(registry.beginCredentialChange('CP9', offer(2), 1), {
      name: 'ProxyError',
      code: 'charge_point_unknown',
    })
  })

  check('[A01.FR.03][A01.FR.04] promote ends the old password, revert the new one', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1), upstreamSecret: 'v1.old' })
    const first = await registry.beginCredentialChange('CP1', offer(2, 'v1.new'), 7000)
    assert.equal(await registry.stepCredentialChange('CP1', first.startedAt, 'revert', 7001), true)
    assert.deepEqual(await stateOf(registry), [1, null, null, 'v1.old'])
    const second = await registry.beginCredentialChange('CP1', offer(3, 'v1.new'), 7002)
    assert.equal(await registry.stepCredentialChange('CP1', second.startedAt, 'promote', 7003), true)
    assert.deepEqual(await stateOf(registry), [3, null, null, 'v1.new'])
    const third = await registry.beginCredentialChange('CP1', offer(4), 7004)
    await registry.stepCredentialChange('CP1', third.startedAt, 'promote', 7005)
    assert.deepEqual(await stateOf(registry), [4, null, null, 'v1.new'], 'no new upstream password')
  })

  check('[A01.FR.03] an answer is kept with its time, the first one', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1) })
    const { startedAt } = await registry.beginCredentialChange('CP1', offer(2), 7000)
    await registry.stepCredentialChange('CP1', startedAt, 'reboot-required', 7100)
    assert.deepEqual(await stateOf(registry), [1, 2, 'reboot-required', null])
    await registry.stepCredentialChange('CP1', startedAt, 'accepted', 7200)
    assert.deepEqual(await stateOf(registry), [1, 2, 'accepted', null])
    assert.equal((await registry.get('CP1'))?.credentialChange?.answeredAt, 7100)
  })

  check('[A01.FR.03] what the clock decides holds for a change that stands as it was seen', async (store) => {
    const { registry } = store
    await registry.add('CP1', { credential: hashOf(1) })
    const seen = await registry.beginCredentialChange('CP1', offer(2), 7000)
    const step = (kind: 'revert' | 'promote', as = seen) =>
      registry.stepCredentialChange('CP1', seen.startedAt, kind, 7300, as)
    await registry.recordSuccess('CP1', login('current', { changeStartedAt: seen.startedAt }))
    assert.equal(await step('revert'), false, 'it has come since')
    await registry.stepCredentialChange('CP1', seen.startedAt, 'accepted', 7100)
    assert.equal(await step('revert', { ...seen, oldSeenAt: 9000 }), false, 'it has answered since')
    assert.deepEqual(await stateOf(registry), [1, 2, 'accepted', null])
    assert.equal(await step('promote', { ...seen, phase: 'accepted', oldSeenAt: 9000 }), true)
    assert.deepEqual(await stateOf(registry), [2, null, null, null])
  })

  check('a change that is over takes no step, and no two begin at the same time', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1) })
    const started = new Set<number>()
    for (const now of [7000, 7000, 6990, 7000]) {
      const { startedAt } = await registry.beginCredentialChange('CP1', offer(2), now)
      started.add(startedAt)
      await registry.stepCredentialChange('CP1', startedAt, 'revert', now)
      for (const step of ['accepted', 'reboot-required', 'promote', 'revert'] as const) {
        assert.equal(await registry.stepCredentialChange('CP1', startedAt, step, now), false)
      }
    }
    assert.equal(started.size, 4)
    const last = await registry.beginCredentialChange('CP1', offer(3), 7000)
    for (const startedAt of started) {
      assert.equal(await registry.stepCredentialChange('CP1', startedAt, 'promote', 7001), false)
    }
    assert.deepEqual(await stateOf(registry), [1, 3, 'offered', null])
    assert.equal(await registry.stepCredentialChange('CP9', last.startedAt, 'promote', 7001), false)
  })

  check('a clock that was far ahead and was set back is believed', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1) })
    await registry.beginCredentialChange('CP1', offer(2), 4_000_000_000_000)
    const { startedAt } = await registry.beginCredentialChange('CP1', offer(3), 1_800_000_000_000)
    assert.equal(startedAt, 1_800_000_000_000, 'or its grace would not end for decades')
  })

  check(
    '[A01.FR.03] another change forgets what was offered, but not what the charge point uses',
    async ({ registry }) => {
      const answers = {
        none: [1, 9, 'offered', 'v1.old'],
        'reboot-required': [1, 9, 'offered', 'v1.old'],
        accepted: [2, 9, 'offered', 'v1.new'],
        'accepted, and back with the old one': [1, 9, 'offered', 'v1.old'],
      }
      for (const [answer, expected] of Object.entries(answers)) {
        await registry.add(answer, { credential: hashOf(1), upstreamSecret: 'v1.old' })
        const { startedAt } = await registry.beginCredentialChange(answer, offer(2, 'v1.new'), 7000)
        const step = answer.startsWith('accepted') ? 'accepted' : 'reboot-required'
        if (answer !== 'none') await registry.stepCredentialChange(answer, startedAt, step, 7001)
        if (answer.endsWith('old one')) await registry.recordSuccess(answer, login('current'))
        await registry.beginCredentialChange(answer, offer(9), 7002)
        assert.deepEqual(await stateOf(registry, answer), expected, answer)
      }
    },
  )

  check(
    '[A01.FR.03] a login with the offered password settles the change',
    async ({ registry }, _, again) => {
      await registry.add('CP1', { credential: hashOf(1), upstreamSecret: 'v1.old' })
      const { startedAt } = await registry.beginCredentialChange('CP1', offer(2, 'v1.new'), 7000)
      await registry.recordSuccess('CP1', login('current', { changeStartedAt: startedAt }))
      assert.equal((await registry.get('CP1'))?.credentialChange?.oldSeenAt, 9000)
      await registry.recordSuccess('CP1', login(null))
      assert.deepEqual(await stateOf(registry), [1, 2, 'offered', 'v1.old'], 'a certificate settles nothing')
      const other = await again()
      await other.registry.recordSuccess(
        'CP1',
        login('next', { changeStartedAt: startedAt, profile: 2, at: 9500 }),
      )
      assert.deepEqual(await stateOf(registry), [2, null, null, 'v1.new'])
      const record = await registry.get('CP1')
      assert.deepEqual([record?.securityProfile, record?.lastSeenAt, record?.updatedAt], [2, 9500, 9500])
      await registry.recordSuccess('CP1', login('next'))
      assert.deepEqual(await stateOf(registry), [2, null, null, 'v1.new'], 'nothing is under way')
    },
  )

  check('[A01.FR.03] a login settles only the change that it was checked against', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1) })
    const { startedAt } = await registry.beginCredentialChange('CP1', offer(2), 7000)
    await registry.beginCredentialChange('CP1', offer(3), 7001)
    await registry.recordSuccess('CP1', login('next', { changeStartedAt: startedAt }))
    await registry.recordSuccess('CP1', login('next', { changeStartedAt: null }))
    await registry.recordSuccess('CP1', login('current', { changeStartedAt: startedAt }))
    assert.deepEqual(await stateOf(registry), [1, 3, 'offered', null])
    assert.equal((await registry.get('CP1'))?.credentialChange?.oldSeenAt, null)
  })

  check('a password that an operator sets ends the change; other fields do not', async ({ registry }) => {
    await registry.add('CP1', { credential: hashOf(1) })
    await registry.beginCredentialChange('CP1', offer(2), 7000)
    await registry.update('CP1', { blocked: true, migrating: true })
    await registry.addAll([{ identity: 'CP1', fields: { serialNumber: 'S1' } }])
    assert.deepEqual(await stateOf(registry), [1, 2, 'offered', null])
    const { credentialChange } = await registry.update('CP1', { credential: hashOf(5) })
    assert.equal(credentialChange, null)
    assert.deepEqual(await stateOf(registry), [5, null, null, null])
    await registry.beginCredentialChange('CP1', offer(2), 7000)
    await registry.addAll([{ identity: 'CP1', fields: { credential: hashOf(6) } }])
    assert.deepEqual(await stateOf(registry), [6, null, null, null])
  })

  check('changes that are not settled are listed, oldest first', async ({ registry }) => {
    for (const identity of ['A', 'B', 'C', 'D', 'E']) await registry.add(identity, {})
    for (const [identity, now] of [
      ['B', 30],
      ['A', 20],
      ['D', 20],
      ['C', 10],
    ] as const) {
      await registry.beginCredentialChange(identity, offer(2), now)
    }
    const names = async (before: number, limit: number) =>
      (await registry.listCredentialChanges(before, limit)).map(({ identity }) => identity).join('')
    assert.equal(await names(31, 9), 'CADB')
    assert.equal(await names(30, 9), 'CAD')
    assert.equal(await names(31, 2), 'CA')
    assert.equal(await names(10, 9), '')
    assert.equal(await names(31, 0), '')
    await registry.stepCredentialChange('A', 20, 'promote', 40)
    await registry.remove('C')
    assert.equal(await names(31, 9), 'DB')
    await registry.add('C', {})
    assert.deepEqual(await stateOf(registry, 'C'), [null, null, null, null], 'nothing is left of it')
  })

  check('[A01.FR.03] of two logins at once none undoes the other', async ({ registry }, _, again) => {
    await registry.add('CP1', { credential: hashOf(1) })
    await registry.beginCredentialChange('CP1', offer(2), 7000)
    const other = await again()
    await Promise.all([
      registry.recordSuccess('CP1', login('next')),
      other.registry.recordSuccess('CP1', login('current')),
      other.registry.update('CP1', { serialNumber: 'S1' }),
    ])
    assert.deepEqual(await stateOf(registry), [2, null, null, null])
    assert.equal((await registry.get('CP1'))?.serialNumber, 'S1')
  })
}
