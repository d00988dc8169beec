import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkFile } from '../../src/cli/check.ts'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { seal } from '../../src/store/seal.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'
import { secret } from '../support/secrets.ts'

const basic = (username: string, password: Uint8Array) =>
  `Basic ${Buffer.concat([Buffer.from(`${username}:`), password]).toString('base64')}`

test('what the central system gets as Authorization', async (t) => {
  const sealingKey = secret('sealing key', randomBytes(32))
  const environment = { username: 'proxy of {identity}', password: 'a fixed password' }
  const proxy = await startProxy(t)
  writeFileSync(`${proxy.pki.folder}/sealing.key`, sealingKey, { mode: 0o600 })
  const password = await proxy.register()

  const heard = async () => {
    const seen = proxy.central.nextConnection()
    const chargePoint = proxy.chargePoint('basic-auth')
    await chargePoint.connect()
    const { headers } = await seen
    await chargePoint.close()
    return headers.authorization
  }

  await t.test('strip, the default: none', async () => {
    assert.equal(await heard(), undefined)
  })
  await t.test('[A00.FR.205] forward: that of the charge point, its bytes as they are', async () => {
    assert.equal(await proxy.reload({ centralSystem: { authorization: 'forward' } }), 'reloaded')
    assert.equal(await heard(), basic('CP-1', password))
  })
  await t.test('a fixed one, with a template as its name', async () => {
    assert.equal(await proxy.reload({ centralSystem: { authorization: environment } }), 'reloaded')
    assert.equal(await heard(), basic('proxy of CP-1', Buffer.from(environment.password)))
  })
  await t.test('one of its own for each charge point, which is stored sealed', async () => {
    const secret = randomBytes(16)
    await proxy.store.registry.update('CP-1', { upstreamSecret: seal(sealingKey, 'CP-1', secret) })
    proxy.rewriteConfig({
      centralSystem: { authorization: 'perChargePoint' },
      store: { sealingKeyFile: 'sealing.key' },
    })
    assert.equal(await proxy.stop(), 0)
    await proxy.start()
    assert.equal(await heard(), basic('CP-1', secret))
  })
  await t.test('[CWE-636] sealed with a key that was lost: refused as such, and told of', async () => {
    assert.equal(await proxy.stop(), 0)
    const lost = seal(randomBytes(32), 'CP-1', randomBytes(16))
    await proxy.store.registry.update('CP-1', { upstreamSecret: lost })
    await proxy.start()
    await proxy.log.wait('a warning', ({ msg }) => String(msg).includes('does not open the password'))
    const note = 'store.sealingKeyFile does not open the password for the central system of CP-1'
    assert.deepEqual((await proxy.readiness()).body.notes, [note])
    await assertRefused(proxy, {
      reason: 'upstream_password_unreadable',
      listener: 'basic-auth',
      attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ password })),
      client: { status: 503, body: 'upstream_password_unreadable\n' },
      record: { identity: 'CP-1' },
      detail: /another sealing key/,
    })
    const check = checkFile(proxy.configPath, { env: {}, now: Date.now })
    assert.deepEqual(
      check.flatMap(({ key, text }) => (key === 'store.sealingKeyFile' ? [text] : [])),
      ['it does not open the password for the central system of CP-1: they are refused'],
    )
    await proxy.store.registry.update('CP-1', { upstreamSecret: seal(sealingKey, 'CP-1', randomBytes(16)) })
    assert.notEqual(await heard(), undefined)
  })
  await t.test('[A00.FR.205] and what the charge point has to show is the same as ever', async () => {
    const wrong = { bytes: Buffer.alloc(20), form: 'raw' } as const
    const seen = await refusalOf(proxy.chargePoint('basic-auth', { password: wrong }))
    assert.equal(seen.httpStatus, 401)
  })
})

test('[A01.FR.03] a central system that missed the answer to its new password, or has it alone, is let in with the other one', async (t) => {
  const sealingKey = secret('sealing key', randomBytes(32))
  const [old, next] = [secret('password', randomBytes(20)), secret('password', randomBytes(20))]
  for (const [expected, presented] of [
    [old, next],
    [next, old],
  ] as const) {
    const central = { credentials: { username: 'CP-1', password: expected } }
    const proxy = await startProxy(t, { central })
    writeFileSync(`${proxy.pki.folder}/sealing.key`, sealingKey, { mode: 0o600 })
    proxy.rewriteConfig({
      centralSystem: { authorization: 'perChargePoint' },
      store: { sealingKeyFile: 'sealing.key' },
    })
    assert.equal(await proxy.stop(), 0)
    await proxy.start()
    await proxy.register('CP-1', { password: old, upstreamSecret: seal(sealingKey, 'CP-1', old) })
    const offer = {
      next: await hashKey(next, false),
      nextUpstreamSecret: seal(sealingKey, 'CP-1', next),
      origin: 'central-system',
    } as const
    await proxy.store.registry.beginCredentialChange('CP-1', offer, Date.now())
    for (let time = 0; time < 2; time += 1) {
      const chargePoint = proxy.chargePoint('basic-auth', { password: { bytes: presented, form: 'raw' } })
      await chargePoint.connect()
      await chargePoint.close()
    }
    const refused = proxy.centralEvents.filter(({ kind }) => kind === 'refused')
    assert.equal(refused.length, 1, 'the second time it knows which one is wanted')
    assert.equal(await proxy.stop(), 0)
    const events = await proxy.store.events.list({ limit: 100 })
    assert.ok(events.some(({ techInfo }) => techInfo?.includes('took the other')))
  }
})
