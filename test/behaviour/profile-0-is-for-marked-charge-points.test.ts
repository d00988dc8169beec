import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

/** From outside nobody can tell who is registered: nothing is proven here (CWE-204). */
const client = { stage: 'http', httpStatus: 404, body: 'authentication failed\n' } as const

test('profile 0 is open for marked charge points, as long as they know no other', async (t) => {
  const proxy = await startProxy(t, {
    listeners: { migration: {} },
    // What is lax elsewhere is not lax here.
    admission: { unknownChargePoints: 'learn', checks: { profile_mismatch: 'off' } },
  })
  await proxy.register('CP-1', { migrating: true })
  await proxy.register('CP-2')
  await proxy.register('CP-3', { securityProfile: 1, migrating: true })
  const comes = (identity: string) => proxy.chargePoint('migration', { identity })

  await t.test('[CWE-306] it says so when it starts', async () => {
    const line = await proxy.log.wait(
      'the warning',
      ({ msg }) => String(msg).startsWith('profile 0 is open'),
      0,
    )
    assert.partialDeepStrictEqual(line, { level: 'warn', listeners: ['migration'] })
  })

  await t.test('[A00.FR.001] marked: served without a password, and counted as profile 0', async () => {
    const chargePoint = comes('CP-1')
    await assertServed(proxy, chargePoint)
    const metrics = await proxy.metrics()
    const labels = { listener: 'migration', profile: 0 }
    assert.equal(metrics.sum('ocpp_proxy_connections', labels), 1)
    // Whoever it was: a visit that proves nothing must not shut the other profiles to the real one.
    assert.equal((await proxy.store.registry.get('CP-1'))?.securityProfile, null)
    await chargePoint.close()
  })

  const refusals = [
    ['[CWE-306] not marked', 'CP-2', 'profile_mismatch', /not marked as migrating/],
    [
      '[A00.FR.002][A05.FR.09] marked, but kept on profile 1',
      'CP-3',
      'profile_mismatch',
      /kept on profile 1/,
    ],
    ['[CWE-306] unknown: nobody is learned', 'CP-9', 'charge_point_unknown', /"CP-9" is not registered/],
  ] as const
  for (const [name, identity, reason, detail] of refusals) {
    await t.test(name, async () => {
      await assertRefused(proxy, {
        reason,
        listener: 'migration',
        attempt: () => refusalOf(comes(identity)),
        client,
        record: { identity },
        detail,
      })
      assert.equal(await proxy.store.registry.get('CP-9'), null)
    })
  }

  await t.test('[A00.FR.002][A05.FR.09] marked, and gone to profile 2: it does not come back', async () => {
    const chargePoint = proxy.chargePoint('basic-auth-tls')
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
    await assertRefused(proxy, {
      reason: 'profile_mismatch',
      listener: 'migration',
      attempt: () => refusalOf(comes('CP-1')),
      client,
      record: { identity: 'CP-1' },
      detail: /kept on profile 2, came on the lower profile 0/,
    })
  })
})
