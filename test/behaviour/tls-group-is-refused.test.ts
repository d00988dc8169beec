import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('groups of the key exchange that are not allowed are refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  for (const [maxVersion, curves] of [
    ['TLSv1.2', 'brainpoolP256r1'],
    ['TLSv1.3', 'ffdhe2048'],
  ] as const) {
    await t.test(`${curves} with ${maxVersion}`, async () => {
      const minVersion = maxVersion
      // The mandatory RSA suites need no group; these do.
      const ciphers = 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256'
      await assertRefused(proxy, {
        reason: 'tls_group',
        listener: 'basic-auth-tls',
        attempt: () =>
          refusalOf(
            proxy.chargePoint('basic-auth-tls', { tls: { minVersion, maxVersion, curves, ciphers } }),
          ),
        client: { stage: 'tls', tlsAlert: 'handshake_failure' },
        record: { event: 'InvalidTLSCipherSuite' },
      })
    })
  }
})
