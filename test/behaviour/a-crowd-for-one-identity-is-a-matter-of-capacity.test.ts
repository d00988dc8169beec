import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { openRawCentral } from '../support/raw-central.ts'
import { ask, RawClient, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('[CWE-770] too many that wait for one identity are told to come back, not that it is taken', async (t) => {
  const central = await openRawCentral(t)
  const proxy = await startProxy(t, { central: null, centralSystem: { url: central.url } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  // The first one waits for the central system, three more for the first; they come with one request each.
  const dialled = central.next()
  for (let count = 0; count < 4; count += 1) {
    const client = await RawClient.connect({ port })
    client.write(upgradeRequest({ password }))
    t.after(() => client.destroy())
  }
  await dialled
  await assertRefused(proxy, {
    reason: 'capacity',
    listener: 'basic-auth',
    attempt: () => ask({ port }, upgradeRequest({ password })),
    client: { status: 503, headers: { 'retry-after': '10' } as never, body: 'capacity\n' },
    record: { identity: 'CP-1' },
    detail: /wait for their turn/,
    // The first one is being dialled for; the fifth is not.
    reachesCentralSystem: true,
  })
})
