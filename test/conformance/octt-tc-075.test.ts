import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateHashData } from '../../src/pki/hash-data.ts'
import { ownRootTypes } from '../../src/policy/root-certificate.ts'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { Octt, play } from './octt.ts'

test('[TC_075_CSMS] root certificates of both types are installed', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const root = await makeAuthority({ name: 'A new root' })
  let tools = 0

  for (const certificateType of ownRootTypes) {
    for (const listener of ['basic-auth-tls', 'mutual-tls'] as const) {
      await t.test(`[TC_075_CSMS] ${certificateType} over ${listener}`, async (t) => {
        tools += 1
        const tool = new Octt(t, proxy, `CP-${tools}`)
        const password = await proxy.register(tool.identity)
        const cn = tools === 1 ? 'SN-0001' : `SN of ${tool.identity}`
        const own = await proxy.pki.cpo.chargePoint({ cn })
        const path = `/charge-points/${tool.identity}/root-certificates`
        const body = { certificateType, certificate: root.certificate, preflight: false }
        let answer: ReturnType<typeof boss.ask> | null = null
        await play(t, tool, [
          [
            '[TC_075_CSMS] the tool connects',
            async () => {
              await tool.connect(listener, listener === 'mutual-tls' ? { certificate: own } : { password })
              await tool.boot()
            },
          ],
          [
            '[TC_075_CSMS][M05.FR.01][M05.FR.02] InstallCertificate with the type and the PEM, then GetInstalledCertificateIds',
            async () => {
              answer = boss.ask(proxy, 'POST', path, body)
              const asked = await tool.expect('InstallCertificate', 'proxy', { status: 'Accepted' })
              assert.deepEqual(asked, { certificateType, certificate: root.certificate })
              const listed = await tool.expect('GetInstalledCertificateIds', 'proxy', {
                status: 'Accepted',
                certificateHashData: [certificateHashData(root.x509, root.x509)],
              })
              assert.deepEqual(listed, { certificateType })
              assert.partialDeepStrictEqual(await answer, { status: 200, body: { ok: true } })
            },
          ],
          [
            '[TC_075_CSMS][M03.FR.03] the operator sees it in the inventory',
            async () => {
              const told = await boss.ask(proxy, 'GET', path)
              assert.partialDeepStrictEqual(told, { status: 200, body: { identity: tool.identity } })
              assert.match(JSON.stringify(told.body), /A new root/)
            },
          ],
        ])
      })
    }
  }
})
