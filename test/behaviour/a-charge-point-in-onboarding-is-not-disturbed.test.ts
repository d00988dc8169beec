import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

test('operators leave a charge point in onboarding to the proxy, and can end its onboarding', async (t) => {
  const { section, ask } = operator(t)
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s' },
    admin: section,
  })
  await proxy.register('CP-1', { onboarding: expectedOnboarding('certificate', null, 1) })
  const certificate = await proxy.pki.factory.chargePoint({ o: 'Factory' })
  // It does not boot, so nothing is begun with it for a while; and what is begun then gets no answer.
  const commands = { ChangeConfiguration: () => ({ kind: 'none' }) as const }
  const chargePoint = proxy.withCertificate(certificate, { commands })
  await chargePoint.connect()

  await t.test('[A00.FR.806] the API shows its state and its stage', async () => {
    const { body } = await ask(proxy, 'GET', '/charge-points/CP-1')
    assert.partialDeepStrictEqual(body, {
      connected: true,
      onboarding: { via: 'certificate', state: 'running', failures: 0 },
      session: { listener: 'mutual-tls', profile: 3, stage: 'onboarding' },
    })
    const { body: list } = await ask(proxy, 'GET', '/charge-points?onboarding=running')
    assert.equal((list.items as unknown[]).length, 1)
  })

  await t.test('[A00.FR.806] a new password has to wait, its roots are listed', async () => {
    const rotated = await ask(proxy, 'POST', '/charge-points/CP-1/password', {})
    assert.match(JSON.stringify(rotated.body), /busy.*it is in onboarding/)
    const roots = await ask(proxy, 'POST', '/charge-points/CP-1/root-certificates/list', {})
    assert.doesNotMatch(JSON.stringify(roots.body), /it is in onboarding/)
  })

  await t.test('[A00.FR.806] a reload counts for it at once', async () => {
    assert.equal(await proxy.reload({ onboarding: { bootInterval: '2s' } }), 'reloaded')
    assert.partialDeepStrictEqual(await chargePoint.boot(), {
      kind: 'result',
      payload: { status: 'Pending', interval: 2 },
    })
  })

  await t.test('[A00.FR.406] an onboarding that the operator ends ends the connection', async () => {
    const { status } = await ask(proxy, 'PATCH', '/charge-points/CP-1', { onboarding: null })
    assert.equal(status, 200)
    assert.equal((await chargePoint.closed()).code, 1001)
    assert.deepEqual(proxy.centralEvents, [])
  })

  await t.test('[A00.FR.806] a drain ends it like any other', async () => {
    await ask(proxy, 'PATCH', '/charge-points/CP-1', { onboarding: { via: 'password' } })
    const held = proxy.chargePoint('basic-auth-tls')
    await held.connect()
    assert.equal(await proxy.stop(), 0)
    assert.equal((await held.closed()).code, 1001)
    assert.deepEqual(proxy.centralEvents, [])
  })
})
