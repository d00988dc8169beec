import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { seal } from '../../src/store/seal.ts'
import { startProxy } from '../support/proxy.ts'
import { refusalOf } from '../support/refused.ts'
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
  await t.test('[A00.FR.205] and what the charge point has to show is the same as ever', async () => {
    const wrong = { bytes: Buffer.alloc(20), form: 'raw' } as const
    const seen = await refusalOf(proxy.chargePoint('basic-auth', { password: wrong }))
    assert.equal(seen.httpStatus, 401)
  })
})
