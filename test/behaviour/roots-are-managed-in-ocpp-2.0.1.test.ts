import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { makeAuthority } from '../support/authority.ts'
import { commandLine } from '../support/command-line.ts'
import { both } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'

const settings = { canary: 0, perMinute: 1000, onlyIdle: false, retryAfterMs: 1000, attempts: 2 }

test('roots of a charging station of OCPP 2.0.1 are listed, installed and deleted natively', async (t) => {
  const boss = operator(t)
  const central = createCentralSystem({ subprotocols: ['ocpp2.0.1'] })
  const { url } = await central.listen()
  t.after(() => central.close())
  const proxy = await startProxy(t, {
    admin: boss.section,
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url },
  })
  await proxy.register()
  const station = proxy.chargePoint('basic-auth-tls', {
    subprotocols: ['ocpp2.0.1'],
    rootBehaviour: { form: 'leading-zeros' },
  })
  await station.connect()
  await station.boot()
  const command = commandLine(proxy, boss)
  const file = async (name: string) => {
    const path = join(proxy.pki.folder, `${name}.pem`)
    writeFileSync(path, (await makeAuthority({ name })).certificate)
    return path
  }
  const one = await file('one')

  await t.test('[M03.FR.01][M03.FR.02][M03.FR.03] what it holds, and what it does not', async () => {
    const asked = await command('certificates roots CP-1 --refresh --type CSMSRootCertificate')
    assert.deepEqual([asked.code, asked.err], [0, ''])
    assert.match(asked.out, /^CentralSystemRootCertificate: 1, as of /)
    assert.match((await command('certificates roots CP-1 --refresh --type mo')).out, /^MORootCertificate: 0,/)
  })
  for (const type of ['central-system', 'manufacturer', 'v2g', 'mo']) {
    await t.test(
      `[M05.FR.01][M05.FR.02][M04.FR.01][M04.FR.02][M04.FR.07] ${type}: there, and gone`,
      async () => {
        for (const line of [
          `certificates install-root CP-1 ${one} --type ${type}`,
          `certificates delete-root CP-1 --certificate ${one} --type ${type}`,
        ]) {
          const done = await command(line)
          assert.deepEqual([done.code, done.err], [0, ''], line)
        }
      },
    )
  }
  await t.test('[M05.FR.03][M05.FR.07][M04.FR.03][M04.FR.04] it says no', async () => {
    const { certificate } = await makeAuthority({ name: 'two' })
    const tell = async (rest: string) => {
      const body = { certificateType: 'V2GRootCertificate', certificate }
      const { body: told } = await boss.ask(
        proxy,
        'POST',
        `/charge-points/CP-1/root-certificates${rest}`,
        body,
      )
      return told.ok === true ? 'ok' : told.code
    }
    for (const [install, code] of [
      ['failed', 'refused'],
      ['refuse', 'refused'],
      ['error', 'no_answer'],
      ['pretend', 'not_verified'],
      ['obey', 'ok'],
    ] as const) {
      station.behaveAboutRoots({ install })
      assert.equal(await tell(''), code, install)
    }
    for (const [remove, code] of [
      ['failed', 'refused'],
      ['not-found', 'not_found'],
      ['pretend', 'not_verified'],
      ['obey', 'ok'],
    ] as const) {
      station.behaveAboutRoots({ remove })
      assert.equal(await tell('/delete'), code, remove)
    }
  })
  await t.test('[M04.FR.07] the last CSMSRootCertificate stays', async () => {
    const { body } = await boss.ask(proxy, 'POST', '/charge-points/CP-1/root-certificates/delete', {
      certificateType: 'CentralSystemRootCertificate',
      certificate: proxy.pki.serverRoot,
    })
    assert.partialDeepStrictEqual(body, { code: 'prerequisite' })
    assert.equal(station.roots.list('CentralSystemRootCertificate').length, 1)
  })
  await t.test('[M05.FR.01] a campaign installs one', async () => {
    const { certificate } = await makeAuthority({ name: 'of a campaign' })
    const root = { certificateType: 'ManufacturerRootCertificate', certificate }
    const body = { kind: 'install-root', selection: { all: true }, settings, root }
    const made = await boss.ask(proxy, 'POST', '/campaigns', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    await proxy.log.wait('its end', ({ msg, state }) => msg === 'campaign' && state !== 'running')
    assert.equal(station.roots.list('ManufacturerRootCertificate').length, 1)
  })
  await t.test('the central system saw none of it', () => {
    const actions = central.messages('CP-1').map(({ text }) => JSON.parse(text)[2])
    assert.deepEqual([...new Set(actions)], ['BootNotification'])
  })
})
