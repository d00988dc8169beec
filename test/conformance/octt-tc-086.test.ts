import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { mandatorySuites } from '../../src/policy/tls-suites.ts'
import { opensslProblem } from '../gate/hello/captures.ts'
import { opensslClient } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { Octt, play } from './octt.ts'

/** The certificate that the server showed, out of what `openssl s_client -showcerts` prints. */
function shown(output: string): X509Certificate {
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(output)?.[0]
  assert.ok(pem !== undefined, 'the server showed a certificate, in PEM')
  return new X509Certificate(pem)
}

test('[TC_086_CSMS] the server certificate and the suites are valid', async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'] })
  const tool = new Octt(t, proxy)
  const password = await proxy.register(tool.identity)
  for (const { openssl, certificate } of mandatorySuites) {
    await t.test(
      `[TC_086_CSMS][A00.FR.305][A00.FR.306][A00.FR.317][A00.FR.501] ${openssl}`,
      {
        skip: opensslProblem,
      },
      async () => {
        const port = proxy.port('basic-auth-tls')
        const args = ['-tls1_2', '-cipher', openssl, '-showcerts', '-servername', 'localhost']
        const seen = await opensslClient(port, args)
        assert.deepEqual([seen.version, seen.cipher], ['TLSv1.2', openssl])
        const server = shown(seen.output)
        assert.match(server.subject, /^CN=localhost$/m, 'CN is the name in the URL (A00.FR.510)')
        assert.match(server.serialNumber, /^[0-9A-F]{2,40}$/, 'A00.FR.508')
        const { asymmetricKeyType, asymmetricKeyDetails } = server.publicKey
        assert.equal(asymmetricKeyType, certificate === 'ecdsa' ? 'ec' : 'rsa')
        if (certificate === 'rsa') assert.ok((asymmetricKeyDetails?.modulusLength ?? 0) >= 2048)
        else assert.equal(asymmetricKeyDetails?.namedCurve, 'prime256v1')
      },
    )
  }
  await play(t, tool, [
    [
      '[TC_086_CSMS][A00.FR.301] upgrade, BootNotification and StatusNotification',
      async () => {
        await tool.connect('basic-auth-tls', { password })
        await tool.boot()
        await tool.close()
      },
    ],
  ])
})

test('[TC_A_06_CSMS] TLS below 1.2 is terminated, and 1.2 works afterwards', async (t) => {
  for (const listener of ['basic-auth-tls', 'mutual-tls'] as const) {
    const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'] })
    const tool = new Octt(t, proxy)
    const password = await proxy.register(tool.identity)
    const certificate = await proxy.pki.cpo.chargePoint()
    for (const version of ['-tls1', '-tls1_1']) {
      await t.test(
        `[TC_A_06_CSMS][A00.FR.314][A00.FR.418] ${version} on ${listener}`,
        {
          skip: opensslProblem,
        },
        async () => {
          await assertRefused(proxy, {
            reason: 'tls_version',
            listener,
            attempt: async () => {
              const args = [version, '-cipher', 'ALL:@SECLEVEL=0']
              const seen = await opensslClient(proxy.port(listener), args)
              assert.match(seen.output, /alert protocol version/i)
              return seen
            },
            client: { isConnected: false },
            record: { identity: null, event: 'InvalidTLSVersion' },
          })
        },
      )
    }
    await play(t, tool, [
      [
        `[TC_A_06_CSMS][A00.FR.312][A00.FR.409][A00.FR.410][A00.FR.416] TLS 1.2 on ${listener}`,
        async () => {
          await tool.connect(listener, listener === 'mutual-tls' ? { certificate } : { password })
          await tool.boot()
          await tool.close()
        },
      ],
    ])
  }
})
