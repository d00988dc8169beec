import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RejectionRecord } from '../../src/store/store.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertServed } from '../support/refused.ts'
import { secret } from '../support/secrets.ts'

test('no password is told, right or wrong, wherever one looks', async (t) => {
  const proxy = await startProxy(t, {
    centralSystem: { authorization: 'forward' },
    log: { level: 'trace' },
  })
  const right = Buffer.from('the right password of CP-1')
  const random = Buffer.from('c3280d0a3a80ffee0123456789abcdef00112233', 'hex')
  const wrong = secret('password', Buffer.from('quite-another-password'))
  await proxy.register('CP-1', { password: right, isText: true })
  await proxy.register('CP-2', { password: random })
  const password = { bytes: right, form: 'text' } as const
  await assertServed(proxy, proxy.chargePoint('basic-auth', { password }))
  await assertServed(proxy, proxy.chargePoint('basic-auth-tls', { identity: 'CP-2' }))
  const to = { port: proxy.port('basic-auth') }
  const requests = [
    upgradeRequest({ password: wrong }),
    upgradeRequest({ password: right, username: 'CP-3' }),
    // Put in front, as some charge points do, and in places where it does not belong.
    upgradeRequest({ password: right, username: right.toString() }),
    upgradeRequest({ identity: 'CP-9', password: wrong }),
    upgradeRequest({ password: wrong, version: '8' }),
    upgradeRequest({ password: wrong }).replace('GET', 'POST'),
  ]
  const answers = await Promise.all(requests.map((request) => ask(to, request)))
  await proxy.allNoted()

  const forms = [right, random, wrong].flatMap((secret) => [
    secret.toString('latin1'),
    secret.toString('hex'),
    secret.toString('base64').replace(/=+$/, ''),
    Buffer.concat([Buffer.from('CP-1:'), secret])
      .toString('base64')
      .replace(/=+$/, ''),
  ])
  const tellsNone = (text: string) => {
    for (const form of forms) assert.ok(!text.includes(form), form)
  }
  await t.test('[A01.FR.09] in the log, at its most talkative', () => {
    assert.ok(proxy.log.raw.length > requests.length)
    tellsNone(proxy.log.raw.join('\n'))
  })
  await t.test('[A01.FR.09] in records, metrics, readiness and answers', async () => {
    const records: readonly RejectionRecord[] = await proxy.rejections()
    assert.equal(records.length, requests.length)
    tellsNone(JSON.stringify(records))
    tellsNone(JSON.stringify(await proxy.metrics()))
    tellsNone(JSON.stringify(await proxy.readiness()))
    tellsNone(JSON.stringify(answers))
  })
  await t.test('[A01.FR.08] in any file of the store', () => {
    const folder = join(proxy.pki.folder, 'data')
    const files = readdirSync(folder)
    assert.ok(files.length > 0)
    for (const file of files) tellsNone(readFileSync(join(folder, file), 'latin1'))
  })
})
