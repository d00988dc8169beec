import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'

test("[OCPP-J 3.1.1][CWE-290] nobody connects with the identity of the proxy's own session", async (t) => {
  const proxy = await startProxy(t, {
    securityEvents: { toCentralSystem: 'DataTransfer', ownSession: { identity: 'GUARD' } },
  })
  for (const identity of ['GUARD', 'guard']) {
    const password = await proxy.register(identity)
    const from = proxy.log.all.length
    const seen = await ask(
      { port: proxy.port('basic-auth') },
      upgradeRequest({ target: `/ocpp/${identity}`, password }),
    )
    assert.partialDeepStrictEqual(seen, { status: 400, body: 'identity_invalid\n' })
    const line = await proxy.log.wait('refused', ({ reason }) => reason === 'identity_invalid', from)
    assert.match(String(line['detail']), /the proxy's own session/)
  }
})
