import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgraded, upgradeRequest } from '../support/raw-client.ts'

test('[CWE-307] whoever guesses passwords does not lock out the real charge point', async (t) => {
  const proxy = await startProxy(t, { limits: { failuresPerIdentity: 2 } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const attacker = { port, localAddress: '127.0.0.66' }
  const home = { port, localAddress: '127.0.0.7' }
  // It is known where it connects from before the guessing begins.
  const before = await upgraded(home, upgradeRequest({ password }))
  before.destroy()
  // More than enough for the bound of all strangers together too: 20 times the failures of one pair.
  const guesses = Array.from({ length: 45 }, (_, index) =>
    ask({ port, localAddress: `127.0.1.${index + 1}` }, upgradeRequest({ password: randomBytes(20) })),
  )
  for (const { status } of await Promise.all(guesses)) assert.equal(status, 401)
  for (let count = 0; count < 3; count += 1) {
    await ask(attacker, upgradeRequest({ password: randomBytes(20) }))
  }
  assert.equal((await ask(attacker, upgradeRequest({ password }))).status, 401, 'the attacker is locked out')
  const real = await upgraded(home, upgradeRequest({ password }))
  real.destroy()
})
