import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opensslProblem } from '../gate/hello/captures.ts'
import { certificateArgs, opensslClient } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('TLS 1.0 and 1.1 are for charge points that are marked, and AES128-SHA for them alone', async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['rsa', 'ecdsa'], tls: { legacy: true } })
  await proxy.register('CP-1', { serialNumber: 'SN-0001', legacyTls: true })
  await proxy.register('CP-2', { serialNumber: 'SN-0002' })
  const certificates = {
    'CP-1': await proxy.pki.cpo.chargePoint({ cn: 'SN-0001', key: 'rsa' }),
    'CP-2': await proxy.pki.cpo.chargePoint({ cn: 'SN-0002', key: 'rsa' }),
  }
  const shown = (identity: keyof typeof certificates) => ({
    certificate: certificates[identity].chain,
    key: certificates[identity].key,
  })

  for (const [listener, ids] of [
    ['basic-auth-tls', '[A00.FR.314][A00.FR.324]'],
    ['mutual-tls', '[A00.FR.418][A00.FR.428]'],
  ] as const) {
    for (const maxVersion of ['TLSv1', 'TLSv1.1'] as const) {
      await t.test(`${ids} ${maxVersion}, marked, on ${listener}: served with AES128-SHA`, async () => {
        const chargePoint = proxy.chargePoint(listener, { tls: { ...shown('CP-1'), maxVersion } })
        await assertServed(proxy, chargePoint)
        assert.partialDeepStrictEqual(chargePoint.tls, { version: maxVersion, cipher: 'AES128-SHA' })
        await chargePoint.close()
        await proxy.store.registry.update('CP-1', { securityProfile: null })
      })
      await t.test(`${ids} ${maxVersion}, not marked, on ${listener}: refused`, async () => {
        const tls = { ...shown('CP-2'), maxVersion }
        await assertRefused(proxy, {
          reason: 'tls_version',
          listener,
          attempt: () => refusalOf(proxy.chargePoint(listener, { identity: 'CP-2', tls })),
          client: { stage: 'http', httpStatus: 403, body: 'tls_version\n' },
          record: { identity: 'CP-2', event: 'InvalidTLSVersion' },
          detail: /not marked legacyTls/,
        })
      })
    }
    await t.test(`${ids} marked, but TLS 1.2 is offered: TLS 1.2 on ${listener}`, async () => {
      const tls = { ...shown('CP-1'), minVersion: 'TLSv1', maxVersion: 'TLSv1.2' } as const
      const chargePoint = proxy.chargePoint(listener, { tls })
      await assertServed(proxy, chargePoint)
      assert.equal(chargePoint.tls?.version, 'TLSv1.2')
      await chargePoint.close()
      await proxy.store.registry.update('CP-1', { securityProfile: null })
    })
    await t.test(
      `${ids} openssl finds AES128-SHA with TLS 1.1 only on ${listener}`,
      {
        skip: opensslProblem,
      },
      async () => {
        const args = [
          '-cipher',
          'ALL:@SECLEVEL=0',
          ...certificateArgs(proxy.pki.folder, certificates['CP-1']),
        ]
        const port = proxy.port(listener)
        assert.equal((await opensslClient(port, ['-tls1_1', ...args])).cipher, 'AES128-SHA')
        const sha = ['-cipher', 'AES128-SHA:@SECLEVEL=0']
        await assertRefused(proxy, {
          reason: 'tls_cipher',
          listener,
          attempt: () => opensslClient(port, ['-tls1_2', ...args, ...sha]),
          client: { isConnected: false },
        })
      },
    )
  }
})
