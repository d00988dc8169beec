import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firmwareScript } from '../conformance/firmware-script.ts'

const core = (status: string) => ['FirmwareStatusNotification', { status }] as const

test('[L01.FR.20] a request is known after a kill, and the central system hears how it ended', async (t) => {
  const script = await firmwareScript(t, 'ecdsa')
  const { proxy, maker, tool, password, update, report, central, statuses } = script
  await update()
  const { requestId } = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
  await report('Downloading', requestId as number)
  await central([core('Downloading')])
  // The last status is confirmed and on disk, and not told: as when the proxy dies in between.
  const before = await proxy.store.firmware.updateOf(tool.identity)
  assert.ok(before !== null)
  proxy.process.signal('SIGKILL')
  await proxy.process.exit
  await proxy.store.firmware.setUpdate({ ...before, status: 'Installing', untold: ['Installing'] })
  await proxy.start()
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()
  await report('Installed', requestId as number)
  await statuses(['Downloading', 'Installing', 'Installed'])
  assert.equal(maker.requests(), 1)
})

test('[L01.FR.20] TriggerMessage is translated for a charge point that runs the signed flow', async (t) => {
  const { proxy, tool, update, report, central } = await firmwareScript(t, 'ecdsa')
  const trigger = (answer: object) => {
    const sent = proxy.central.send(tool.identity, 'TriggerMessage', {
      requestedMessage: 'FirmwareStatusNotification',
    })
    return { sent, answer }
  }
  await t.test('one of which nothing is known gets it as it is', async () => {
    const { sent } = trigger({})
    await tool.expect('TriggerMessage', 'central system', { status: 'Rejected' })
    assert.partialDeepStrictEqual(await sent, { kind: 'result', payload: { status: 'Rejected' } })
  })
  await update()
  const { requestId } = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'AcceptedCanceled' })
  await report('Installed', requestId as number)
  await t.test('and then ExtendedTriggerMessage, whose Idle is told', async () => {
    const { sent } = trigger({})
    const asked = await tool.expect('ExtendedTriggerMessage', 'central system', { status: 'Accepted' })
    assert.deepEqual(asked, { requestedMessage: 'FirmwareStatusNotification' })
    assert.partialDeepStrictEqual(await sent, { kind: 'result', payload: { status: 'Accepted' } })
    const { result } = await tool.line.call('idle', 'SignedFirmwareStatusNotification', { status: 'Idle' })
    assert.deepEqual(result, {})
    await central([core('Installed'), core('Idle')])
  })
  await t.test('an Idle that nobody asked for is confirmed, and not told', async () => {
    await tool.line.call('idle-2', 'SignedFirmwareStatusNotification', { status: 'Idle' })
    await central([core('Installed'), core('Idle')])
  })
})

test('[L01.FR.20] a charge point without L01 gets the plain message, one that turns out to have it the signed one', async (t) => {
  const { maker, tool, update, central, told } = await firmwareScript(t, 'ecdsa')
  const fail = async (action: string, code: string) => {
    const { id } = await tool.line.asked(action)
    tool.line.send(JSON.stringify([4, id, code, '', {}]))
  }
  await update()
  await fail('SignedUpdateFirmware', 'NotImplemented')
  const plain = await tool.expect('UpdateFirmware', 'proxy', {})
  assert.deepEqual(plain, {
    ...{ location: maker.url, retrieveDate: '2026-11-26T12:00:00Z' },
    ...{ retries: 2, retryInterval: 60 },
  })
  await central([])
  await update()
  await fail('UpdateFirmware', 'NotSupported')
  await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'RevokedCertificate' })
  await central([core('DownloadFailed')])
  assert.equal((await told())?.isSigned, true)
})

test('[L01.FR.20] a location that is not in the catalogue is passed on, or refused', async (t) => {
  const { proxy, tool, central } = await firmwareScript(t, 'ecdsa')
  const send = () =>
    proxy.central.send(tool.identity, 'UpdateFirmware', {
      location: 'ftp://files.example/old.bin',
      retrieveDate: '2026-11-26T12:00:00Z',
    })
  const passed = send()
  await tool.expect('UpdateFirmware', 'central system', {})
  assert.partialDeepStrictEqual(await passed, { kind: 'result' })
  const firmware = { trust: ['maker-root.pem'], withoutEntry: 'refuse' }
  assert.equal(await proxy.reload({ firmware }), 'reloaded')
  assert.partialDeepStrictEqual(await send(), { kind: 'error', code: 'SecurityError' })
  await central([])
})
