import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { mandatorySuites } from '../../src/policy/tls-suites.ts'
import { opensslProblem } from '../gate/hello/captures.ts'
import { certificateArgs, opensslClient } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'

test('every mandatory suite is negotiated on one listener, and TLS 1.3 with a hybrid group', async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'], tls: { legacy: true } })
  await proxy.register()
  const issued = await proxy.pki.cpo.chargePoint()
  const identity = certificateArgs(proxy.pki.folder, issued)

  for (const [listener, ids, args] of [
    ['basic-auth-tls', '[A00.FR.306][A00.FR.317][TC_086][TC_A_04]', []],
    ['mutual-tls', '[A00.FR.410][A00.FR.421][TC_087]', identity],
  ] as const) {
    for (const { openssl, certificate } of mandatorySuites) {
      await t.test(`${ids} ${openssl} on ${listener}`, { skip: opensslProblem }, async () => {
        const port = proxy.port(listener)
        const seen = await opensslClient(port, ['-tls1_2', '-cipher', openssl, ...args])
        assert.equal(seen.cipher, openssl)
        assert.equal(seen.version, 'TLSv1.2')
        const algorithm = certificate === 'ecdsa' ? 'id-ecPublicKey' : 'rsaEncryption'
        assert.match(seen.output, new RegExp(`PKEY: ${algorithm}`), 'the certificate that fits')
      })
    }
    await t.test(`[A00.FR.312] TLS 1.3 with X25519MLKEM768 on ${listener}`, async () => {
      const chargePoint = { cert: issued.chain, key: issued.key }
      const socket = connect({
        port: proxy.port(listener),
        ca: proxy.pki.serverRoot,
        minVersion: 'TLSv1.3',
        ecdhCurve: 'X25519MLKEM768',
        ...(listener === 'mutual-tls' ? chargePoint : {}),
      })
      await once(socket, 'secureConnect')
      assert.equal(socket.getProtocol(), 'TLSv1.3')
      assert.equal(socket.authorized, true)
      socket.destroy()
    })
  }
})
