import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeMaker, makerSection } from '../support/firmware.ts'
import type { LogLine } from '../support/log-lines.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'

test('[TC_080_CSMS][TC_081_CSMS][L01.FR.20] the simulated charge point verifies what it gets, and the central system reads how it ends', async (t) => {
  const maker = await makeMaker(t)
  const proxy = await startProxy(t, {
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: { ...makerSection, verifyImage: 'once' },
  })
  await proxy.register()
  // Verified when it was added: what the server gives later is for the charge point to find out.
  await proxy.store.firmware.put(maker.entry({ verifiedAt: Date.now() }))
  const chargePoint = proxy.chargePoint('basic-auth-tls', { firmware: { trust: maker.root.certificate } })
  await chargePoint.connect()
  await chargePoint.boot()

  const told = () =>
    proxy.central.messages('CP-1').flatMap(({ message }) => {
      if (message?.kind !== 'call' || message.action !== 'FirmwareStatusNotification') return []
      return [message.payload.status]
    })
  const update = async (end: string) => {
    const from = told().length
    const answer = await proxy.central.send('CP-1', 'UpdateFirmware', {
      location: maker.url,
      retrieveDate: new Date().toISOString(),
    })
    assert.partialDeepStrictEqual(answer, { kind: 'result', payload: {} })
    while (!told().slice(from).includes(end)) await proxy.central.nextMessage({ identity: 'CP-1' })
    return told().slice(from)
  }

  await t.test('a good image', async () => {
    const statuses = ['Downloading', 'Downloaded', 'Downloaded', 'Installing', 'Installed']
    assert.deepEqual(await update('Installed'), statuses)
  })
  await t.test('an image that was changed on the server', async () => {
    maker.serve(Buffer.alloc(maker.image.length, 9))
    const statuses = ['Downloading', 'Downloaded', 'InstallationFailed']
    assert.deepEqual(await update('InstallationFailed'), statuses)
  })
  assert.deepEqual(proxy.central.foreign('CP-1'), [], 'the central system saw nothing but the core')
})

test('[TC_080_CSMS][L01.FR.20] an update that is for later, and restarts the charge point, is told to its end', async (t) => {
  const boss = operator(t)
  const maker = await makeMaker(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: makerSection,
  })
  await proxy.register()
  await proxy.store.firmware.put(maker.entry())
  const trust = maker.root.certificate
  const chargePoint = proxy.chargePoint('basic-auth-tls', { firmware: { trust, fault: 'reboot' } })
  await chargePoint.connect()
  await chargePoint.boot()
  const later = (ms: number) => new Date(Date.now() + ms).toISOString()
  const { status, body } = await boss.ask(proxy, 'POST', '/charge-points/CP-1/firmware', {
    ...{ name: 'v2', retrieveAt: later(1_000), installAt: later(2_000) },
  })
  assert.equal(status, 200, JSON.stringify(body))
  assert.match(String(body.detail), /Installed/)
  const isLast = ({ msg, status }: LogLine) =>
    msg === 'SignedFirmwareStatusNotification' && status === 'Installed'
  await proxy.log.wait('the last status', isLast)
  const reported = proxy.log.all.flatMap(({ msg, status }) =>
    msg === 'SignedFirmwareStatusNotification' ? [status] : [],
  )
  assert.deepEqual(
    reported.filter((one) => one !== 'DownloadScheduled' && one !== 'InstallScheduled'),
    ['Downloading', 'Downloaded', 'SignatureVerified', 'Installing', 'InstallRebooting', 'Installed'],
  )
  const boots = proxy.central
    .messages('CP-1')
    .filter(({ message }) => message?.kind === 'call' && message.action === 'BootNotification')
  assert.equal(boots.length, 2)
})
