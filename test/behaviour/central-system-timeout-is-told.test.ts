import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('[OCPP-J 3.2] a central system that does not answer the upgrade is told as such', async (t) => {
  const never = Promise.withResolvers<void>()
  t.after(() => never.resolve())
  const proxy = await startProxy(t, {
    central: { beforeUpgrade: () => never.promise },
    centralSystem: { connectTimeout: '200ms' },
  })
  const password = await proxy.register()
  await assertRefused(proxy, {
    reason: 'central_system_timeout',
    listener: 'basic-auth',
    attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ password })),
    client: { status: 504, body: 'central_system_timeout\n' },
    record: { identity: 'CP-1' },
    detail: /within 200 ms/,
    reachesCentralSystem: true,
  })
})
