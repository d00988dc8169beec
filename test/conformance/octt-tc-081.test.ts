import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firmwareScript } from './firmware-script.ts'

test('[TC_081_CSMS] invalid signature: each status is confirmed, and the central system reads InstallationFailed', async (t) => {
  // Of a test tool: a wrong signature is sent only where nobody verifies the image before.
  const script = await firmwareScript(t, 'ecdsa', { verifyImage: 'off' })
  const { proxy, maker, tool, update, report, central } = script
  const other = maker.entry({ signature: Buffer.alloc(70, 7).toString('base64') })
  await proxy.store.firmware.put(other)
  await update()
  const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
  assert.partialDeepStrictEqual(asked, { firmware: { location: maker.url, signature: other.signature } })
  const requestId = asked['requestId'] as number
  for (const status of ['Downloading', 'Downloaded', 'InvalidSignature']) await report(status, requestId)
  await central(
    ['Downloading', 'Downloaded', 'InstallationFailed'].map(
      (status) => ['FirmwareStatusNotification', { status }] as const,
    ),
  )
  assert.equal(await proxy.stop(), 0)
  const events = await proxy.store.events.list({ limit: 50 })
  assert.ok(
    events.some(({ type, identity }) => type === 'InvalidFirmwareSignature' && identity === tool.identity),
    'the security log says so',
  )
})

test('[A00.FR.706] a wrong signature is found before the charge point is told', async (t) => {
  const { proxy, maker, tool, update, central } = await firmwareScript(t, 'ecdsa')
  await proxy.store.firmware.put(maker.entry({ signature: Buffer.alloc(70, 7).toString('base64') }))
  await update()
  await central([['FirmwareStatusNotification', { status: 'DownloadFailed' }]])
  assert.equal(maker.requests(), 1)
  assert.equal(await proxy.stop(), 0)
  const entry = await proxy.store.firmware.get('v2')
  assert.match(String(entry?.problem), /^signature_invalid/)
  const events = await proxy.store.events.list({ limit: 50 })
  assert.ok(
    events.some(({ type, identity }) => type === 'InvalidFirmwareSignature' && identity === tool.identity),
  )
})
