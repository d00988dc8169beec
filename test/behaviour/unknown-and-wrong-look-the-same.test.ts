import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { RawClient, type RawOptions, upgradeRequest } from '../support/raw-client.ts'

test('an answer does not tell an unknown identity from a wrong password', async (t) => {
  const proxy = await startProxy(t, { limits: { failuresPerIdentity: 3 } })
  await proxy.register('CP-1')
  await proxy.register('CP-2', { password: Buffer.from('a password of a person'), isText: true })
  await proxy.register('CP-3', { blocked: true })
  await proxy.register('CP-4', { securityProfile: 3 })
  await proxy.register('CP-5', { credential: null })

  for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
    await t.test(`[CWE-204] byte for byte the same on ${listener}`, async () => {
      const to: RawOptions = {
        port: proxy.port(listener),
        ...(listener === 'basic-auth' ? {} : { tls: {} }),
      }
      const answers = new Set<string>()
      const guess = async (identity: string) => {
        const client = await RawClient.connect(to)
        client.write(upgradeRequest({ identity, password: randomBytes(20) }))
        const { bytes, end } = await client.over()
        answers.add(`${end} ${bytes.toString('latin1')}`)
      }
      const identities = ['unknown', 'CP-1', 'CP-2', 'CP-3', 'CP-4', 'CP-5']
      await Promise.all(identities.map(guess))
      // Locked out by now, the one as the other.
      await Promise.all(identities.flatMap((identity) => [1, 2, 3, 4].map(() => guess(identity))))
      assert.equal(answers.size, 1, [...answers].join('\n'))
      assert.match([...answers].join(), /^closed HTTP\/1.1 401 /)
    })
  }
})
