import assert from 'node:assert/strict'
import { createPrivateKey, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { firmwareScript } from '../conformance/firmware-script.ts'
import { writeCrlFile } from '../support/crl.ts'
import { makerSection } from '../support/firmware.ts'
import { foreignAuthority, patient, shown } from '../support/foreign-authority.ts'
import { needsOpenssl } from '../support/openssl-ca.ts'
import { badResponder, opensslResponder } from '../support/responders.ts'

const core = (status: string) => ['FirmwareStatusNotification', { status }] as const

test('[A00.FR.706] [A00.FR.702] a CRL of the maker stops an update before the charge point hears of it', async (t) => {
  const { proxy, maker, tool, update, report, central } = await firmwareScript(t, 'ecdsa')
  const { folder } = proxy.pki
  writeCrlFile(folder, 'maker.crl', maker.root, [])
  const firmware = { ...makerSection, revocation: { crl: ['maker.crl'] } }
  assert.equal(await proxy.reload({ firmware }), 'reloaded')
  await update()
  const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
  await report('Installed', asked['requestId'] as number)
  await central([core('Installed')])

  await t.test('revoked', async () => {
    writeCrlFile(folder, 'maker.crl', maker.root, [maker.signer])
    assert.equal(await proxy.reload({ firmware }), 'reloaded')
    await update()
    await central([core('Installed'), core('DownloadFailed')])
    assert.match(String((await proxy.store.firmware.get('v2'))?.problem), /^certificate_revoked.*revoked/)
  })
  await t.test('a stale one proves nothing', async () => {
    const day = 86_400_000
    const dates = { thisUpdate: Date.now() - 2 * day, nextUpdate: Date.now() - day }
    writeCrlFile(folder, 'maker.crl', maker.root, [], dates)
    assert.equal(await proxy.reload({ firmware }), 'reloaded')
    await update()
    await central([core('Installed'), core('DownloadFailed'), core('DownloadFailed')])
  })
  assert.equal(await proxy.stop(), 0)
  const events = await proxy.store.events.list({ limit: 50, type: 'InvalidFirmwareSigningCertificate' })
  assert.deepEqual(
    events.map(({ identity }) => identity),
    ['CP-1', 'CP-1'],
  )
})

test(
  '[A00.FR.706] [A00.FR.702] the responder of openssl is asked about the signing certificate',
  needsOpenssl,
  async (t) => {
    const { proxy, maker, boss } = await firmwareScript(t, 'ecdsa')
    const ca = foreignAuthority(t)
    for (const name of ['good', 'bad'])
      ca.issue(name, { extensions: 'keyUsage=digitalSignature\nextendedKeyUsage=codeSigning' })
    ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
    writeFileSync(join(proxy.pki.folder, 'maker-root.pem'), ca.root.toString())
    const found = async (name: string, revocation: object): Promise<string | null> => {
      const firmware = {
        ...makerSection,
        revocation: { ...patient, networks: ['127.0.0.0/8'], ...revocation },
      }
      assert.equal(await proxy.reload({ firmware }), 'reloaded')
      const { chain, key } = shown(ca, name)
      const signature = sign('sha256', maker.image, createPrivateKey(key)).toString('base64')
      await proxy.store.firmware.put(maker.entry({ chain, signature }))
      const { body } = await boss.ask(proxy, 'POST', '/firmware/v2/verify', {})
      const [problem] = body.problems as { code: string; detail: string }[]
      return problem === undefined ? null : `${problem.code}: ${problem.detail}`
    }
    const responder = await opensslResponder(t, ca)
    assert.equal(await found('good', { ocsp: 'hard', responder }), null)
    assert.match(String(await found('bad', { ocsp: 'hard', responder })), /^certificate_revoked: .*revoked/)
    const silent = await badResponder(t, (_request, response) => response.writeHead(503).end())
    ca.issue('other', { extensions: 'keyUsage=digitalSignature\nextendedKeyUsage=codeSigning' })
    assert.equal(await found('other', { ocsp: 'soft', responder: silent }), null)
    assert.match(String(await found('other', { ocsp: 'hard', responder: silent })), /^certificate_revoked/)
  },
)
