import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Issued } from '../support/authority.ts'
import { makeAuthority } from '../support/authority.ts'
import { writeCrlFile } from '../support/crl.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertRefused } from '../support/refused.ts'
import { Octt, play, type Step } from './octt.ts'

const dayMs = 86_400_000

/** It connects with this certificate, boots and reports its state. */
const served = (tool: Octt, certificate: () => Issued, ids: string): Step => [
  `${ids} a valid certificate: upgrade, BootNotification and StatusNotification`,
  async () => {
    await tool.connect('mutual-tls', { certificate: certificate() })
    await tool.boot()
    await tool.close()
  },
]

test('[TC_087_CSMS] the client certificate of the tool is valid', async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['ecdsa', 'rsa'], revocation: { crl: ['cpo.crl'] } })
  writeCrlFile(proxy.pki.folder, 'cpo.crl', proxy.pki.cpo, [])
  assert.equal(await proxy.hangUp(), 'reloaded')
  for (const key of ['ecdsa', 'rsa'] as const) {
    await t.test(`[TC_087_CSMS] with a key of ${key}`, async (t) => {
      const tool = new Octt(t, proxy, `CP-${key}`)
      await proxy.register(tool.identity, { serialNumber: `SN-${key}` })
      const issued = await proxy.pki.cpo.chargePoint({ key, cn: `SN-${key}` })
      await play(t, tool, [served(tool, () => issued, '[TC_087_CSMS][A00.FR.402][A00.FR.404][A00.FR.405]')])
    })
  }
})

test('[TC_A_08_CSMS] the client certificate of the tool is invalid', async (t) => {
  const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl'] } })
  const { cpo, folder } = proxy.pki
  const tool = new Octt(t, proxy)
  await proxy.register(tool.identity)
  const valid = await cpo.chargePoint()
  const stranger = await makeAuthority({ name: 'Example CPO root' })
  const now = Date.now()
  const revoked = await cpo.chargePoint()
  writeCrlFile(folder, 'cpo.crl', cpo, [revoked])
  assert.equal(await proxy.hangUp(), 'reloaded')
  const cases = [
    ['of an unknown issuer', 'client_cert_untrusted', await stranger.chargePoint()],
    [
      'that has expired',
      'client_cert_expired',
      await cpo.chargePoint({ notBefore: now - 9 * dayMs, notAfter: now - dayMs }),
    ],
    [
      'whose CN is not its serial number',
      'client_cert_common_name',
      await cpo.chargePoint({ cn: 'SN-OTHER' }),
    ],
    ['that is revoked', 'client_cert_revoked', revoked],
  ] as const
  for (const [what, reason, certificate] of cases) {
    await t.test(`[TC_A_08_CSMS] a certificate ${what}`, async (t) => {
      await play(t, tool, [
        [
          '[TC_A_08_CSMS][A00.FR.407][A00.FR.408] the connection ends before the tool has sent HTTP',
          () => terminated(proxy, tool, reason, certificate),
        ],
        served(tool, () => valid, '[TC_A_08_CSMS]'),
      ])
    })
  }
})

async function terminated(
  proxy: TestProxy,
  tool: Octt,
  reason: Parameters<typeof assertRefused>[1]['reason'],
  certificate: Issued,
): Promise<void> {
  await assertRefused(proxy, {
    reason,
    listener: 'mutual-tls',
    attempt: () => tool.refused('mutual-tls', { certificate }),
    client: { kind: 'error' },
    // No HTTP was read: nobody has said who he is.
    record: { identity: null, event: 'InvalidChargePointCertificate' },
  })
}
