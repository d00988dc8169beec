import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { keep } from '../support/transcript.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const settings = { canary: 0, perMinute: 1000, onlyIdle: false, retryAfterMs: 1000, attempts: 2 }

test('V2G and MO roots are listed, installed and deleted inside DataTransfer', async (t) => {
  const boss = operator(t)
  const v2g = await makeAuthority({ name: 'V2G root', o: 'V2G' })
  const sub = await v2g.intermediate({ name: 'V2G sub-CA', o: 'V2G' })
  const mo = await makeAuthority({ name: 'MO root', o: 'MO' })
  const local = { certificate: 'v2g-sub.pem', key: 'v2g-sub.key', roots: 'v2g.pem' }
  const proxy = await startProxy(t, {
    admin: boss.section,
    plugAndCharge: { signCertificate: { mode: 'serve', authority: { local } } },
    files: { 'v2g.pem': v2g.certificate, 'v2g-sub.pem': sub.certificate, 'v2g-sub.key': sub.key },
  })
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    plugAndCharge: true,
    cpoName: 'Example CPO',
    model: { serialNumber: 'SN-0001' },
    rootBehaviour: { form: 'leading-zeros' },
  })
  await chargePoint.connect()
  await chargePoint.boot()
  const command = (line: string) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const where = ['--admin-url', `http://127.0.0.1:${proxy.port('admin')}`]
      const args = [main, ...line.split(' '), ...where, '--admin-token-file', boss.section.tokenFile]
      execFile(process.execPath, args, (error, out, err) => {
        keep('command', out + err)
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      })
    })
  const file = (name: string, text: string) => {
    writeFileSync(join(proxy.pki.folder, name), text)
    return join(proxy.pki.folder, name)
  }
  const root = file('root.pem', v2g.certificate)
  const inventory = async (type: string) =>
    (await proxy.store.roots.inventory('CP-1')).find(({ certificateType }) => certificateType === type)

  await t.test('[M03.FR.02] NotFound is an empty list', async () => {
    const asked = await command('certificates roots CP-1 --refresh --type v2g')
    assert.deepEqual([asked.code, asked.err], [0, ''])
    assert.match(asked.out, /^V2GRootCertificate: 0, as of /)
  })
  await t.test(
    '[M05.FR.01] [M05.FR.02] [M03.FR.01] [M03.FR.03] [M03.FR.04] an operator installs a V2G root',
    async () => {
      const installed = await command(`certificates install-root CP-1 ${root} --type V2GRootCertificate`)
      assert.deepEqual([installed.code, installed.err], [0, ''])
      assert.equal(chargePoint.roots.list('V2GRootCertificate').length, 1)
      assert.equal(
        chargePoint.roots.list('CentralSystemRootCertificate').length,
        1,
        'the other domain is as it was',
      )
      assert.equal((await inventory('V2GRootCertificate'))?.roots[0]?.fingerprint?.length, 64)
    },
  )
  await t.test('[M05.FR.01] a campaign installs an MO root', async () => {
    const body = {
      kind: 'install-root',
      selection: { all: true },
      settings,
      root: { certificateType: 'MORootCertificate', certificate: mo.certificate },
    }
    const made = await boss.ask(proxy, 'POST', '/campaigns', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    await proxy.log.wait('its end', ({ msg, state }) => msg === 'campaign' && state !== 'running')
    assert.equal(chargePoint.roots.list('MORootCertificate').length, 1)
  })
  await t.test('[M03.FR.05] a V2GCertificateChain is listed with its children', async () => {
    assert.equal(await chargePoint.plugAndCharge.requestV2gCertificate(), true)
    await proxy.log.wait('its answer', ({ msg }) => /CertificateSigned for a V2G/.test(String(msg)))
    const asked = await command('certificates roots CP-1 --refresh --type v2g-chain --json')
    assert.equal(asked.code, 0, asked.err)
    const [chain] = (await inventory('V2GCertificateChain'))?.roots ?? []
    assert.equal(chain?.children.length, 1)
    const wrong = await command(`certificates install-root CP-1 ${root} --type v2g-chain`)
    assert.match(wrong.err, /V2GCertificateChain is no root/)
  })
  await t.test('[M05.FR.03] [M05.FR.06] [M05.FR.07] Failed and Rejected are told', async () => {
    const other = file('other.pem', (await makeAuthority({ name: 'Another V2G root' })).certificate)
    for (const [install, words] of [
      ['failed', /answered Failed/],
      ['refuse', /answered Rejected/],
    ] as const) {
      chargePoint.behaveAboutRoots({ install })
      const refused = await command(`certificates install-root CP-1 ${other} --type v2g`)
      assert.equal(refused.code, 1)
      assert.match(refused.err, words)
    }
    chargePoint.behaveAboutRoots({ install: 'obey' })
  })
  await t.test('[M04.FR.03] [M04.FR.04] Failed and NotFound are told', async () => {
    for (const [remove, words] of [
      ['failed', /answered Failed/],
      ['not-found', /answered NotFound/],
    ] as const) {
      chargePoint.behaveAboutRoots({ remove })
      const refused = await command(`certificates delete-root CP-1 --certificate ${root} --type v2g`)
      assert.match(refused.err, words)
    }
    chargePoint.behaveAboutRoots({ remove: 'obey' })
  })
  await t.test(
    '[M04.FR.01] [M04.FR.02] [M04.FR.07] an operator deletes it, by the hash data as reported',
    async () => {
      const deleted = await command(`certificates delete-root CP-1 --certificate ${root} --type v2g`)
      assert.deepEqual([deleted.code, deleted.err], [0, ''])
      assert.deepEqual(chargePoint.roots.list('V2GRootCertificate'), [])
    },
  )
  await t.test('a charge point without Plug & Charge is told of', async () => {
    await proxy.register('CP-2')
    const other = proxy.chargePoint('basic-auth-tls', { identity: 'CP-2' })
    await other.connect()
    const asked = await command('certificates roots CP-2 --refresh --type mo')
    assert.equal(asked.code, 1)
    assert.match(asked.err, /not_supported/)
  })
  await t.test('the central system saw none of it', () => {
    assert.ok(!proxy.centralEvents.some((event) => /DataTransfer|15118/.test(JSON.stringify(event))))
  })
})
