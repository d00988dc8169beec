import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeMaker, makerSection } from '../support/firmware.ts'
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
