import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { makeAuthority } from '../support/authority.ts'
import { hashDataOf } from '../usecases/root-certificates/setting.ts'
import { folderOf, simulate } from './simulated.ts'

test('[M03.FR.04] charge-point: its roots and how it tells of them come from flags', async (t) => {
  const folder = folderOf(t)
  const [ca, maker] = [await makeAuthority({ name: 'ca' }), await makeAuthority({ name: 'maker' })]
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const central = createCentralSystem({})
  const { url } = await central.listen()
  t.after(() => central.close())
  const run = simulate(
    ...['charge-point', '--url', url, '--id', 'CP-1', '--quiet', '--ca', file('ca.pem', ca.certificate)],
    ...['--manufacturer-root', file('maker.pem', maker.certificate), '--root-store', '2', '--root-check'],
    ...['--root-hash', 'SHA512', '--root-hash-form', 'upper', '--on-root-delete', 'failed'],
  )
  await central.nextMessage({ action: 'BootNotification' })
  const ask = async (action: string, payload: object) => {
    const outcome = await central.send('CP-1', action, payload as never)
    assert.ok(outcome.kind === 'result', JSON.stringify(outcome))
    return outcome.payload
  }
  const data = hashDataOf(maker, maker, 'SHA512')
  const certificateType = 'ManufacturerRootCertificate'
  assert.partialDeepStrictEqual(await ask('GetInstalledCertificateIds', { certificateType }), {
    status: 'Accepted',
    certificateHashData: [{ hashAlgorithm: 'SHA512', issuerKeyHash: data.issuerKeyHash.toUpperCase() }],
  })
  assert.deepEqual(await ask('DeleteCertificate', { certificateHashData: data }), { status: 'Failed' })
  const certificate = ca.certificate
  assert.deepEqual(await ask('InstallCertificate', { certificateType, certificate }), { status: 'Rejected' })
  const key = ['AdditionalRootCertificateCheck', 'CertificateStoreMaxLength']
  assert.partialDeepStrictEqual(await ask('GetConfiguration', { key }), {
    configurationKey: [{ value: 'true' }, { value: '2' }],
  })
  run.interrupt()
  await run.ended
  assert.equal(run.code, 0)
})

test('charge-point: flags about roots that make no sense end with 2', async () => {
  for (const wrong of [
    ['--root-hash', 'MD5'],
    ['--root-hash-form', 'mixed'],
    ['--root-store', 'x'],
    ['--on-root-install', 'no'],
    ['--manufacturer-root', '/none/such.pem'],
  ]) {
    const run = simulate('charge-point', '--url', 'ws://127.0.0.1:1/ocpp', '--once', ...wrong)
    await run.ended
    assert.equal(run.code, 2, wrong.join(' '))
  }
})
