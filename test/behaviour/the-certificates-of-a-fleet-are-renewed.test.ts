import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { commandLine } from '../support/command-line.ts'
import { until } from '../support/elsewhere.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

test('[A02.FR.01] [A02.FR.07] a campaign renews the certificates of a fleet, and tells who refuses', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section, certificateAuthority: localAuthority })
  const command = commandLine(proxy, boss)
  const identities = ['CP-1', 'CP-2', 'CP-3'] as const
  const fleet: ChargePoint[] = []
  const certificates: string[] = []
  for (const identity of identities) {
    const serialNumber = `SN of ${identity}`
    await proxy.register(identity, { serialNumber })
    const old = await proxy.pki.cpo.chargePoint({ cn: serialNumber, days: 40 })
    certificates.push(old.x509.fingerprint256.replaceAll(':', '').toLowerCase())
    const chargePoint = proxy.withCertificate(old, {
      ...{ identity, model: { serialNumber } },
      tls: { ca: [proxy.pki.serverRoot, proxy.pki.cpo.certificate] },
      certificateBehaviour: { reconnects: true, signed: identity === 'CP-2' ? 'reject' : 'obey' },
    })
    await chargePoint.connect()
    await chargePoint.boot()
    fleet.push(chargePoint)
  }
  // Nothing to do for it: it has no certificate.
  await proxy.register('CP-4', { securityProfile: 1 })

  const begun = await command(
    'campaign create renew-certificates --expiring 45d --set-cpo-name --reconnect --any-time --canary 0 --attempts 1 --max-failures 3 --json',
  )
  assert.equal(begun.code, 0, begun.err)
  const { id } = JSON.parse(begun.out)
  await proxy.log.wait('the end', ({ campaign, state }) => campaign === id && state === 'finished')

  await t.test('two are done, and one has failed with its reason', async () => {
    const { body } = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
    const items = body.items as {
      identity: string
      state: string
      code: string | null
      detail: string | null
    }[]
    assert.deepEqual(
      items.map(({ identity, state, code }) => [identity, state, code]),
      [
        ['CP-1', 'done', null],
        ['CP-2', 'failed', 'refused'],
        ['CP-3', 'done', null],
      ],
    )
    assert.match(items[1]?.detail ?? '', /it answered Rejected; its old certificate stays valid/)
    const shown = await command(`campaign show ${id} --json`)
    assert.equal(shown.code, 0, shown.err)
  })

  // An old certificate retires once its charge point is heard over the new one.
  for (const chargePoint of fleet) await chargePoint.heartbeat()
  await until(async () => (await proxy.store.denied.list({ limit: 9 })).length === 2)
  await until(async () => (await proxy.store.renewals.get('CP-3'))?.phase === 'seen')
  await until(async () => (await proxy.store.renewals.get('CP-1'))?.phase === 'seen')

  await t.test('[A02.FR.08] old certificates retire where the new one was seen, and only there', async () => {
    const denied = await proxy.store.denied.list({ limit: 9 })
    assert.deepEqual(denied.map(({ identity, by }) => [identity, by]).toSorted(), [
      ['CP-1', 'superseded'],
      ['CP-3', 'superseded'],
    ])
    const retired = denied.map(({ target }) => (target.kind === 'fingerprint' ? target.fingerprint : ''))
    assert.deepEqual(retired.toSorted(), [certificates[0], certificates[2]].toSorted())
    const { out } = await command('certificates requests --json')
    assert.deepEqual(
      JSON.parse(out).map((one: { phase: string; origin: string }) => [one.phase, one.origin]),
      [
        ['seen', 'campaign'],
        ['refused', 'campaign'],
        ['seen', 'campaign'],
      ],
    )
  })

  await t.test('all of them work on, and the central system has seen nothing of it', async () => {
    for (const chargePoint of fleet) {
      assert.equal((await chargePoint.heartbeat()).kind, 'result')
      await chargePoint.close()
      await chargePoint.connect()
      assert.equal((await chargePoint.heartbeat()).kind, 'result')
    }
    for (const identity of identities) {
      assert.deepEqual(proxy.central.foreign(identity), [])
      const texts = proxy.central.messages(identity).map(({ text }) => text)
      assert.ok(texts.every((text) => !/Certificate|CpoName/.test(text)))
    }
    const events = await proxy.store.events.list({ type: 'InvalidChargePointCertificate', limit: 9 })
    assert.ok(events.some(({ identity, origin }) => identity === 'CP-2' && origin === 'proxy'))
  })
})
