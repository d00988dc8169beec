import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firmwareScript } from '../conformance/firmware-script.ts'
import { until } from '../support/elsewhere.ts'

test('[L01.FR.20] a campaign whose proxy was killed follows the request that is under way, and sends none twice', async (t) => {
  const { proxy, tool, password, report, boss } = await firmwareScript(t, 'ecdsa')
  const created = await boss.ask(proxy, 'POST', '/campaigns', {
    ...{ kind: 'update-firmware', firmware: { name: 'v2' }, selection: { all: true } },
    settings: { canary: 0, onlyIdle: false, attempts: 1 },
  })
  assert.equal(created.status, 201, JSON.stringify(created.body))
  const asked = await tool.expect('SignedUpdateFirmware', 'proxy', { status: 'Accepted' })
  const requestId = asked.requestId as number
  await report('Downloading', requestId)
  await until(async () => (await proxy.store.firmware.updateOf('CP-1'))?.accepted === true)
  proxy.process.signal('SIGKILL')
  await proxy.process.exit
  await proxy.start()
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()
  await report('Installed', requestId)
  const { id } = created.body
  const isEnd = (line: { campaign?: unknown; state?: unknown }) =>
    line.campaign === id && line.state === 'finished'
  await proxy.log.wait('the end', isEnd, 0)
  const { body } = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
  const [item] = body.items as { state: string; detail: string }[]
  assert.deepEqual([item?.state, item?.detail], ['done', `it reported Installed (request ${requestId})`])
  // Nothing else was asked of it, and the central system has heard of nothing: it did not ask.
  await tool.line.barrier()
  assert.deepEqual(tool.line.unread, [])
  const told = proxy.central.messages('CP-1').map(({ text }) => text)
  assert.ok(told.every((text) => !text.includes('Firmware')))
})
