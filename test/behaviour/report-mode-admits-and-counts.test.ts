import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '../../src/pki/profiles.ts'
import { type ReasonCode, switchableReasons } from '../../src/policy/reasons.ts'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { type Issued, keyPairOf, makeAuthority } from '../support/authority.ts'
import { careless } from '../support/certificate-refused.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

/** Revocation is not judged yet. */
const later: readonly ReasonCode[] = ['client_cert_revoked', 'revocation_unknown', 'crl_stale']

const certificates = {
  client_cert_untrusted: async () => (await makeAuthority({ name: 'Unknown root' })).chargePoint(),
  client_cert_expired: ({ pki }) =>
    pki.cpo.chargePoint({ notBefore: Date.now() - 60 * dayMs, notAfter: Date.now() - dayMs }),
  client_cert_not_yet_valid: ({ pki }) => pki.cpo.chargePoint({ notBefore: Date.now() + dayMs, days: 30 }),
  client_cert_weak_key: ({ pki }) => pki.cpo.chargePoint({ bits: 1024 }),
  client_cert_weak_signature: ({ pki }) => pki.cpo.chargePoint({ signatureHash: 'SHA-1' }),
  client_cert_no_serial: ({ pki }) => pki.cpo.chargePoint({ serial: 0 }),
  client_cert_key_usage: ({ pki }) => pki.cpo.chargePoint({ ku: ['keyAgreement'] }),
  client_cert_organization: ({ pki }) => pki.cpo.chargePoint({ o: 'Example CPO Two' }),
  client_cert_common_name: ({ pki }) => pki.cpo.chargePoint({ cn: 'SN-00010' }),
  client_cert_common_name_form: ({ pki }) => pki.cpo.chargePoint({ cn: 'ocpp.example.com' }),
} as const satisfies Record<string, (proxy: TestProxy) => Promise<Issued>>

/** A charge point that the check would refuse, and that breaks no other rule that is enforced. */
async function suspect(proxy: TestProxy, reason: keyof typeof certificates): Promise<ChargePoint> {
  return proxy.withCertificate(await certificates[reason](proxy), { tls: careless })
}

const certificateReasons = Object.keys(certificates) as (keyof typeof certificates)[]

for (const mode of ['report', 'off'] as const) {
  test(`${mode} admits${mode === 'report' ? ' and counts' : ', and does not look'}`, async (t) => {
    const checks = Object.fromEntries(switchableReasons.map((reason) => [reason, mode]))
    const proxy = await startProxy(t, { admission: { checks } })
    await proxy.register('CP-1', { serialNumber: 'SN-0001' })
    await proxy.register('CP-2', { serialNumber: 'SN-0002', securityProfile: 2 })

    for (const reason of certificateReasons) {
      await t.test(reason, async () => {
        await admits(proxy, reason, mode, await suspect(proxy, reason))
      })
    }
    await t.test('client_cert_shared', async () => {
      const first = await proxy.pki.cpo.chargePoint()
      const chargePoint = proxy.withCertificate(first)
      await assertServed(proxy, chargePoint)
      await chargePoint.close()
      await proxy.store.registry.update('CP-2', { securityProfile: 3 })
      const second = await proxy.pki.cpo.chargePoint({ cn: 'SN-0002', key: keyPairOf(first) })
      await admits(proxy, 'client_cert_shared', mode, proxy.withCertificate(second, { identity: 'CP-2' }))
    })
    await t.test('profile_mismatch', async () => {
      await admits(proxy, 'profile_mismatch', mode, proxy.chargePoint('basic-auth'))
      assert.equal((await proxy.store.registry.get('CP-1'))?.securityProfile, 3, 'the ratchet stays')
    })
    const seen: readonly ReasonCode[] = [
      ...certificateReasons,
      'client_cert_shared',
      'profile_mismatch',
      ...later,
    ]
    assert.deepEqual(seen.toSorted(), switchableReasons.toSorted(), 'every switchable reason')
  })
}

async function admits(
  proxy: TestProxy,
  reason: ReasonCode,
  mode: 'report' | 'off',
  chargePoint: ChargePoint,
): Promise<void> {
  const name = 'ocpp_proxy_rejections_total'
  const before = await proxy.metrics()
  const from = proxy.log.all.length
  await assertServed(proxy, chargePoint)
  if (mode === 'report') {
    const isLine = (line: object) => 'reason' in line && line.reason === reason
    const line = await proxy.log.wait(reason, isLine, from)
    assert.equal(line.msg, 'found, and admitted (report mode)')
    assert.equal((await proxy.rejections()).find((one) => one.reason === reason)?.mode, 'report')
  }
  const after = await proxy.metrics()
  const grown = (labels: object) => after.sum(name, { ...labels }) - before.sum(name, { ...labels })
  assert.equal(grown({ reason, mode: 'report' }), mode === 'report' ? 1 : 0)
  assert.equal(grown({ mode: 'enforce' }), 0)
  if (mode === 'off') {
    assert.equal(grown({}), 0)
    assert.equal((await proxy.rejections()).length, 0)
  }
  await chargePoint.close()
}
