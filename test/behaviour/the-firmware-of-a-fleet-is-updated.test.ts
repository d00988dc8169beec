import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FirmwareSettings } from '../../src/simulator/firmware-commands.ts'
import { commandLine } from '../support/command-line.ts'
import { makeMaker, makerSection } from '../support/firmware.ts'
import { startLogProxy } from '../support/log-proxy.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'

test('[L01.FR.20] [L01.FR.11] [A00.FR.706] a campaign updates a fleet, signed and plain, and tells of each how it ended', async (t) => {
  const boss = operator(t)
  const maker = await makeMaker(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: makerSection,
  })
  await proxy.store.firmware.put(maker.entry())
  const command = commandLine(proxy, boss)
  const trust = maker.root.certificate
  const fleet: Readonly<Record<string, FirmwareSettings>> = {
    'CP-1': { trust },
    'CP-2': { trust: null },
    'CP-3': { trust, fault: 'InvalidSignature' },
    'CP-4': { trust, fault: 'InvalidCertificate' },
    'CP-5': { trust, fault: 'mute' },
  }
  for (const [identity, firmware] of Object.entries(fleet)) {
    await proxy.register(identity)
    const chargePoint = proxy.chargePoint('basic-auth-tls', { identity, firmware })
    await chargePoint.connect()
    await chargePoint.boot()
  }

  const begun = await command(
    'campaign create update-firmware --firmware v2 --all --any-time --canary 0 --concurrency 5 --pace 6000 --attempts 1 --max-failures 9 --timeout 15s --json',
  )
  assert.equal(begun.code, 0, begun.err)
  const { id } = JSON.parse(begun.out)
  await proxy.log.wait('the end', ({ campaign, state }) => campaign === id && state === 'finished')

  await t.test('each has its own end', async () => {
    const { body } = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
    const items = body.items as { identity: string; state: string; code: string | null; detail: string }[]
    assert.deepEqual(
      items.map(({ identity, state, code }) => [identity, state, code]),
      [
        ['CP-1', 'done', null],
        ['CP-2', 'done', null],
        ['CP-3', 'failed', 'update_failed'],
        ['CP-4', 'failed', 'refused'],
        ['CP-5', 'failed', 'update_pending'],
      ],
    )
    const details = items.map(({ detail }) => detail)
    assert.match(details[0] ?? '', /Installed \(request \d+\)/)
    assert.match(details[1] ?? '', /Installed \(plain UpdateFirmware\)/)
    assert.match(details[2] ?? '', /InvalidSignature/)
    assert.match(details[3] ?? '', /InvalidCertificate \(L01.FR.02\)/)
    assert.match((await command(`campaign show ${id}`)).out, /update-firmware, v2/)
  })
  await t.test('one fetch proves the image for all of them', () => {
    // The proxy once, and those that took it: CP-1, CP-2, CP-3.
    assert.equal(maker.requests(), 4)
  })
  await t.test('what is known of each is shown', async () => {
    assert.match((await command('firmware status CP-2')).out, /signed updates \(L01\) +no/)
    const { out } = await command('firmware status CP-5')
    assert.match(out, /taken +yes\nstatus +none so far/)
  })
  await t.test('the central system has seen the plain updates, and nothing of the signed ones', () => {
    for (const identity of Object.keys(fleet)) {
      assert.deepEqual(proxy.central.foreign(identity), [])
      const statuses = proxy.central
        .messages(identity)
        .filter(({ message }) => message?.kind === 'call' && message.action === 'FirmwareStatusNotification')
      assert.equal(statuses.length, identity === 'CP-2' ? 4 : 0, identity)
    }
  })
  await t.test('a campaign for an image that is not there is used wrong', async () => {
    const { code, err } = await command('campaign create update-firmware --firmware v3 --all')
    assert.equal(code, 2)
    assert.match(err, /no firmware v3 in the catalogue/)
    assert.equal((await command('campaign create update-firmware --all --at 2026-12-01T00:00Z')).code, 2)
  })
})

test('[N01.FR.01] a campaign gets the logs of a fleet', async (t) => {
  const { proxy, boss } = await startLogProxy(t)
  const command = commandLine(proxy, boss)
  for (const identity of ['CP-1', 'CP-2']) {
    await proxy.register(identity)
    const chargePoint = proxy.chargePoint('basic-auth-tls', { identity })
    await chargePoint.connect()
    await chargePoint.boot()
  }
  const { code, out, err } = await command(
    'campaign create get-log --log SecurityLog --all --any-time --canary 0 --pace 6000 --attempts 1 --watch',
  )
  assert.equal(code, 0, err + out)
  for (const identity of ['CP-1', 'CP-2']) {
    const listed = await command(`log list ${identity}`)
    assert.match(listed.out, /SecurityLog/)
    assert.match(listed.out, /campaign/)
  }
  const { code: refusal, err: why } = await command(
    'campaign create get-log --log SecurityLog --location ftp://boss:pass@files.example/ --all',
  )
  assert.equal(refusal, 2)
  assert.match(why, /location: it must not hold a user name or password/)
})
