import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { generateKey, privateKeyPem } from '../../src/pki/keys.ts'
import { splitPem } from '../../src/pki/pem.ts'
import { makeCsr } from '../support/csr.ts'
import { elsewhere, until } from '../support/elsewhere.ts'
import { needsOpenssl } from '../support/openssl-tool.ts'
import { secret } from '../support/secrets.ts'

for (const kind of ['est', 'http'] as const) {
  const skip = kind === 'est' ? needsOpenssl : {}

  test(
    `[A00.FR.703] [A02.FR.02] [A02.FR.04] [A02.FR.11] a renewal by an authority behind ${kind}`,
    skip,
    async (t) => {
      const { authority, boss, proxy, word, command, signed, chargePoint, inPhase } = await elsewhere(t, kind)
      const one = await chargePoint()
      const renewed = await boss.ask(proxy, 'POST', '/charge-points/CP-1/certificate', {})
      assert.partialDeepStrictEqual(renewed, { status: 200, body: { ok: true } })
      assert.equal(signed(), 1)
      await one.close()
      await one.connect()
      await one.heartbeat()
      await inPhase('seen')

      const [asked] = authority.seen
      const basic = `Basic ${Buffer.from(`proxy:${word}`).toString('base64')}`
      assert.equal(asked?.headers.authorization, kind === 'est' ? basic : `Bearer ${word}`)
      assert.equal(asked?.authorized, kind === 'est', 'EST has seen the certificate of the proxy')
      if (kind === 'http') assert.equal(asked?.headers['x-charge-point'], 'CP-1')

      const { out } = await command('certificates requests --json')
      const [shown] = JSON.parse(out)
      assert.partialDeepStrictEqual(shown, {
        identity: 'CP-1',
        phase: 'seen',
        origin: 'operator',
        attempts: 1,
      })
      const [issued] = await proxy.store.issued.list({ limit: 9 })
      assert.equal(issued?.certificateFingerprint, shown.certificateFingerprint)
      const [old] = await proxy.store.denied.list({ limit: 9 })
      assert.equal(old?.by, 'superseded')
      const texts = proxy.central.messages('CP-1').map(({ text }) => text)
      assert.ok(texts.every((text) => !/Certificate/.test(text)))
      const metrics = await proxy.metrics()
      assert.equal(metrics.sum('ocpp_proxy_certificate_authority_up', { key_type: 'ec' }), 1)
      assert.ok(![...proxy.log.raw, out].some((text) => text.includes(word)))
    },
  )

  test(
    `[A02.FR.11] [A03.FR.11] what waits for ${kind} is done after a restart of the proxy`,
    skip,
    async (t) => {
      const { authority, proxy, failures, inPhase, command } = await elsewhere(t, kind)
      authority.off()
      await proxy.register()
      const keys = await generateKey({ type: 'ec', curve: 'P-256' })
      const signed = Promise.withResolvers<string>()
      const old = await proxy.pki.cpo.chargePoint()
      /** One that remembers its key while the proxy is away, whose ports are others then. */
      const again = () =>
        proxy.withCertificate(old, {
          commands: {
            CertificateSigned({ certificateChain }) {
              signed.resolve(String(certificateChain))
              return { kind: 'result', payload: { status: 'Accepted' } }
            },
          },
        })
      const before = again()
      await before.connect()
      await before.boot()
      const answer = await before.signCertificate(await makeCsr({ keys }))
      assert.partialDeepStrictEqual(answer, { payload: { status: 'Accepted' } })
      await until(async () => (await failures()).length === 1)
      await inPhase('pending', /cannot be asked/)

      proxy.process.signal('SIGKILL')
      await proxy.process.exit
      const told = await command('certificates requests --phase pending --json')
      assert.partialDeepStrictEqual(JSON.parse(told.out), [{ identity: 'CP-1', attempts: 1 }])
      authority.on()
      await proxy.start()
      const after = again()
      await after.connect()
      await after.boot()
      const chain = await signed.promise
      await inPhase('accepted')
      const [leaf = ''] = splitPem(chain)
      assert.ok(new X509Certificate(leaf).publicKey.equals(keys.publicKey))
      await after.close()
      const key = secret('private key', privateKeyPem(keys.privateKey))
      const renewed = proxy.withCertificate({ chain, key })
      await renewed.connect()
      await renewed.boot()
      await inPhase('seen')
      assert.equal(
        (await proxy.metrics()).sum('ocpp_proxy_certificate_renewals_total', { result: 'seen' }),
        1,
      )
    },
  )
}
