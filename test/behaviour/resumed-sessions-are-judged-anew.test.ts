import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePointOptions } from '../../src/simulator/charge-point.ts'
import type { Issued } from '../support/authority.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { allEnded } from '../support/sessions.ts'

/** A ticket from an admitted connection of a charge point. */
async function ticketOf(
  proxy: TestProxy,
  issued: Issued,
  options: Partial<ChargePointOptions>,
): Promise<Buffer> {
  const chargePoint = proxy.withCertificate(issued, options)
  await assertServed(proxy, chargePoint)
  await chargePoint.close()
  await allEnded(proxy)
  const { session } = chargePoint
  assert.ok(session !== null)
  return session
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a resumed session skips no check, ${maxVersion}`, async (t) => {
    const proxy = await startProxy(t)
    await proxy.register('CP-1', { serialNumber: 'SN-0001' })
    await proxy.register('CP-2', { serialNumber: 'SN-0002' })
    const issued = await proxy.pki.cpo.chargePoint({ cn: 'SN-0001' })
    const plain = { tls: { maxVersion } } as const
    const resumed = (session: Buffer, options: Partial<ChargePointOptions> = {}) =>
      proxy.withCertificate(issued, { ...options, resume: true, tls: { maxVersion, session } })

    await t.test('nothing changed: resumed, and served', async () => {
      const chargePoint = resumed(await ticketOf(proxy, issued, plain))
      await assertServed(proxy, chargePoint)
      assert.equal(chargePoint.tls?.resumed, true)
      await chargePoint.close()
    })

    await t.test('[A00.FR.405] with the identity of another charge point', async () => {
      const session = await ticketOf(proxy, issued, plain)
      const { record } = await assertRefused(proxy, {
        reason: 'client_cert_common_name',
        listener: 'mutual-tls',
        attempt: () => refusalOf(resumed(session, { identity: 'CP-2' })),
        client: { stage: 'http', httpStatus: 403 },
        record: { identity: 'CP-2' },
      })
      assert.partialDeepStrictEqual(record.facts, { tls: { resumed: true } })
    })

    await t.test('[A00.FR.408] of a charge point that was blocked since', async () => {
      const session = await ticketOf(proxy, issued, plain)
      await proxy.store.registry.update('CP-1', { blocked: true })
      const { record } = await assertRefused(proxy, {
        reason: 'charge_point_blocked',
        listener: 'mutual-tls',
        attempt: () => refusalOf(resumed(session)),
        client: { stage: 'http', httpStatus: 403 },
      })
      assert.partialDeepStrictEqual(record.facts, { tls: { resumed: true } })
      await proxy.store.registry.update('CP-1', { blocked: false })
    })

    await t.test('[A00.FR.405] whose serial number is another one since', async () => {
      const session = await ticketOf(proxy, issued, plain)
      await proxy.store.registry.update('CP-1', { serialNumber: 'SN-0003' })
      const { record } = await assertRefused(proxy, {
        reason: 'client_cert_common_name',
        listener: 'mutual-tls',
        attempt: () => refusalOf(resumed(session)),
        client: closedBeforeHttp,
      })
      assert.partialDeepStrictEqual(record.facts, { tls: { resumed: true } })
      await proxy.store.registry.update('CP-1', { serialNumber: 'SN-0001' })
    })

    await t.test('[A00.FR.401] from a listener that asks for no certificate', async () => {
      const other = proxy.chargePoint('basic-auth-tls', plain)
      await proxy.store.registry.update('CP-1', { securityProfile: 2 })
      await assertServed(proxy, other)
      await other.close()
      await allEnded(proxy)
      const { session } = other
      assert.ok(session !== null)
      await assertRefused(proxy, {
        reason: 'client_cert_missing',
        listener: 'mutual-tls',
        attempt: () =>
          refusalOf(proxy.chargePoint('mutual-tls', { resume: true, tls: { maxVersion, session } })),
        client: closedBeforeHttp,
      })
      await proxy.store.registry.update('CP-1', { securityProfile: 3 })
    })

    await t.test('[A00.FR.404] after the trusted names changed', async () => {
      const session = await ticketOf(proxy, issued, plain)
      assert.equal(await proxy.reload({ cpo: { names: ['Another CPO'] } }), 'reloaded')
      await assertRefused(proxy, {
        reason: 'client_cert_organization',
        listener: 'mutual-tls',
        attempt: () => refusalOf(resumed(session)),
        client: closedBeforeHttp,
      })
    })
  })
}
