import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { keyPairOf } from '../support/authority.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('learn: what a charge point comes with first is what it has to come with', async (t) => {
  let refuses = false
  const proxy = await startProxy(t, {
    admission: { unknownChargePoints: 'learn' },
    central: { acceptIdentities: () => (refuses ? 404 : 101) },
  })

  await t.test('[CWE-306] a password', async () => {
    const password = { bytes: randomBytes(20), form: 'hex-lower' } as const
    const chargePoint = proxy.chargePoint('basic-auth-tls', { identity: 'NEW-1', password })
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
    const record = await proxy.store.registry.get('NEW-1')
    assert.partialDeepStrictEqual(record, { learned: true, securityProfile: 2, passwordForm: null })
    await assertServed(proxy, proxy.chargePoint('basic-auth-tls', { identity: 'NEW-1', password }))
  })
  await t.test('[A00.FR.304] another password is refused from then on', async () => {
    const password = { bytes: randomBytes(20), form: 'raw' } as const
    await assertRefused(proxy, {
      reason: 'credentials_invalid',
      listener: 'basic-auth-tls',
      attempt: () => refusalOf(proxy.chargePoint('basic-auth-tls', { identity: 'NEW-1', password })),
      client: { httpStatus: 401 },
    })
  })
  await t.test('[A00.FR.405][A00.FR.427] a certificate: its serial number and its key', async () => {
    const issued = await proxy.pki.cpo.chargePoint({ cn: 'SN-7' })
    const chargePoint = proxy.withCertificate(issued, { identity: 'NEW-3' })
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
    assert.partialDeepStrictEqual(await proxy.store.registry.get('NEW-3'), {
      learned: true,
      serialNumber: 'SN-7',
      securityProfile: 3,
    })
    // The same key under another name must not become a second charge point.
    const copy = await proxy.pki.cpo.chargePoint({ cn: 'SN-8', key: keyPairOf(issued) })
    await assertRefused(proxy, {
      reason: 'client_cert_shared',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(copy, { identity: 'NEW-4' })),
      client: { httpStatus: 403 },
    })
    assert.equal(await proxy.store.registry.get('NEW-4'), null)
  })
  await t.test('[CWE-306] whom the central system does not take is not learned', async () => {
    refuses = true
    const password = { bytes: randomBytes(20), form: 'raw' } as const
    const seen = await refusalOf(proxy.chargePoint('basic-auth', { identity: 'NEW-5', password }))
    assert.equal(seen.httpStatus, 404)
    assert.equal(await proxy.store.registry.get('NEW-5'), null)
  })
})
