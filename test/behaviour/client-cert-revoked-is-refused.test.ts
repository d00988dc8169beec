import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { crlOf, writeCrlFile } from '../support/crl.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

const reason = 'client_cert_revoked'
const record = { identity: null, event: 'InvalidChargePointCertificate' } as const

test('a certificate on the CRL is refused before HTTP', async (t) => {
  const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl'] } })
  const { folder, cpo } = proxy.pki
  await proxy.register('CP-1')
  await proxy.register('CP-2', { serialNumber: 'SN-0002' })
  const bad = await cpo.chargePoint()
  const good = await cpo.chargePoint({ cn: 'SN-0002' })

  await t.test('[A00.FR.704] without its CRL nobody is vouched for', async () => {
    await assertRefused(proxy, {
      reason: 'revocation_unknown',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(good, { identity: 'CP-2' })),
      client: closedBeforeHttp,
      record,
      detail: /the CRL cannot be used: .*cpo\.crl/,
    })
  })

  writeCrlFile(folder, 'cpo.crl', cpo, [bad])
  assert.equal(await proxy.hangUp(), 'reloaded')

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await t.test(`[A00.FR.704][A00.FR.407][A00.FR.408] it is refused, ${maxVersion}`, async () => {
      await assertRefused(proxy, {
        reason,
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(bad, { tls: { maxVersion } })),
        client: closedBeforeHttp,
        record,
        detail: /the CRL says: revoked at .* \(keyCompromise\)/,
      })
    })
  }

  await t.test('[A00.FR.704] one that is not on it is served', async () => {
    const chargePoint = proxy.withCertificate(good, { identity: 'CP-2' })
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
  })

  await t.test(
    '[A00.FR.704] the metrics tell what was looked up, and until when the CRL is good',
    async () => {
      const metrics = await proxy.metrics()
      const checks = (result: string) =>
        metrics.sum('ocpp_proxy_revocation_checks_total', { method: 'crl', result })
      assert.deepEqual([checks('unusable'), checks('revoked'), checks('good')], [1, 2, 1])
      const nextUpdate = metrics.sum('ocpp_proxy_crl_next_update_timestamp_seconds', {
        name: join(folder, 'cpo.crl'),
      })
      assert.ok(nextUpdate > Date.now() / 1000)
    },
  )

  await t.test('[A00.FR.704][CWE-345] a CRL of a stranger, or garbage, keeps the one in use', async () => {
    for (const bytes of [crlOf(proxy.pki.factory, []), Buffer.from('no CRL')]) {
      writeFileSync(join(folder, 'cpo.crl'), bytes)
      assert.equal(await proxy.hangUp(), 'reloaded')
      await assertRefused(proxy, {
        reason,
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(bad)),
        client: closedBeforeHttp,
      })
    }
  })

  await t.test('[A00.FR.704] an older CRL takes nothing back', async () => {
    const old = crlOf(cpo, [], { thisUpdate: Date.now() - 86_400_000 })
    writeCrlFile(folder, 'cpo.crl', cpo, [bad])
    assert.equal(await proxy.hangUp(), 'reloaded')
    await assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(bad)),
      client: closedBeforeHttp,
    })
    writeFileSync(join(folder, 'cpo.crl'), old)
    assert.equal(await proxy.hangUp(), 'reloaded')
    await assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(bad)),
      client: closedBeforeHttp,
    })
  })

  await t.test('[A00.FR.704] report admits it and counts it', async () => {
    writeCrlFile(folder, 'cpo.crl', cpo, [bad])
    assert.equal(await proxy.reload({ admission: { checks: { [reason]: 'report' } } }), 'reloaded')
    const chargePoint = proxy.withCertificate(bad)
    await assertServed(proxy, chargePoint)
    await proxy.allNoted()
    const [kept] = await proxy.rejections()
    assert.partialDeepStrictEqual(kept, { reason, mode: 'report' })
    await chargePoint.close()
  })
})

test('a stale CRL refuses, or is put up with', async (t) => {
  const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl'] } })
  const { folder, cpo } = proxy.pki
  await proxy.register('CP-1')
  const good = await cpo.chargePoint()
  const [thisUpdate, nextUpdate] = [Date.now() - 3_600_000, Date.now() - 1_800_000]
  writeCrlFile(folder, 'cpo.crl', cpo, [], { thisUpdate, nextUpdate })
  assert.equal(await proxy.hangUp(), 'reloaded')

  await t.test('[A00.FR.704] onStaleCrl: refuse', async () => {
    await assertRefused(proxy, {
      reason: 'crl_stale',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(good)),
      client: closedBeforeHttp,
      record,
      detail: /the CRL is 3\d minutes past its nextUpdate/,
    })
  })

  await t.test('[A00.FR.704] onStaleCrl: admit, and it is told', async () => {
    assert.equal(await proxy.reload({ revocation: { onStaleCrl: 'admit' } }), 'reloaded')
    const chargePoint = proxy.withCertificate(good)
    await assertServed(proxy, chargePoint)
    await proxy.log.wait('a warning', ({ msg }) => msg === 'admitted without a proof of revocation status')
    await chargePoint.close()
  })
})
