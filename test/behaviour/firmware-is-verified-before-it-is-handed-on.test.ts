import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Octt } from '../conformance/octt.ts'
import { makeMaker, makerSection, signatureOf } from '../support/firmware.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { keep } from '../support/transcript.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

async function setUp(t: TestContext) {
  const boss = operator(t)
  const maker = await makeMaker(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: makerSection,
  })
  const command = (line: string) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const words = [main, 'firmware', ...line.split(' ')]
      const admin = `http://127.0.0.1:${proxy.port('admin')}`
      const where = ['--admin-url', admin, '--admin-token-file', boss.section.tokenFile]
      execFile(process.execPath, [...words, ...where], (error, out, err) => {
        keep('command', out + err)
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      })
    })
  const file = (name: string, content: string | Buffer) => {
    const path = join(proxy.pki.folder, name)
    writeFileSync(path, content)
    return path
  }
  const files = {
    image: file('v2.bin', maker.image),
    signature: file('v2.sig', Buffer.from(signatureOf(maker.image, maker.signer), 'base64')),
    certificate: file('signer.pem', maker.signer.certificate),
  }
  return { boss, maker, proxy, command, file, files }
}

test('an operator keeps the catalogue and updates a charge point by commands', async (t) => {
  const { maker, proxy, command, file, files } = await setUp(t)
  const signed = `--signature ${files.signature} --certificate ${files.certificate}`
  const tool = new Octt(t, proxy)
  const password = await proxy.register(tool.identity)
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()

  await t.test('[L01.FR.04][A00.FR.706] add refuses a signature that is not over the image', async () => {
    const other = file('other.bin', Buffer.alloc(5, 1))
    const { code, err } = await command(`add v2 --image ${other} ${signed} --location ${maker.url}`)
    assert.deepEqual([code, /not over this image/.test(err)], [1, true], err)
    assert.deepEqual(await proxy.store.firmware.list(), [])
  })
  await t.test('[A00.FR.706] add, list, verify', async () => {
    const added = await command(`add v2 --image ${files.image} ${signed} --location ${maker.url}`)
    assert.deepEqual([added.code, added.err], [0, ''])
    assert.match((await command('list')).out, /^v2 +100000 +2\d{3}-.* {2}- +http/m)
    const verified = await command('verify v2')
    assert.deepEqual([verified.code, verified.err], [0, ''])
    assert.equal(maker.requests(), 1)
  })
  await t.test('[L01.FR.11] update sends SignedUpdateFirmware, and tells how it ends', async () => {
    const ended = command('update CP-1 v2 --json')
    const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
    const requestId = asked['requestId']
    const status = { status: 'Installed', requestId }
    const { result } = await tool.line.call('s1', 'SignedFirmwareStatusNotification', status)
    assert.deepEqual(result, {})
    const { code, out } = await ended
    assert.equal(code, 0)
    assert.match(out, /Installed/)
    assert.match((await command('status CP-1')).out, /^status +Installed$/m)
    await tool.quiet()
  })
  await t.test('[L01.FR.02] a refused certificate is told as such', async () => {
    const ended = command('update CP-1 v2')
    await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'InvalidCertificate' })
    const { code, err } = await ended
    assert.equal(code, 1)
    assert.match(err, /InvalidCertificate.*\(refused\)/)
  })
  await t.test('[A00.FR.706] an image that has changed is not handed on', async () => {
    maker.serve(Buffer.alloc(100_000, 3))
    const { code, err } = await command('verify v2')
    assert.equal(code, 1)
    assert.match(err, /\(image_differs\)/)
    maker.serve(maker.image)
  })
  await t.test('remove takes it out', async () => {
    assert.equal((await command('remove v2')).code, 0)
    const { code, err } = await command('update CP-1 v2')
    assert.deepEqual([code, /no firmware v2/.test(err)], [1, true])
    await tool.quiet()
  })
})

test('[A00.FR.706] [A00.FR.702] no charge point hears of an image whose certificate is wrong', async (t) => {
  const { boss, maker, proxy } = await setUp(t)
  const tool = new Octt(t, proxy)
  const password = await proxy.register(tool.identity)
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()
  const { root } = maker
  const days = 86_400_000
  const wrong = {
    certificate_untrusted: await proxy.pki.cpo.chargePoint({ eku: ['1.3.6.1.5.5.7.3.3'] }),
    certificate_usage: await root.chargePoint({ eku: ['1.3.6.1.5.5.7.3.2'] }),
    certificate_dates: await root.chargePoint({
      eku: ['1.3.6.1.5.5.7.3.3'],
      notBefore: Date.now() - 3 * days,
      notAfter: Date.now() - days,
    }),
    certificate_revoked: maker.signer,
  }
  await proxy.store.denied.add({
    target: { kind: 'fingerprint', fingerprint: maker.signer.x509.fingerprint256 },
    identity: null,
    by: 'operator',
    note: 'key lost',
    at: Date.now(),
    expiresAt: null,
  })
  for (const [code, signer] of Object.entries(wrong)) {
    await t.test(code, async () => {
      const signature = signatureOf(maker.image, signer)
      await proxy.store.firmware.put(maker.entry({ chain: signer.chain, signature }))
      const answer = await boss.ask(proxy, 'POST', '/charge-points/CP-1/firmware', { name: 'v2' })
      assert.equal(answer.status, 409)
      assert.match(String(answer.body.detail), new RegExp(`\\(${code}`))
      assert.equal(maker.requests(), 0, 'nothing is fetched for a certificate that is wrong')
      await tool.quiet()
    })
  }
})
