import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { refusalOf } from '../support/refused.ts'

const count = 30
/** A charge point that never arrives would be waited for without an end. */
const bounded = { timeout: 600_000 }

test(
  '30 charge points leave the factory, and end on profile 3 with certificates of the operator',
  bounded,
  async (t) => {
    const proxy = await startProxy(t, {
      serverKeys: ['ecdsa', 'rsa'],
      certificateAuthority: localAuthority,
      onboarding: { bootInterval: '1s' },
    })
    const fleet: FactoryChargePoint[] = []
    const made: Awaited<ReturnType<typeof proxy.pki.factory.chargePoint>>[] = []
    for (let number = 1; number <= count; number += 1) {
      const identity = `CP-${String(number).padStart(2, '0')}`
      const serialNumber = `F${number}`
      // RSA keys take long to make: some are enough to see that they do as well.
      const isRsa = number % 10 === 0
      const certificate = await proxy.pki.factory.chargePoint({
        cn: serialNumber,
        o: 'Factory',
        key: isRsa ? 'rsa' : 'ecdsa',
      })
      made.push(certificate)
      await proxy.store.registry.add(identity, {
        serialNumber,
        onboarding: expectedOnboarding(
          'certificate',
          number % 2 === 0 ? fingerprintOf(certificate.chain) : null,
          Date.now(),
        ),
      })
      fleet.push(
        new FactoryChargePoint(proxy, { identity, serialNumber, certificate, keyType: isRsa ? 'rsa' : 'ec' }),
      )
    }
    for (const chargePoint of fleet) chargePoint.begin()
    await Promise.all(fleet.map((chargePoint) => chargePoint.accepted()))

    await t.test(
      '[A00.FR.406] [A02.FR.01] all are on profile 3, with certificates that the operator issued',
      async () => {
        const root = new X509Certificate(proxy.pki.cpo.certificate)
        for (const { present, installed } of fleet) {
          assert.ok(installed !== null, present.identity)
          const leaf = new X509Certificate(installed.chain)
          assert.ok(leaf.checkIssued(root) && leaf.verify(root.publicKey), present.identity)
          assert.match(leaf.subject, /O=Example CPO/)
          assert.partialDeepStrictEqual(await proxy.store.registry.get(present.identity), {
            securityProfile: 3,
            onboarding: null,
          })
          assert.deepEqual([present.isOpen, present.booted], [true, true], present.identity)
        }
        const metrics = await proxy.metrics()
        assert.equal(metrics.sum('ocpp_proxy_onboardings_total', { result: 'done' }), count)
        assert.equal(metrics.sum('ocpp_proxy_onboardings_total', { result: 'failed' }), 0)
        assert.equal(metrics.sum('ocpp_proxy_onboarding_sessions'), 0)
        assert.equal(metrics.sum('ocpp_proxy_connections', { profile: 3 }), count)
      },
    )

    await t.test(
      '[A00.FR.806] the central system has seen each of them once, on its first accepted boot',
      () => {
        for (const { present } of fleet) {
          const { identity } = present
          const connections = proxy.centralEvents.filter(
            (one) => one.kind === 'connected' && one.identity === identity,
          )
          assert.equal(connections.length, 1, identity)
          const calls = proxy.central
            .messages(identity)
            .flatMap(({ message }) => (message?.kind === 'call' ? [message.action] : []))
          assert.equal(calls[0], 'BootNotification', identity)
          assert.equal(calls.filter((action) => action === 'BootNotification').length, 1, identity)
        }
        assert.equal(proxy.central.foreignCount, 0, JSON.stringify(proxy.central.foreign()))
      },
    )

    await Promise.all(fleet.map((chargePoint) => chargePoint.close()))
    await t.test('[A00.FR.406] the factory certificates are good for nothing any more', async () => {
      for (const index of [0, 9]) {
        const certificate = made[index]
        assert.ok(certificate !== undefined)
        const identity = fleet[index]?.present.identity ?? ''
        const seen = await refusalOf(proxy.withCertificate(certificate, { identity }))
        assert.partialDeepStrictEqual(seen, closedBeforeHttp)
      }
      await proxy.allNoted()
      const [last] = await proxy.store.rejections.list({ limit: 1 })
      assert.equal(last?.reason, 'client_cert_organization')
      assert.match(last.detail, /is not registered for onboarding/)
    })
  },
)

function fingerprintOf(chain: string): string {
  return new X509Certificate(chain).fingerprint256.replaceAll(':', '').toLowerCase()
}
