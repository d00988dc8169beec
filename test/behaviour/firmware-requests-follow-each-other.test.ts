import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firmwareScript } from '../conformance/firmware-script.ts'
import { commandLine } from '../support/command-line.ts'
import { until } from '../support/elsewhere.ts'

const core = (status: string) => ['FirmwareStatusNotification', { status }] as const

test('[L01.FR.26] [L01.FR.27] a central system that asks again while an update is under way', async (t) => {
  const { proxy, tool, update, report, central, boss } = await firmwareScript(t, 'ecdsa')
  const told: (readonly [string, object])[] = []
  const tells = (status: string) => {
    told.push(core(status))
    return central(told)
  }
  await update()
  const first = (await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' }))['requestId']
  await report('Downloading', first as number)
  await tells('Downloading')

  await t.test('Rejected: DownloadFailed is told, and then how the first goes on', async () => {
    await update()
    const second = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Rejected' })
    assert.ok((second['requestId'] as number) > (first as number))
    await tells('DownloadFailed')
    await report('Downloaded', first as number)
    await tells('Downloaded')
  })
  let third = 0
  await t.test(
    'AcceptedCanceled: the statuses of the new one are told, late ones of the old are not',
    async () => {
      await update()
      const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'AcceptedCanceled' })
      third = asked['requestId'] as number
      await report('Downloading', third)
      await tells('Downloading')
      await report('InstallationFailed', first as number)
      await central(told)
    },
  )
  await t.test('an operator who takes its place is told to it, and not how that ends', async () => {
    const ended = commandLine(proxy, boss)('firmware update CP-1 v2')
    const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'AcceptedCanceled' })
    await tells('DownloadFailed')
    await report('Installed', asked['requestId'] as number)
    const { code, out } = await ended
    assert.deepEqual([code, /Installed/.test(out)], [0, true], out)
    await central(told)
  })
  await t.test('and an operator hears that the central system took the place of his', async () => {
    const ended = commandLine(proxy, boss)('firmware update CP-1 v2')
    await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
    // His command waits for the end by then.
    await until(async () => (await proxy.store.firmware.updateOf('CP-1'))?.accepted === true)
    await update()
    const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'AcceptedCanceled' })
    const { code, err } = await ended
    assert.deepEqual([code, /another update took its place.*\(update_failed\)/.test(err)], [1, true], err)
    await report('Installed', asked['requestId'] as number)
    await tells('Installed')
  })
})

test('[L01.FR.20] an UpdateFirmware that was answered is not lost with the proxy', async (t) => {
  const { proxy, maker, tool, password, update, statuses, told, hold } = await firmwareScript(t, 'ecdsa')
  hold()
  await update()
  await until(async () => maker.requests() === 1)
  proxy.process.signal('SIGKILL')
  await proxy.process.exit
  await proxy.start()
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()
  await tool.call('Heartbeat', {})
  await statuses(['DownloadFailed'])
  assert.partialDeepStrictEqual(await told(), { accepted: false, untold: [] })
})

test('[L01.FR.20] a charge point that goes away without an answer: DownloadFailed is told once, and then what it reports', async (t) => {
  const { proxy, tool, password, update, report, statuses } = await firmwareScript(t, 'ecdsa')
  await update()
  const { payload } = await tool.line.asked('SignedUpdateFirmware')
  const gone = proxy.central.nextClose({ identity: 'CP-1' })
  tool.line.terminate()
  await gone
  for (let connection = 0; connection < 2; connection += 1) {
    await tool.connect('basic-auth-tls', { password })
    await tool.boot()
    await tool.call('Heartbeat', {})
    await statuses(['DownloadFailed'])
    if (connection === 0) await tool.close()
  }
  await report('Installed', payload.requestId as number)
  await statuses(['DownloadFailed', 'Installed'])
})

test('[L01.FR.20] forward: a central system that knows the messages gets its own, and none of an operator', async (t) => {
  const { proxy, maker, tool, report, boss } = await firmwareScript(t, 'ecdsa')
  const firmware = { trust: ['maker-root.pem'], networks: ['127.0.0.0/8'] }
  const centralSystem = { securityMessages: 'forward' }
  assert.equal(await proxy.reload({ firmware, centralSystem }), 'reloaded')
  const foreign = () =>
    proxy.central
      .messages(tool.identity)
      .flatMap(({ message }) =>
        message?.kind === 'call' && message.action.startsWith('Signed') ? [message.payload] : [],
      )

  await t.test('UpdateFirmware passes as it is', async () => {
    const payload = { location: maker.url, retrieveDate: '2026-11-26T12:00:00Z' }
    const sent = proxy.central.send(tool.identity, 'UpdateFirmware', payload)
    assert.deepEqual(await tool.expect('UpdateFirmware', 'central system', {}), payload)
    assert.partialDeepStrictEqual(await sent, { kind: 'result' })
  })
  await t.test("an operator's update is answered by the proxy", async () => {
    const ended = commandLine(proxy, boss)('firmware update CP-1 v2')
    const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
    for (const status of ['Downloading', 'Installed']) await report(status, asked['requestId'] as number)
    assert.equal((await ended).code, 0)
    assert.deepEqual(foreign(), [])
  })
  await t.test("the central system's own goes to it", async () => {
    const status = { status: 'Downloading', requestId: 4 }
    await tool.line.call('own', 'SignedFirmwareStatusNotification', status).catch(() => {})
    assert.deepEqual(foreign(), [status])
  })
})

test('[L01.FR.20] withoutSupport: none: a charge point without L01 gets no plain update', async (t) => {
  const { proxy, tool, update, central } = await firmwareScript(t, 'ecdsa', { withoutSupport: 'none' })
  await update()
  const { id } = await tool.line.asked('SignedUpdateFirmware')
  tool.line.send(JSON.stringify([4, id, 'NotImplemented', '', {}]))
  await central([core('DownloadFailed')])
  await t.test('and is asked anew the next time, because an update may have brought it', async () => {
    await update()
    await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
    await central([core('DownloadFailed')])
  })
  assert.equal(await proxy.stop(), 0)
  const events = await proxy.store.events.list({ limit: 50 })
  assert.ok(events.some(({ type, identity }) => type === 'FirmwareUpdateRefused' && identity === 'CP-1'))
})
