import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPasswordVerifier } from '../../src/gate/credentials/verifier.ts'
import { unseal } from '../../src/store/seal.ts'
import { setUp } from './fake-shell.ts'

const verifier = createPasswordVerifier({ now: () => 0 })

async function withChargePoint(context: TestContext) {
  const setting = setUp(context)
  await setting.run('charge-points add CP1')
  const logsIn = async (password: Buffer | string) => {
    const record = await setting.store().registry.get('CP1')
    return verifier.verify(record?.credential ?? null, Buffer.from(password), 'CP1')
  }
  return { ...setting, logsIn }
}

test('[A00.FR.802] [A01.FR.07] generate makes 20 random bytes, shows them once, keeps a hash', async (context) => {
  const { run, logsIn, store } = await withChargePoint(context)
  const { password, changeConfiguration } = JSON.parse((await run('credentials generate CP1 --json')).out)
  assert.match(password, /^[0-9A-F]{40}$/)
  assert.deepEqual(changeConfiguration, { key: 'AuthorizationKey', value: password })
  assert.deepEqual(await logsIn(Buffer.from(password, 'hex')), { ok: true, form: 'raw' })
  assert.equal((await store().registry.get('CP1'))?.credential?.scheme, 'hmac-sha256')
  assert.doesNotMatch((await run('charge-points show CP1 --json')).out, new RegExp(password, 'i'))

  const text = (await run('credentials generate CP1')).out
  const second = /^([0-9A-F]{40})\n/.exec(text)?.[1] ?? ''
  assert.notEqual(second, password, '[A01.FR.06]')
  assert.ok(text.includes(`ChangeConfiguration {"key":"AuthorizationKey","value":"${second}"}`))
  assert.deepEqual(await logsIn(Buffer.from(password, 'hex')), { ok: false })
})

test('[A00.FR.205] set reads standard input or a file, text or hexadecimal', async (context) => {
  const { run, logsIn, folder } = await withChargePoint(context)
  const file = join(folder, 'password')
  writeFileSync(file, 'passphrase of 22 bytes\r\n')
  const hex = '00FF'.repeat(8)
  const cases: [string, string | undefined, Buffer | string][] = [
    ['', 'sixteen letters!\n', 'sixteen letters!'],
    [' --hex', `${hex}\n`, Buffer.from(hex, 'hex')],
    [' --text', hex, Buffer.from(hex, 'hex')],
    [` --password-file ${file}`, undefined, 'passphrase of 22 bytes'],
  ]
  for (const [options, input, password] of cases) {
    const { code, out, err } = await run(`credentials set CP1${options}`, input)
    assert.deepEqual([code, out], [0, 'set the password of CP1\n'])
    assert.equal(err.includes('A00.FR.205'), options.includes('file'), 'a warning about the length')
    const answer = await logsIn(password)
    assert.ok('ok' in answer && answer.ok, options)
  }
})

test('[A01.FR.09] wrong input ends with 2 and is never repeated', async (context) => {
  const { run, folder } = await withChargePoint(context)
  const binary = join(folder, 'binary')
  writeFileSync(binary, Buffer.from([0xff, 0xfe]))
  const cases: [string, string | undefined][] = [
    ['', undefined],
    ['', ''],
    ['', 'topsecret\nsecond line'],
    [' --hex', 'topsecret'],
    [' --hex --text', '00'],
    [' --upstream', 'topsecret'],
    [` --password-file ${binary}`, undefined],
    [` --password-file ${folder}`, undefined],
    [' topsecret', undefined],
  ]
  for (const [options, input] of cases) {
    const { code, out, err } = await run(`credentials set CP1${options}`, input)
    assert.deepEqual([code, out], [2, ''], options)
    assert.doesNotMatch(err, /topsecret/)
  }
  assert.equal((await run('credentials set CP9', 'sixteen letters!')).code, 1)
  assert.equal((await run('credentials generate CP9')).code, 1)
})

test('[A01.FR.08] an upstream password is sealed with the key of the configuration', async (context) => {
  const { run, folder, store, path } = await withChargePoint(context)
  const key = randomBytes(32)
  writeFileSync(join(folder, 'sealing.key'), key.toString('hex'), { mode: 0o600 })
  const config = join(folder, 'proxy.yaml')
  writeFileSync(
    config,
    `listeners: [{ name: one, address: "127.0.0.1:0", securityProfile: 1 }]
centralSystem: { url: "ws://127.0.0.1:9000/ocpp" }
store: { sqlite: ${path}, sealingKeyFile: sealing.key }
`,
  )
  const outcome = await run(
    ['credentials', 'set', 'CP1', '--upstream', '--config', config],
    'for the central system',
  )
  assert.deepEqual(outcome, { code: 0, out: 'set the upstream password of CP1\n', err: '' })
  const sealed = (await store().registry.get('CP1'))?.upstreamSecret ?? ''
  assert.equal(unseal(key, 'CP1', sealed).toString(), 'for the central system')
  await run('credentials remove CP1 --upstream')
  assert.equal((await store().registry.get('CP1'))?.upstreamSecret, null)
})

test('remove forgets the password', async (context) => {
  const { run, logsIn } = await withChargePoint(context)
  await run('credentials set CP1', 'sixteen letters!')
  assert.deepEqual(await run('credentials remove CP1'), {
    code: 0,
    out: 'removed the password of CP1\n',
    err: '',
  })
  assert.deepEqual(await logsIn('sixteen letters!'), { ok: false })
})
