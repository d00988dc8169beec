import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

test('a certificate below an intermediate authority is served, and again when resumed', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  // Room for one more authority below it (RFC 5280 4.2.1.9).
  const intermediate = await proxy.pki.cpo.intermediate({ overrides: { ca: { pathLength: 1 } } })
  const lower = await intermediate.intermediate({ name: 'Example CPO site 7' })
  for (const [what, authority] of [
    ['one', intermediate],
    ['two', lower],
  ] as const) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await t.test(`[A00.FR.403] ${what} between it and the root, ${maxVersion}`, async () => {
        const issued = await authority.chargePoint()
        const chargePoint = proxy.withCertificate(issued, { resume: true, tls: { maxVersion } })
        await assertServed(proxy, chargePoint)
        assert.equal(chargePoint.tls?.resumed, false)
        await chargePoint.close()
        await assertServed(proxy, chargePoint)
        assert.equal(chargePoint.tls?.resumed, true)
        await chargePoint.close()
      })
    }
  }
})
