import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { secret } from '../support/secrets.ts'
import { assertUnauthorized, Octt, play } from './octt.ts'

test('[TC_085_CSMS] Basic authentication', async (t) => {
  const proxy = await startProxy(t)
  for (const [listener, rule] of [
    ['basic-auth', 'A00.FR.202'],
    ['basic-auth-tls', 'A00.FR.302'],
  ] as const) {
    await t.test(`[TC_085_CSMS] on ${listener}`, async (t) => {
      const tool = new Octt(t, proxy, `of-${listener}`)
      const password = await proxy.register(tool.identity)
      await play(t, tool, [
        [
          `[TC_085_CSMS][${rule}] an upgrade without Authorization is refused`,
          async () => assertUnauthorized(await tool.refused(listener)),
        ],
        [
          '[TC_085_CSMS][TC_A_02_CSMS][A00.FR.204] and one whose user name is not the identity',
          async () => {
            const username = `${tool.identity}Invalid`
            assertUnauthorized(await tool.refused(listener, { password, username }))
          },
        ],
        [
          `[TC_085_CSMS][TC_A_03_CSMS][${rule}] and one with another password`,
          async () => {
            const other = secret('password', Buffer.from(randomBytes(20).toString('hex')))
            assertUnauthorized(await tool.refused(listener, { password: other }))
          },
        ],
        [
          '[TC_085_CSMS] one with identity and password is accepted, and served',
          async () => {
            await tool.connect(listener, { password })
            await tool.boot()
            await tool.call('Heartbeat', {})
            await tool.close()
          },
        ],
      ])
    })
  }
})
