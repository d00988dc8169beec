import assert from 'node:assert/strict'
import { expectedOnboarding } from '../../../src/policy/onboarding.ts'
import type { Store } from '../../../src/store/store.ts'
import { campaign } from '../contract/campaigns.ts'
import { hashOf, login, offer } from '../contract/credential-changes.ts'
import { denied } from '../contract/deny-list.ts'
import { rejection } from '../contract/rejections.ts'
import { inventory, knownRoot } from '../contract/roots.ts'
import { reported } from '../contract/security-events.ts'

/** One promise of the store, and what must be true once it was fulfilled and the process was killed. */
export interface Step {
  readonly name: string
  readonly run: (store: Store) => Promise<unknown>
  readonly holds: (store: Store) => Promise<void>
}

const certificate = { keyFingerprint: 'k1', certificateFingerprint: 'c1', subject: 'CN=S1', notAfter: 1 }

/** In this order, each on what the ones before left. */
export const steps: readonly Step[] = [
  {
    name: '[A00.FR.427] a key and a rejection',
    run: async ({ registry, rejections }) => {
      await registry.add('CP1', { securityProfile: 1, upgradeTo: 2, credential: hashOf(1) })
      await registry.claimKey('CP1', certificate, 1)
      await rejections.append([rejection()])
    },
    holds: async ({ registry, rejections }) => {
      assert.equal(await registry.keyOwner('k1'), 'CP1')
      assert.equal((await rejections.list({ limit: 9 })).length, 1)
    },
  },
  {
    name: '[A04.FR.02] an event that will be confirmed',
    run: ({ events }) => events.append([reported(), reported({ type: 'ResetOrReboot' })]),
    holds: async ({ events }) => {
      assert.equal((await events.list({ limit: 9 })).length, 2)
      assert.equal(await events.append([reported()]), 0, 'its repetition is known')
    },
  },
  {
    name: 'what a reader has dealt with',
    run: ({ events }) => events.setCursor('syslog', 2),
    holds: async ({ events }) => assert.equal(await events.cursor('syslog'), 2),
  },
  {
    name: '[A01.FR.03] a password that is about to be offered',
    run: ({ registry }) => registry.beginCredentialChange('CP1', offer(2), 7000),
    holds: async ({ registry }) => {
      const record = await registry.get('CP1')
      assert.deepEqual([record?.credential, record?.credentialChange?.next], [hashOf(1), hashOf(2)])
    },
  },
  {
    name: '[A01.FR.03] the answer to it',
    run: ({ registry }) => registry.stepCredentialChange('CP1', 7000, 'accepted', 7001),
    holds: async ({ registry }) =>
      assert.equal((await registry.get('CP1'))?.credentialChange?.phase, 'accepted'),
  },
  {
    name: '[A01.FR.03] a login with the old one',
    run: ({ registry }) => registry.recordSuccess('CP1', login('current')),
    holds: async ({ registry }) =>
      assert.equal((await registry.get('CP1'))?.credentialChange?.oldSeenAt, 9000),
  },
  {
    name: '[A01.FR.03][A05.FR.09] a login with the new one, on a higher profile',
    run: ({ registry }) => registry.recordSuccess('CP1', login('next', { profile: 2 })),
    holds: async ({ registry }) =>
      assert.partialDeepStrictEqual(await registry.get('CP1'), {
        credential: hashOf(2),
        credentialChange: null,
        securityProfile: 2,
        upgradeTo: null,
      }),
  },
  {
    name: '[A00.FR.806] a factory credential that was seen',
    run: async ({ registry }) => {
      await registry.update('CP1', { onboarding: expectedOnboarding('certificate', null, 1) })
      await registry.recordSuccess(
        'CP1',
        login('current', {
          profile: 3,
          onboarding: { kind: 'begins', via: 'certificate', factorySalt: null },
        }),
      )
    },
    holds: async ({ registry }) => {
      const record = await registry.get('CP1')
      assert.deepEqual([record?.onboarding?.state, record?.securityProfile], ['running', 2])
    },
  },
  {
    name: '[A00.FR.406] the end of an onboarding',
    run: async ({ registry }) => {
      const expectedAt = (await registry.get('CP1'))?.onboarding?.expectedAt ?? 0
      await registry.recordSuccess(
        'CP1',
        login('current', { profile: 3, onboarding: { kind: 'over', expectedAt } }),
      )
    },
    holds: async ({ registry }) => {
      const record = await registry.get('CP1')
      assert.deepEqual([record?.onboarding, record?.securityProfile], [null, 3])
    },
  },
  {
    name: 'how far a campaign is',
    run: async ({ campaigns }) => {
      await campaigns.create(campaign('one'), ['CP1', 'CP2'])
      await campaigns.updateItem('one', 'CP1', { state: 'running', attempts: 1 })
      await campaigns.setState('one', 'paused', 'by the operator', 2000)
    },
    holds: async ({ campaigns }) => {
      assert.equal((await campaigns.get('one'))?.state, 'paused')
      assert.equal(await campaigns.recover('one', 3000), 1)
    },
  },
  {
    name: '[A00.FR.702] a certificate that is denied',
    run: (store) => store.denied.add(denied()),
    holds: async (store) => assert.equal((await store.denied.list({ limit: 9 }))[0]?.note, 'stolen'),
  },
  {
    name: '[M03.FR.01][M05.FR.10] what a charge point told of its roots, and a root that was given',
    run: async ({ roots }) => {
      await roots.replaceInventory('CP1', inventory())
      await roots.addKnown(knownRoot(1))
    },
    holds: async ({ roots }) => {
      assert.deepEqual(await roots.inventory('CP1'), [inventory()])
      assert.deepEqual(await roots.known(), [knownRoot(1)])
    },
  },
]
