import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('signature algorithms with less than SHA-256 are refused', async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'] })
  await proxy.register()
  for (const [suite, signatureAlgorithms] of [
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDSA+SHA1'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'RSA+SHA1'],
  ] as const) {
    await t.test(`[RFC 5246 7.4.1.4.1] ${signatureAlgorithms} with TLS 1.2`, async () => {
      const tls = { maxVersion: 'TLSv1.2', ciphers: `${suite}:@SECLEVEL=0`, signatureAlgorithms } as const
      await assertRefused(proxy, {
        reason: 'tls_signature_algorithm',
        listener: 'basic-auth-tls',
        attempt: () => refusalOf(proxy.chargePoint('basic-auth-tls', { tls })),
        client: { stage: 'tls', tlsAlert: 'handshake_failure' },
        record: { event: 'InvalidTLSCipherSuite' },
      })
    })
  }
})
