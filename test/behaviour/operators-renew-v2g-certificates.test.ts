import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { splitPem } from '../../src/pki/certificate.ts'
import { makeAuthority } from '../support/authority.ts'
import { commandLine } from '../support/command-line.ts'
import { operator } from '../support/operator.ts'
import { forms, startBothForms } from '../support/plug-and-charge.ts'

const v2g = { local: { certificate: 'v2g.pem', key: 'v2g.key' } }
const identities = { DataTransfer: 'CP-1', native: 'CP-2' } as const
const serialNumbers = { DataTransfer: 'SN-0001', native: 'SN of CP-2' } as const

test('[A02.FR.04] an operator has a charge point renew what it shows to vehicles', {
  timeout: 300_000,
}, async (t) => {
  const root = await makeAuthority({ name: 'V2G root', o: 'V2G' })
  const boss = operator(t)
  const signCertificate = { mode: 'serve', authority: v2g }
  const options = {
    admin: boss.section,
    plugAndCharge: { signCertificate },
    files: { 'v2g.pem': root.certificate, 'v2g.key': root.key },
  }
  const setting = await startBothForms(t, options, (form) => ({
    model: { vendor: 'Example', model: 'One', serialNumber: serialNumbers[form] },
    plugAndCharge: true,
  }))
  const { proxy, points } = setting
  const command = commandLine(proxy, boss)
  const renew = (form: 'DataTransfer' | 'native', more = '') =>
    command(`certificates renew ${identities[form]} --type v2g${more}`)
  for (const form of forms) {
    const point = points[form]
    point.configuration.put('CpoName', 'Example CPO')
    await t.test(`asked, signed and taken, ${form}`, async () => {
      assert.equal(point.plugAndCharge.v2gChain, null)
      const { code, out, err } = await renew(form)
      assert.deepEqual([code, out], [0, `${identities[form]}: it took its new V2G certificate\n`], err)
      const leaf = () => new X509Certificate(splitPem(point.plugAndCharge.v2gChain ?? '')[0] ?? '')
      const first = leaf()
      assert.ok(first.verify(root.x509.publicKey))
      assert.equal((await renew(form)).code, 0)
      assert.ok(!leaf().publicKey.equals(first.publicKey), 'a new key each time')
    })
    await t.test(`what it refuses is told, ${form}`, async () => {
      for (const [trigger, why] of [
        ['Rejected', /answered the trigger with Rejected \(refused\)/],
        ['NotImplemented', /does not know the trigger SignV2GCertificate \(not_supported\)/],
      ] as const) {
        point.behaveAboutCertificates({ trigger })
        const { code, err } = await renew(form)
        assert.equal(code, 1)
        assert.match(err, why)
      }
      point.behaveAboutCertificates({ trigger: 'Accepted' })
      // Of another organization.
      point.configuration.put('CpoName', 'Somebody else')
      const { code, err } = await renew(form)
      assert.equal(code, 1)
      assert.match(err, /its request was answered Rejected: csr_organization: .*\(request_rejected\)/)
      point.configuration.put('CpoName', 'Example CPO')
    })
  }
  await t.test('a charge point without ISO 15118 says so', async () => {
    await proxy.register('CP-3', { serialNumber: 'SN-3' })
    const plain = proxy.chargePoint('basic-auth-tls', { identity: 'CP-3' })
    await plain.connect()
    const { code, err } = await command('certificates renew CP-3 --type v2g')
    assert.equal(code, 1)
    assert.match(err, /CP-3: it does not know TriggerMessage \(not_supported\)/)
  })
  await t.test('[A00.FR.206] nothing is sent over a line without TLS', async () => {
    await proxy.register('CP-4', { serialNumber: 'SN-4' })
    const open = proxy.chargePoint('basic-auth', { identity: 'CP-4' })
    await open.connect()
    const { code, err } = await command('certificates renew CP-4 --type v2g')
    assert.equal(code, 1)
    assert.match(err, /messages\.overInsecureProfiles\) \(prerequisite\)/)
  })
  await t.test('wrong use ends with 2', async () => {
    assert.equal((await renew('native', ' --reconnect')).code, 2)
    assert.equal((await command('certificates renew CP-1 --type mo')).code, 2)
  })
  await t.test('where the central system signs, nothing is sent', async () => {
    assert.equal(await proxy.reload({ plugAndCharge: { signCertificate: { mode: 'pass' } } }), 'reloaded')
    for (const form of forms) {
      const { code, err } = await renew(form)
      assert.equal(code, 1)
      assert.match(err, /plugAndCharge\.signCertificate does not serve.* \(prerequisite\)/)
    }
  })
  setting.assertUnseen()
})
