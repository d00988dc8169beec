import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('[A05.FR.09] kill -9 right after the first success on a higher profile does not undo it', async (t) => {
  const proxy = await startProxy(t)
  const all = ['CP-1', 'CP-2', 'CP-3']
  for (const identity of all) await proxy.register(identity, { securityProfile: 1, upgradeTo: 2 })

  // Whoever has had an answer is admitted: the process dies in the moment that the charge points know.
  await Promise.all(
    all.map(async (identity) => {
      const chargePoint = proxy.chargePoint('basic-auth-tls', { identity })
      await chargePoint.connect()
      await chargePoint.heartbeat()
    }),
  )
  proxy.process.signal('SIGKILL')
  assert.equal(await proxy.process.exit, 'SIGKILL')
  await proxy.start()

  for (const identity of all) {
    await assertRefused(proxy, {
      reason: 'profile_mismatch',
      listener: 'basic-auth',
      attempt: () => refusalOf(proxy.chargePoint('basic-auth', { identity })),
      client: { stage: 'http', httpStatus: 403 },
      record: { identity },
      detail: /kept on profile 2, came on the lower profile 1/,
    })
    await proxy.chargePoint('basic-auth-tls', { identity }).connect()
  }
})
