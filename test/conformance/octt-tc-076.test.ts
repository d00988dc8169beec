import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateHashData, hashAlgorithms } from '../../src/pki/hash-data.ts'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { Octt, play } from './octt.ts'

const ids = 'GetInstalledCertificateIds'

test('[TC_076_CSMS] a certificate is deleted by exactly what was reported', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const root = await makeAuthority({ name: 'A root that goes' })
  const certificateType = 'ManufacturerRootCertificate'
  const { certificate } = root

  for (const [number, algorithm] of hashAlgorithms.entries()) {
    await t.test(`[TC_076_CSMS] ${algorithm}`, async (t) => {
      const tool = new Octt(t, proxy, `CP-${number + 1}`)
      const password = await proxy.register(tool.identity)
      const path = `/charge-points/${tool.identity}/root-certificates`
      const { issuerNameHash, ...rest } = certificateHashData(root.x509, root.x509, algorithm)
      // As a tool may write it: the case is its own, and has to come back.
      const reported = { ...rest, issuerNameHash: issuerNameHash.toUpperCase() }
      const list = { status: 'Accepted', certificateHashData: [reported] }
      await play(t, tool, [
        [
          '[TC_076_CSMS] it connects, and gets the certificate',
          async () => {
            await tool.connect('basic-auth-tls', { password })
            await tool.boot()
            const body = { certificateType, certificate, preflight: false }
            const answer = boss.ask(proxy, 'POST', path, body)
            await tool.expect('InstallCertificate', 'proxy', { status: 'Accepted' })
            await tool.expect(ids, 'proxy', list)
            assert.equal((await answer).status, 200)
          },
        ],
        [
          `[TC_076_CSMS][M04.FR.02][M04.FR.07] DeleteCertificate with ${algorithm} and the very same data`,
          async () => {
            const body = { certificateType, certificate, preflight: false }
            const answer = boss.ask(proxy, 'POST', `${path}/delete`, body)
            const asked = await tool.expect('DeleteCertificate', 'proxy', { status: 'Accepted' })
            assert.deepEqual(asked, { certificateHashData: reported })
            await tool.expect(ids, 'proxy', { status: 'NotFound' })
            assert.partialDeepStrictEqual(await answer, { status: 200, body: { ok: true } })
          },
        ],
      ])
    })
  }
})
