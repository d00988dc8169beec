import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('cipher suites that are not allowed are refused', async (t) => {
  // The legacy lane is on, and must not change anything for TLS 1.2.
  const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'], tls: { legacy: true } })
  await proxy.register('CP-1', { legacyTls: true })
  const issued = await proxy.pki.cpo.chargePoint()
  const identity = { certificate: issued.chain, key: issued.key }
  const suites = ['AES128-SHA', 'AES256-SHA256', 'ECDHE-RSA-AES128-SHA256', 'DHE-RSA-AES128-GCM-SHA256']

  for (const [listener, ids] of [
    ['basic-auth-tls', '[A00.FR.319][A00.FR.321][A00.FR.324]'],
    ['mutual-tls', '[A00.FR.423][A00.FR.425][A00.FR.428]'],
  ] as const) {
    for (const suite of suites) {
      await t.test(`${ids} ${suite} with TLS 1.2 on ${listener}`, async () => {
        const ciphers = `${suite}:@SECLEVEL=0`
        await assertRefused(proxy, {
          reason: 'tls_cipher',
          listener,
          attempt: () =>
            refusalOf(proxy.chargePoint(listener, { tls: { ...identity, maxVersion: 'TLSv1.2', ciphers } })),
          client: { stage: 'tls', tlsAlert: 'handshake_failure' },
          record: { identity: null, event: 'InvalidTLSCipherSuite' },
        })
      })
    }
  }
})
