import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { writeCrlFile } from '../support/crl.ts'
import { foreignAuthority, shown, trustForeign } from '../support/foreign-authority.ts'
import { needsOpenssl, type OpensslKey } from '../support/openssl-ca.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { opensslResponder } from '../support/responders.ts'
import { allEnded } from '../support/sessions.ts'

test('an authority below the root that is revoked takes with it all that is below', async (t) => {
  const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl', 'below.crl'] } })
  const { folder, cpo } = proxy.pki
  await proxy.register('CP-1')
  const below = await cpo.intermediate({ name: 'Below' })
  const issued = await below.chargePoint()
  const use = async (ofRoot: Parameters<typeof writeCrlFile>[3], ofBelow: typeof ofRoot) => {
    writeCrlFile(folder, 'cpo.crl', cpo, ofRoot)
    writeCrlFile(folder, 'below.crl', below, ofBelow)
    assert.equal(await proxy.hangUp(), 'reloaded')
  }
  const refused = (reason: 'client_cert_revoked' | 'revocation_unknown', detail: RegExp) =>
    assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(issued)),
      client: closedBeforeHttp,
      detail,
    })

  await t.test('[A00.FR.704] each certificate is looked up on the CRL of its issuer', async () => {
    await use([], [])
    const chargePoint = proxy.withCertificate(issued)
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
    await allEnded(proxy)
    await use([], [issued])
    await refused('client_cert_revoked', /^the CRL says/)
  })
  await t.test('[A00.FR.704] the authority is revoked, and the charge point is not', async () => {
    await use([below], [])
    await refused('client_cert_revoked', /^"[^"]*Below[^"]*": the CRL says: revoked/)
  })
  await t.test('[A00.FR.704] without the CRL of the authority nobody below it is vouched for', async () => {
    await use([], [])
    const crl = ['cpo.crl', 'gone.crl']
    assert.equal(await proxy.reload({ revocation: { crl } }), 'reloaded')
    await refused('revocation_unknown', /gone\.crl/)
  })
  await t.test('[A00.FR.702] the operator denies the authority', async () => {
    assert.equal(await proxy.reload({ revocation: { crl: [] } }), 'reloaded')
    const target = { kind: 'fingerprint', fingerprint: below.x509.fingerprint256 } as const
    const entry = { note: 'broken into', by: 'operator', identity: null, at: 1, expiresAt: null } as const
    await proxy.store.denied.add({ ...entry, target })
    await refused('client_cert_revoked', /Below.*on the local deny list: broken into/)
  })
})

for (const key of ['rsa', 'pss', 'ec'] satisfies OpensslKey[]) {
  test(`CRL and OCSP of the openssl tool, ${key}`, needsOpenssl, async (t) => {
    const proxy = await startProxy(t)
    const ca = foreignAuthority(t, key)
    for (const name of ['good', 'bad']) {
      ca.issue(name, { key: key === 'rsa' ? 'rsa' : 'ec' })
      await proxy.register(`CP-${name}`, { serialNumber: name })
    }
    ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
    const crl = join(proxy.pki.folder, 'ca.crl')
    writeFileSync(crl, ca.crl())
    const responder = await opensslResponder(t, ca)
    for (const [what, revocation] of [
      ['a CRL', { crl: [crl] }],
      ['OCSP', { ocsp: 'hard', responder }],
    ] as const) {
      await t.test(`[A00.FR.702][A00.FR.704] ${what}`, async () => {
        await trustForeign(proxy, ca, revocation)
        const good = proxy.withCertificate(shown(ca, 'good'), { identity: 'CP-good' })
        await assertServed(proxy, good)
        await good.close()
        await allEnded(proxy)
        await assertRefused(proxy, {
          reason: 'client_cert_revoked',
          listener: 'mutual-tls',
          attempt: () => refusalOf(proxy.withCertificate(shown(ca, 'bad'), { identity: 'CP-bad' })),
          client: closedBeforeHttp,
          detail: /2026-01-01.*keyCompromise/,
        })
      })
    }
    assert.ok(readFileSync(crl).length > 0)
  })
}
