import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { writeCrlFile } from '../support/crl.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { allEnded } from '../support/sessions.ts'

const reason = 'client_cert_revoked'

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a revoked certificate with a TLS session ticket does not get in, ${maxVersion}`, async (t) => {
    const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl'] } })
    const { folder, cpo } = proxy.pki
    await proxy.register('CP-1')
    const issued = await cpo.chargePoint()
    /** The watcher sees it by itself; a SIGHUP beside it would change the ticket keys twice. */
    const publish = async (revoked: Parameters<typeof writeCrlFile>[3]) => {
      const from = proxy.log.all.length
      writeCrlFile(folder, 'cpo.crl', cpo, revoked)
      assert.equal((await proxy.reloadEnded(from)).result, 'reloaded')
    }
    await publish([])
    const ticket = async (): Promise<Buffer> => {
      const chargePoint = proxy.withCertificate(issued, { tls: { maxVersion } })
      await assertServed(proxy, chargePoint)
      await chargePoint.close()
      await allEnded(proxy)
      assert.ok(chargePoint.session !== null)
      return chargePoint.session
    }
    const resuming = (session: Buffer) =>
      proxy.withCertificate(issued, { resume: true, tls: { maxVersion, session } })

    await t.test('[A00.FR.704] as long as it is not revoked, it resumes', async () => {
      const chargePoint = resuming(await ticket())
      await assertServed(proxy, chargePoint)
      assert.equal(chargePoint.tls?.resumed, true)
      await chargePoint.close()
    })

    await t.test(
      '[A00.FR.702][A00.FR.704] denied: the resumed session is judged like a new one',
      async () => {
        const session = await ticket()
        const { fingerprint256: fingerprint } = issued.x509
        const target = { kind: 'fingerprint', fingerprint } as const
        // Straight into the store: the ticket keys are still those of before when it comes.
        const entry = { note: 'stolen', by: 'operator', identity: null, at: 1, expiresAt: null } as const
        await proxy.store.denied.add({ ...entry, target })
        const { record } = await assertRefused(proxy, {
          reason,
          listener: 'mutual-tls',
          attempt: () => refusalOf(resuming(session)),
          client: closedBeforeHttp,
          detail: /on the local deny list: stolen/,
        })
        assert.equal((record.facts.tls as { version: string }).version, maxVersion)
        await proxy.store.denied.remove(target)
      },
    )

    await t.test('[A00.FR.704] revoked by the CRL: its ticket opens nothing any more', async () => {
      const session = await ticket()
      await publish([issued])
      const { record } = await assertRefused(proxy, {
        reason,
        listener: 'mutual-tls',
        attempt: () => refusalOf(resuming(session)),
        client: closedBeforeHttp,
        detail: /the CRL says/,
      })
      // Ticket keys change with every CRL (design, section 4).
      assert.partialDeepStrictEqual(record.facts, { tls: { resumed: false } })
    })
  })
}
