import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { apiClient, chargePointPath } from '../../src/cli/api-client.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { matches } from '../../src/gate/credentials/hash.ts'
import { type Setting as Admin, secrets, setUp as setUpAdmin, token } from '../admin/setting.ts'
import { minimal } from '../config/support.ts'
import { type Outcome, setUp } from './fake-shell.ts'

interface Setting extends Admin {
  run(line: string, input?: string): Promise<Outcome>
  readonly options: { readonly config: string; readonly adminUrl: string; readonly adminTokenFile: string }
}

/** A proxy's API, and commands that are pointed at it. */
async function setUpBoth(t: TestContext): Promise<Setting> {
  const admin = await setUpAdmin(t)
  // Something is heard, even where a command goes elsewhere.
  await admin.ask('GET', '/certificates')
  const { run } = setUp(t)
  const adminTokenFile = join(admin.folder, 'token')
  writeFileSync(adminTokenFile, `${token}\n`)
  const config = join(admin.folder, 'no-configuration.yaml')
  const options = { config, adminUrl: admin.origin, adminTokenFile }
  const words = ['--config', config, '--admin-url', admin.origin, '--admin-token-file', adminTokenFile]
  return { ...admin, options, run: (line, input) => run([...line.split(' '), ...words], input) }
}

const shell = { env: {}, err: () => {} } as unknown as Shell

test('[design 11] charge-points add, set, block, unblock and remove go through a running proxy', async (t) => {
  const { run, store, connect, notes } = await setUpBoth(t)
  assert.deepEqual(await run('charge-points add CP1 --serial S1 --profile 2'), {
    code: 0,
    out: 'added CP1\n',
    err: '',
  })
  const lowered = await run('charge-points set CP1 --profile 1 --legacy-tls --json')
  assert.match(lowered.err, /lowered by hand/)
  assert.deepEqual([JSON.parse(lowered.out).legacyTls, JSON.parse(lowered.out).securityProfile], [true, 1])
  const session = connect('CP1')
  assert.deepEqual(await run('charge-points block CP1'), { code: 0, out: 'blocked CP1\n', err: '' })
  assert.equal(session.ends.length, 1)
  assert.equal((await store.registry.get('CP1'))?.blocked, true)
  await run('charge-points unblock CP1')
  assert.equal((await store.registry.get('CP1'))?.blocked, false)
  const again = connect('CP1')
  assert.deepEqual(await run('charge-points remove CP1'), { code: 0, out: 'removed CP1\n', err: '' })
  assert.equal(again.ends.length, 1)
  assert.equal(notes.length, 5)
})

test('[A00.FR.005] charge-points import ends the sessions of those that it blocks, or says that it cannot', async (t) => {
  const { folder, options, connect } = await setUpBoth(t)
  const file = join(folder, 'fleet.csv')
  writeFileSync(file, 'identity,blocked\nCP1,true\nCP2,\nCP3,true\n')
  const both = [connect('CP1'), connect('CP2')]
  const { run } = setUp(t)
  const where = ['--config', options.config, '--store', join(folder, 'proxy.db')]
  const load = (...words: string[]) => run(['charge-points', 'import', file, ...where, ...words])
  const api = ['--admin-url', options.adminUrl, '--admin-token-file', options.adminTokenFile]
  assert.deepEqual(await load('--dry-run', ...api), {
    code: 0,
    out: '3 charge points would be added, 0 updated\n',
    err: '',
  })
  assert.deepEqual(
    both.map(({ ends }) => ends.length),
    [0, 0],
  )
  const done = { code: 0, out: '3 charge points were added, 0 updated\n', err: '' }
  assert.deepEqual(await load(...api), done)
  assert.deepEqual(
    both.map(({ ends }) => ends.length),
    [1, 0],
  )
  assert.match((await load()).err, /^warning: 2 charge points were blocked and may still have a session/)
  writeFileSync(options.adminTokenFile, 'not the token of that proxy, but as long as it must be\n')
  const refused = await load(...api)
  assert.deepEqual([refused.code, refused.out], [0, '0 charge points were added, 3 updated\n'])
  assert.match(refused.err, /^warning: 2 charge points .*token/)
})

test('[A01.FR.08] credentials set, generate and remove go through a running proxy', async (t) => {
  const { run, store } = await setUpBoth(t)
  await store.registry.add('C P/1'.replace('/', '%'), {})
  await store.registry.add('CP1', {})
  const stored = async () => (await store.registry.get('CP1'))?.credential ?? null
  const set = await run('credentials set CP1', `${secrets.password}\n`)
  assert.deepEqual([set.code, set.out], [0, 'set the password of CP1\n'])
  assert.match(set.err, /21 bytes/)
  const first = await stored()
  assert.ok(first !== null && (await matches(first, Buffer.from(secrets.password))))
  await run('credentials set CP1 --hex', secrets.hex)
  const second = await stored()
  assert.ok(second !== null && (await matches(second, Buffer.from(secrets.hex, 'hex'))))
  const { password } = JSON.parse((await run('credentials generate CP1 --json')).out)
  const third = await stored()
  assert.ok(third !== null && (await matches(third, Buffer.from(password, 'hex'))))
  assert.equal((await run('credentials remove CP1')).out, 'removed the password of CP1\n')
  assert.equal(await stored(), null)
})

test('exit codes: 1 found wrong, 2 used wrong; the API says what', async (t) => {
  const { run } = await setUpBoth(t)
  await run('charge-points add CP1 --serial S1 --profile 2')
  const wrong: [string, number, RegExp][] = [
    ['charge-points add CP1', 1, /exists already/],
    ['charge-points add CP2 --serial S1', 1, /belongs to charge point CP1/],
    ['charge-points block CP9', 1, /no charge point CP9/],
    ['charge-points set CP9 --profile 1', 1, /no charge point CP9/],
    ['charge-points remove CP9', 1, /no charge point CP9/],
    ['credentials generate CP9', 1, /no charge point CP9/],
    ['charge-points set CP1 --upgrade-to 2', 2, /must be higher/],
    ['charge-points set CP1', 2, /nothing to set/],
    ['charge-points add a/b', 2, /slash/],
    ['charge-points block CP1 --store x.db', 2, /exclude each other/],
  ]
  for (const [line, code, message] of wrong) {
    const outcome = await run(line)
    assert.deepEqual([outcome.code, outcome.out], [code, ''], `${line}: ${outcome.err}`)
    assert.match(outcome.err, message)
  }
})

/** A configuration whose admin address is this port, with a store of its own. */
function writeConfig(folder: string, port: number, more = ''): string {
  const file = join(folder, 'proxy.yaml')
  const store = `store: { sqlite: ${join(folder, 'own.db')} }`
  const text = minimal.replace('store: { sqlite: data/proxy.db }', store)
  writeFileSync(file, `${text}admin: { address: "127.0.0.1:${port}"${more} }\n`)
  return file
}

test('[design 11] the configuration tells where the proxy is; without one the store is changed', async (t) => {
  const { admin, folder, store, notes } = await setUpBoth(t)
  const { run } = setUp(t)
  const config = writeConfig(folder, admin.port, ', tokenFile: token')
  const at = (line: string) => run([...line.split(' '), '--config', config])
  assert.equal((await at('charge-points add CP1')).out, 'added CP1\n')
  assert.equal((await store.registry.get('CP1'))?.identity, 'CP1')
  await admin.close()
  assert.deepEqual(await at('charge-points add CP2'), { code: 0, out: 'added CP2\n', err: '' })
  assert.equal(await store.registry.get('CP2'), null)
  assert.match((await at('charge-points list')).out, /CP2/)
  assert.equal(notes.length, 1)
})

test('a proxy without an API is told of, and the store is changed', async (t) => {
  const { admin, folder } = await setUpBoth(t)
  const { run } = setUp(t)
  const config = writeConfig(folder, admin.port)
  const { code, out, err } = await run(['charge-points', 'add', 'CP1', '--config', config])
  assert.deepEqual([code, out], [0, 'added CP1\n'])
  assert.match(err, /without an admin API \(admin\.tokenFile\)/)
})

async function listen(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('somebody else at the admin address is told from a proxy', async (t) => {
  const { folder } = await setUpBoth(t)
  const { run } = setUp(t)
  const port = await listen(t, (_request, response) => response.writeHead(404).end('not found'))
  const config = writeConfig(folder, port, ', tokenFile: token')
  const { code, err } = await run(['charge-points', 'add', 'CP1', '--config', config])
  assert.equal(code, 1)
  assert.match(err, /answers, but is no ocpp-security-proxy/)
})

test('a token is not sent to who does not look like a proxy', async (t) => {
  const { folder } = await setUpBoth(t)
  const { run } = setUp(t)
  const sent: (string | undefined)[] = []
  const port = await listen(t, (request, response) => {
    sent.push(request.headers.authorization)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"up"}')
  })
  const config = writeConfig(folder, port, ', tokenFile: token')
  assert.equal((await run(['charge-points', 'add', 'CP1', '--config', config])).code, 1)
  assert.deepEqual(sent, [undefined])
})

test('the client: errors have codes, answers are bounded in time', async (t) => {
  const { options, admin, folder } = await setUpBoth(t)
  const client = apiClient(shell, options)
  await assert.rejects(client.call('GET', chargePointPath('CP9')), { code: 'charge_point_unknown' })
  await assert.rejects(client.call('GET', '/nowhere'), { code: 'not_found' })
  assert.equal(await client.isRunning(), true)
  const wrongToken = join(folder, 'wrong-token')
  writeFileSync(wrongToken, 'wrong')
  await assert.rejects(apiClient(shell, { ...options, adminTokenFile: wrongToken }).call('GET', '/status'), {
    code: 'token_refused',
    message: /admin\.tokenFile/,
  })
  const silent = await listen(t, () => {})
  const stalled = apiClient(shell, { ...options, adminUrl: `http://127.0.0.1:${silent}` })
  await assert.rejects(stalled.call('GET', '/status', undefined, { timeoutMs: 20 }), {
    code: 'api_unreachable',
    message: /no answer within/,
  })
  await admin.close()
  assert.equal(await client.isRunning(), false)
  await assert.rejects(client.call('GET', '/status'), { code: 'no_proxy', message: /connection refused/ })
})

test('[A01.FR.04] the client: how an operation ended is a result', async (t) => {
  const { options, operations, store } = await setUpBoth(t)
  await store.registry.add('CP 1', {})
  const client = apiClient(shell, options)
  const rotate = () => client.operate(chargePointPath('CP 1', '/password'), { timeoutSeconds: 5 })
  assert.deepEqual(await rotate(), { ok: true, detail: 'done' })
  operations.outcome = { ok: false, code: 'refused', detail: 'it said Rejected' }
  assert.deepEqual(await rotate(), operations.outcome)
  await assert.rejects(client.operate(chargePointPath('CP9', '/password'), {}), {
    code: 'charge_point_unknown',
  })
  await assert.rejects(client.operate(chargePointPath('CP 1', '/security-profile'), {}), {
    code: 'request_invalid',
  })
})

test('wrong addresses and token files are used wrong', async (t) => {
  const { options, folder } = await setUpBoth(t)
  for (const adminUrl of ['x', 'ftp://a', 'http://a/path', 'http://u:p@a', 'http://a?x=1']) {
    assert.throws(() => apiClient(shell, { ...options, adminUrl }), { code: 'usage' }, adminUrl)
  }
  assert.throws(() => apiClient(shell, { ...options, adminTokenFile: join(folder, 'none') }), {
    code: 'usage',
  })
  const { adminTokenFile: _, ...withoutToken } = options
  assert.throws(() => apiClient(shell, withoutToken), { code: 'usage' })
  const config = writeConfig(folder, 0)
  assert.throws(() => apiClient(shell, { config }), { code: 'usage' })
  for (const [host, origin] of [
    ['0.0.0.0', 'http://127.0.0.1:9'],
    ['[::]', 'http://[::1]:9'],
    ['[::1]', 'http://[::1]:9'],
    ['localhost', 'http://localhost:9'],
  ] as const) {
    writeFileSync(join(folder, 'h.yaml'), `${minimal}admin: { address: "${host}:9" }\n`)
    assert.equal(apiClient(shell, { config: join(folder, 'h.yaml') }).origin, origin)
  }
})

test('a call that takes long shows on a terminal that it goes on, and cleans up', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { withProgress } = await import('../../src/cli/api-client/progress.ts')
  const written: string[] = []
  const terminal = { isTerminal: true, err: (text: string) => void written.push(text) } as unknown as Shell
  const { promise, resolve } = Promise.withResolvers<number>()
  const result = withProgress(terminal, 'rotating CP1\u001b', promise)
  t.mock.timers.tick(2000)
  resolve(7)
  assert.equal(await result, 7)
  const clear = '\r\u001b[K'
  const words = `${clear}rotating CP1\\u{1b} …`
  assert.deepEqual(written, [`${words} 1 s`, `${words} 2 s`, clear])
  const plain = { err: assert.fail } as unknown as Shell
  assert.equal(await withProgress(plain, 'x', Promise.resolve(1)), 1)
})
