import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { generateKey, type KeySpec, privateKeyPem } from '../../src/pki/keys.ts'
import { splitPem } from '../../src/pki/pem.ts'
import type { Issued } from '../support/authority.ts'
import { makeCsr } from '../support/csr.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { secret } from '../support/secrets.ts'
import { Octt, play } from './octt.ts'

const kinds: readonly [name: string, spec: KeySpec][] = [
  ['ECDSA', { type: 'ec', curve: 'P-256' }],
  ['RSA', { type: 'rsa', bits: 2048 }],
]

/** What the tool connects with: the chain that it was sent, and the key that it made. */
function issued(chain: string, key: string): Issued {
  return { chain, key, certificate: splitPem(chain)[0] ?? '' } as Issued
}

test('[TC_074_CSMS] the certificate of the tool is renewed', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section, certificateAuthority: localAuthority })

  for (const [number, [name, spec]] of kinds.entries()) {
    await t.test(`[TC_074_CSMS] ${name}`, async (t) => {
      const tool = new Octt(t, proxy, `CP-${number}`)
      const serialNumber = `SN-${number}`
      await proxy.register(tool.identity, { serialNumber })
      const old = await proxy.pki.cpo.chargePoint({ cn: serialNumber })
      const keys = await generateKey(spec)
      const key = secret('private key', privateKeyPem(keys.privateKey))
      const csr = await makeCsr({
        keys,
        subject: [
          ['O', 'Example CPO'],
          ['CN', serialNumber],
        ],
      })
      let answer: ReturnType<typeof boss.ask> | null = null
      let next = old
      await play(t, tool, [
        [
          '[TC_074_CSMS] it connects with its old certificate',
          async () => {
            await tool.connect('mutual-tls', { certificate: old })
            await tool.boot()
          },
        ],
        [
          '[TC_074_CSMS][A02.FR.01] the operator asks, and ExtendedTriggerMessage(SignChargePointCertificate) arrives',
          async () => {
            answer = boss.ask(proxy, 'POST', `/charge-points/${tool.identity}/certificate`, {
              preflight: false,
            })
            const request = await tool.expect('ExtendedTriggerMessage', 'proxy', { status: 'Accepted' })
            assert.deepEqual(request, { requestedMessage: 'SignChargePointCertificate' })
          },
        ],
        [
          '[TC_074_CSMS][A02.FR.03][A02.FR.04][A02.FR.11][A02.FR.13] SignCertificate is Accepted, then CertificateSigned comes, and the operator is told',
          async () => {
            const { result } = await tool.line.call('sign-1', 'SignCertificate', { csr })
            assert.deepEqual(result, { status: 'Accepted' })
            const { certificateChain } = await tool.expect('CertificateSigned', 'proxy', {
              status: 'Accepted',
            })
            next = issued(String(certificateChain), key)
            const leaf = new X509Certificate(next.certificate)
            assert.ok(leaf.publicKey.equals(keys.publicKey))
            assert.ok(leaf.verify(proxy.pki.cpo.x509.publicKey))
            assert.partialDeepStrictEqual(await answer, { status: 200, body: { ok: true } })
          },
        ],
        [
          '[TC_074_CSMS][A02.FR.08][A02.FR.10] the old certificate is taken still',
          async () => {
            await tool.close()
            await tool.connect('mutual-tls', { certificate: old })
            await tool.boot()
          },
        ],
        [
          '[TC_074_CSMS][A02.FR.08][A02.FR.09] it connects with the new one',
          async () => {
            await tool.close()
            await tool.connect('mutual-tls', { certificate: next })
            await tool.boot()
          },
        ],
        [
          '[A00.FR.702][A02.FR.08] from then on the old one is refused',
          async () => {
            await tool.close()
            const refused = await tool.refused('mutual-tls', { certificate: old })
            assert.notEqual(refused.kind === 'http' ? refused.status : 0, 101)
            await proxy.allNoted()
            const [rejection] = await proxy.store.rejections.list({ limit: 1 })
            assert.equal(rejection?.reason, 'client_cert_revoked')
          },
        ],
      ])
    })
  }
})

test('[TC_077_CSMS] InvalidChargePointCertificate: the tool refuses, and keeps its old certificate', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section, certificateAuthority: localAuthority })
  const tool = new Octt(t, proxy)
  await proxy.register(tool.identity)
  const old = await proxy.pki.cpo.chargePoint()
  const event = {
    type: 'InvalidChargePointCertificate',
    timestamp: new Date().toISOString(),
    techInfo: 'the tool does not like it',
  }
  let answer: ReturnType<typeof boss.ask> | null = null
  await play(t, tool, [
    [
      '[TC_077_CSMS] it connects, and is triggered',
      async () => {
        await tool.connect('mutual-tls', { certificate: old })
        await tool.boot()
        answer = boss.ask(proxy, 'POST', '/charge-points/CP-1/certificate', { preflight: false })
        await tool.expect('ExtendedTriggerMessage', 'proxy', { status: 'Accepted' })
      },
    ],
    [
      '[TC_077_CSMS][A02.FR.07] its request is Accepted, it answers CertificateSigned with Rejected, and the operator is told',
      async () => {
        const { result } = await tool.line.call('sign-1', 'SignCertificate', { csr: await makeCsr() })
        assert.deepEqual(result, { status: 'Accepted' })
        await tool.expect('CertificateSigned', 'proxy', { status: 'Rejected' })
        assert.partialDeepStrictEqual(await answer, { status: 409, body: { code: 'refused' } })
      },
    ],
    [
      '[TC_077_CSMS][A04.FR.01] its event is confirmed and kept, beside that of the proxy',
      async () => {
        const { result } = await tool.line.call('event-1', 'SecurityEventNotification', event)
        assert.deepEqual(result, {})
        const kept = await proxy.store.events.list({ type: event.type, limit: 9 })
        assert.deepEqual(kept.map(({ origin }) => origin).toSorted(), ['charge-point', 'proxy'])
      },
    ],
    [
      '[TC_077_CSMS][A02.FR.07] the old certificate keeps working',
      async () => {
        await tool.close()
        await tool.connect('mutual-tls', { certificate: old })
        await tool.boot()
      },
    ],
  ])
})
