import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { firmwareScript } from './firmware-script.ts'

const folder = opensslFolder()
const isCore = (status: string) => ['FirmwareStatusNotification', { status }] as const

for (const kind of ['rsa', 'ecdsa'] as const) {
  test(`[TC_080_CSMS][L01.FR.11][L01.FR.20] secure firmware update, ${kind}`, needsOpenssl, async (t) => {
    const { maker, tool, update, report, central, told } = await firmwareScript(t, kind)
    await update()
    const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
    assert.partialDeepStrictEqual(asked, {
      retries: 2,
      retryInterval: 60,
      firmware: { location: maker.url, retrieveDateTime: '2026-11-26T12:00:00Z' },
    })
    const { requestId, firmware } = asked as {
      requestId: number
      firmware: { signingCertificate: string; signature: string }
    }
    assert.ok(Number.isInteger(requestId))

    await t.test(`[L01.FR.11] the openssl tool verifies the signature (${kind})`, () => {
      const name = (file: string) => `${kind}-${file}`
      folder.write(name('certificate.pem'), firmware.signingCertificate)
      folder.write(name('image.bin'), maker.image)
      folder.write(name('signature.bin'), Buffer.from(firmware.signature, 'base64'))
      const key = folder.run('x509', '-in', name('certificate.pem'), '-pubkey', '-noout')
      folder.write(name('key.pem'), key)
      const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:auto']
      const output = folder.run(
        ...['dgst', '-sha256', ...(kind === 'rsa' ? pss : []), '-verify', name('key.pem')],
        ...['-signature', name('signature.bin'), name('image.bin')],
      )
      assert.match(output, /Verified OK/)
      folder.write(name('root.pem'), maker.root.certificate)
      const path = folder.run('verify', '-CAfile', name('root.pem'), name('certificate.pem'))
      assert.match(path, /OK/)
    })

    for (const status of ['Downloading', 'Downloaded', 'SignatureVerified', 'Installing', 'InstallRebooting'])
      await report(status, requestId)
    await tool.boot()
    await report('Installed', requestId)
    await central([
      isCore('Downloading'),
      isCore('Downloaded'),
      isCore('Downloaded'),
      isCore('Installing'),
      isCore('Installing'),
      ['BootNotification', { chargePointVendor: 'Tool', chargePointModel: 'Scripted' }],
      ['StatusNotification', { connectorId: 0, errorCode: 'NoError', status: 'Available' }],
      isCore('Installed'),
    ])
    assert.partialDeepStrictEqual(await told(), {
      requestId,
      status: 'Installed',
      untold: [],
      isSigned: true,
    })
  })
}
