import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RootFault } from '../../src/simulator/root-commands.ts'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

const certificateType = 'ManufacturerRootCertificate'

test('whatever a charge point makes of a message about roots, the operator is told', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => makeAuthority({ name })))
  assert.ok(one !== undefined && two !== undefined && three !== undefined)
  await proxy.register()
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    roots: { manufacturer: one.certificate, maxLength: 3 },
    backoff: { initialMs: 1, maxMs: 10 },
  })
  await assertServed(proxy, chargePoint)
  const path = '/charge-points/CP-1/root-certificates'
  const told = async (rest: string, body: object) => {
    const { status, body: answer } = await boss.ask(proxy, 'POST', `${path}${rest}`, {
      certificateType,
      ...body,
    })
    return answer.ok === true ? 'ok' : `${status} ${answer.code}`
  }
  const install = (certificate = two.certificate) => told('', { certificate })
  const remove = (certificate = one.certificate) => told('/delete', { certificate })
  const faults = (install: RootFault, remove: RootFault, list: RootFault = 'obey') =>
    chargePoint.behaveAboutRoots({ install, remove, list })

  /** Shorter while somebody is silent on purpose; a slow answer of the others is none that is missing. */
  const patience = async (callTimeout: string) =>
    assert.equal(await proxy.reload({ limits: { callTimeout } }), 'reloaded')

  await t.test('[M05.FR.03][M05.FR.07][M04.FR.03][M04.FR.04] it says no', async () => {
    faults('refuse', 'not-found')
    assert.deepEqual([await install(), await remove()], ['409 refused', '409 not_found'])
    faults('failed', 'failed')
    assert.deepEqual([await install(), await remove()], ['409 refused', '409 refused'])
  })
  await t.test('[M05.FR.02][M04.FR.02] it says yes, and lists what says no', async () => {
    faults('pretend', 'pretend')
    assert.deepEqual([await install(), await remove()], ['409 not_verified', '409 not_verified'])
  })
  await t.test('[M05.FR.01][M04.FR.01] it answers with an error, or does not list', async () => {
    faults('error', 'error')
    assert.deepEqual([await install(), await remove()], ['409 no_answer', '409 no_answer'])
    faults('obey', 'obey', 'error')
    assert.deepEqual([await install(), await remove()], ['409 error_answer', '409 error_answer'])
    faults('obey', 'obey', 'silent')
    await patience('3s')
    assert.deepEqual([await install(), await remove()], ['409 not_sent', '409 not_sent'])
    assert.equal(chargePoint.roots.list(certificateType).length, 1, 'nothing was done so far')
  })
  await t.test('[M05.FR.01][M04.FR.01] it does it and never answers: asked again, it is seen', async () => {
    faults('silent', 'silent')
    await patience('3s')
    assert.equal(await install(), '409 no_answer')
    assert.equal(await install(), 'ok')
    assert.equal(await remove(), '409 no_answer')
    assert.equal(await remove(), '409 not_found')
    await patience('60s')
  })
  await t.test('[M05.FR.06] its store is full', async () => {
    faults('obey', 'obey')
    // With the root of the servers there are three.
    assert.equal(await install(three.certificate), 'ok')
    assert.equal(await install(one.certificate), '409 refused')
  })
  await t.test('[M03.FR.01][M04.FR.01] the line is lost under way, or was never there', async () => {
    chargePoint.behaveAboutRoots({ remove: 'silent' })
    const asked = remove(three.certificate)
    while (chargePoint.roots.list(certificateType).length > 1) await chargePoint.heartbeat()
    const seen = proxy.central.nextClose({ identity: 'CP-1' })
    chargePoint.terminate()
    assert.equal(await asked, '409 no_answer')
    await seen
    assert.equal(await install(), '409 not_connected')
    assert.equal(await told('/refresh', {}), '409 not_connected')
  })
})

test('[A00.FR.206] over profile 1 nothing about roots is sent, by whomever', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  await proxy.register()
  const { certificate } = await makeAuthority()
  const chargePoint = proxy.chargePoint('basic-auth')
  await assertServed(proxy, chargePoint)
  const path = '/charge-points/CP-1/root-certificates'
  const type = { certificateType: 'CentralSystemRootCertificate' }
  for (const [rest, body] of [
    ['/refresh', {}],
    ['', { ...type, certificate }],
    ['/delete', { ...type, serialNumber: '1', force: true }],
  ] as const) {
    const answer = await boss.ask(proxy, 'POST', `${path}${rest}`, body)
    assert.partialDeepStrictEqual(answer, { status: 409, body: { code: 'prerequisite' } })
  }
  for (const action of ['InstallCertificate', 'DeleteCertificate', 'GetInstalledCertificateIds']) {
    const answer = await proxy.central.send('CP-1', action, type)
    assert.partialDeepStrictEqual(answer, { kind: 'error', code: 'SecurityError' })
  }
  assert.deepEqual(chargePoint.unsolicited.list(), [])
})
