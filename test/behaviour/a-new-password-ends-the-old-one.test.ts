import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('the central system changes a password, and the proxy follows', async (t) => {
  const proxy = await startProxy(t)
  const old = await proxy.register()
  const chargePoint = proxy.chargePoint('basic-auth-tls', { backoff: { initialMs: 1, maxMs: 10 } })
  await assertServed(proxy, chargePoint)
  const key = Buffer.from('a0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3', 'hex')
  const set = (value: string) =>
    proxy.central.send('CP-1', 'ChangeConfiguration', { key: 'AuthorizationKey', value })

  await t.test('[A01.FR.02][A01.FR.03] accepted: it comes back with the new one', async () => {
    const back = proxy.central.nextConnection()
    assert.partialDeepStrictEqual(await set(key.toString('hex')), { payload: { status: 'Accepted' } })
    await back
    const record = await proxy.store.registry.get('CP-1')
    assert.equal(record?.credentialChange, null)
    assert.equal(record?.credential?.scheme, 'hmac-sha256')
  })

  await t.test('[A01.FR.03] the old one is refused from then on', async () => {
    await assertRefused(proxy, {
      reason: 'credentials_invalid',
      listener: 'basic-auth-tls',
      attempt: () =>
        refusalOf(proxy.chargePoint('basic-auth-tls', { password: { bytes: old, form: 'raw' } })),
      client: { stage: 'http', httpStatus: 401 },
      record: { identity: 'CP-1' },
    })
  })

  await t.test('[CWE-20] what cannot be a password is refused by the proxy', async () => {
    for (const value of ['', 'x'.repeat(256)]) {
      assert.partialDeepStrictEqual(await set(value), { payload: { status: 'Rejected' } })
    }
  })

  await t.test('[A00.FR.005] a lower profile never reaches the charge point', async () => {
    const lower = await proxy.central.send('CP-1', 'ChangeConfiguration', {
      key: 'SecurityProfile',
      value: '1',
    })
    assert.partialDeepStrictEqual(lower, { payload: { status: 'Rejected' } })
    assert.equal(chargePoint.securityProfile, 2)
    assert.equal((await proxy.store.registry.get('CP-1'))?.upgradeTo, null)
  })

  await t.test('[A01.FR.09] the new password is in no log line', () => {
    const told = JSON.stringify(proxy.logLines()).toLowerCase()
    for (const form of ['hex', 'base64'] as const) assert.ok(!told.includes(key.toString(form).toLowerCase()))
  })
})
