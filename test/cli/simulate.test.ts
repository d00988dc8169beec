import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { createChargePoint } from '../../src/simulator/charge-point.ts'
import { openTlsFront } from '../simulator/tls-front.ts'
import { sharedAuthority } from '../support/authority.ts'
import { folderOf, simulate } from './simulated.ts'

test('central-system: prints what it gets, sends what is typed, Ctrl-C ends it with 0', async () => {
  const run = simulate('central-system', '--port', '0', '--unknown', 'InternalError')
  const url = /(ws:\S+),/.exec(await run.line(/central system on/))?.[1] ?? ''
  const chargePoint = createChargePoint({
    url,
    identity: 'CP 1',
    securityProfile: 1,
    password: { bytes: Buffer.from('0123456789abcdef'), form: 'raw' },
  })
  await chargePoint.connect()
  await chargePoint.boot()
  await run.line(/^CP 1: received BootNotification \{"chargePointVendor/)
  const unknown = await chargePoint.call('GetLog', {})
  assert.equal(unknown.kind === 'error' && unknown.code, 'InternalError')
  run.type('list')
  await run.line(/^CP 1$/)
  run.type('CP%201 UnlockConnector {"connectorId":1}')
  await run.line(/^CP 1: sent UnlockConnector \{"connectorId":1\}/)
  await run.line(/^CP 1: received answer to UnlockConnector \{"status":"Unlocked"\}/)
  run.type('CP-2 GetConfiguration')
  await run.line(/^CP-2: not connected: GetConfiguration is sent when it has connected/)
  const second = createChargePoint({ url, identity: 'CP-2', securityProfile: 0 })
  await second.connect()
  await second.boot()
  await run.line(/^CP-2: received answer to GetConfiguration /)
  await second.close()
  run.type('what')
  await run.line(/^expected: ID Action/)
  run.interrupt()
  await run.ended
  await run.line(/^CP 1: closed 1001/)
  assert.equal(run.code, 0)
  const secret = Buffer.from('CP 1:0123456789abcdef').toString('base64')
  assert.ok(!run.lines.join().includes(secret) && !run.lines.join().includes('0123456789abcdef'))
})

test('charge-point --once: boots and charges once, also as a fleet, as JSON lines', async (t) => {
  const central = createCentralSystem()
  const { url } = await central.listen()
  t.after(() => central.close())
  const fleet = ['--count', '3', '--per-second', '1000', '--id', 'CP-{n}', '--once', '--json']
  const run = simulate('charge-point', '--url', url, ...fleet)
  await run.ended
  assert.equal(run.code, 0)
  const objects = run.lines.map((line) => JSON.parse(line) as { kind: string; identity: string })
  const results = objects.filter(({ kind }) => kind === 'result').map(({ identity }) => identity)
  assert.deepEqual(results.sort(), ['CP-1', 'CP-2', 'CP-3'])
  assert.equal(central.messages('CP-2').length, 6)
})

test('charge-point over TLS: password file, resumed session', async (t) => {
  const folder = folderOf(t)
  const authority = await sharedAuthority()
  const server = await authority.server('ecdsa')
  const central = createCentralSystem()
  const { port } = await central.listen()
  const front = await openTlsFront({ cert: server.chain, key: server.key }, port)
  t.after(async () => {
    await front.close()
    await central.close()
  })
  const ca = join(folder, 'root.pem')
  const passwordFile = join(folder, 'cp-1.key')
  const hex = '00ff3a80c0ffee0d0a0123456789abcdef'
  writeFileSync(ca, authority.certificate)
  writeFileSync(passwordFile, `${hex}\n`)
  const url = `wss://localhost:${front.port}/ocpp`
  const run = simulate(
    'charge-point',
    '--url',
    url,
    '--ca',
    ca,
    '--password-file',
    passwordFile,
    '--once',
    '--resume',
  )
  await run.ended
  assert.equal(run.code, 0, run.lines.join('\n'))
  await run.line(/CP-1: booted, charged and ended, session resumed/)
  const sent = central.connections()[0]?.headers.authorization
  const key = Buffer.concat([Buffer.from('CP-1:'), Buffer.from(hex, 'hex')])
  assert.equal(sent, `Basic ${key.toString('base64')}`)
  assert.ok(!run.lines.join().includes(hex))

  const untrusted = simulate('charge-point', '--url', url, '--once')
  await untrusted.ended
  assert.equal(untrusted.code, 1)
  await untrusted.line(/security event: InvalidCentralSystemCertificate/)
})

test('charge-point: a refusal is printed as it was seen, exit code 1', async (t) => {
  const central = createCentralSystem({
    credentials: { username: 'CP-1', password: Buffer.from('0123456789abcdef') },
  })
  const { url } = await central.listen()
  t.after(() => central.close())
  const run = simulate('charge-point', '--url', url)
  await run.ended
  assert.equal(run.code, 1)
  assert.deepEqual(run.lines, [
    'CP-1: refused, http: HTTP 401 Unauthorized',
    '  WWW-Authenticate: Basic realm="ocpp"',
    '  body: the credentials are missing or wrong',
  ])
  const json = simulate(
    'charge-point',
    '--url',
    url,
    '--json',
    '--key-hex',
    '00'.repeat(16),
    '--form',
    'hex-upper',
  )
  await json.ended
  assert.equal(json.code, 1)
  const result = JSON.parse(json.lines.at(-1) ?? '') as { refusal: { httpStatus: number } }
  assert.equal(result.refusal.httpStatus, 401)
})

test('charge-point --once: a connection that is closed on it is named with its code', async (t) => {
  const central = createCentralSystem({
    answer: (identity, call) => {
      if (call.action === 'StartTransaction') central.disconnect(identity, 1008, 'policy')
      return null
    },
  })
  const { url } = await central.listen()
  t.after(() => central.close())
  const run = simulate('charge-point', '--url', url, '--once', '--quiet')
  await run.ended
  assert.equal(run.code, 1)
  assert.match(
    run.lines.at(-1) ?? '',
    /^CP-1: the connection was closed before StartTransaction .* \(1008 policy\)$/,
  )
})

test('charge-point: works until Ctrl-C, exit code 0', async (t) => {
  const central = createCentralSystem()
  const { url } = await central.listen()
  t.after(() => central.close())
  const metered = central.nextMessage({ action: 'MeterValues' })
  const run = simulate('charge-point', '--url', url, '--meter-interval', '0.005')
  await metered
  const closing = central.nextClose()
  run.interrupt()
  await run.ended
  assert.equal((await closing).code, 1000)
  assert.equal(run.code, 0)
})

test('what is printed cannot forge lines or move the cursor', async (t) => {
  const central = createCentralSystem({ acceptIdentities: () => 404 })
  const { url } = await central.listen()
  t.after(() => central.close())
  for (const flags of [[], ['--json']]) {
    const run = simulate('charge-point', '--url', url, '--id', 'A\nB\u001b[2J\u202e', ...flags)
    await run.ended
    assert.equal(run.lines.length, flags.length === 0 ? 2 : 1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(run.lines.join(''), /[\u0000-\u001f\u202e]/)
    if (flags.length > 0) for (const line of run.lines) JSON.parse(line)
  }
})

test('central-system: what should not have come is kept for the asking', async () => {
  const run = simulate('central-system', '--port', '0', '--answers', 'twice')
  const url = /(ws:\S+),/.exec(await run.line(/central system on/))?.[1] ?? ''
  const chargePoint = createChargePoint({ url, identity: 'CP-1', securityProfile: 0 })
  await chargePoint.connect()
  await chargePoint.call('SignCertificate', { csr: 'x' })
  await chargePoint.call('Heartbeat', {})
  run.type('foreign')
  await run.line(/^1 foreign messages$/)
  await run.line(/^CP-1: unknown-action: SignCertificate$/)
  assert.ok(chargePoint.traffic().duplicates >= 1)
  await chargePoint.close()
  run.interrupt()
  await run.ended
})

const misuses: readonly (readonly [string, ...string[]])[] = [
  ['charge-point'],
  ['charge-point', '--url', 'http://localhost:1'],
  ['charge-point', '--url', 'ws://localhost:1', '--profile', '4'],
  ['charge-point', '--url', 'ws://localhost:1', '--count', '0'],
  ['charge-point', '--url', 'ws://localhost:1', '--key-hex', '00'],
  ['charge-point', '--url', 'ws://localhost:1', '--form', 'base64'],
  ['charge-point', '--url', 'ws://localhost:1', '--password-file', '/does/not/exist'],
  ['charge-point', '--url', 'ws://localhost:1', '--save-password'],
  [
    'charge-point',
    '--url',
    'ws://localhost:1',
    '--save-password',
    '--password-file',
    'package.json',
    '--count',
    '2',
  ],
  ['charge-point', '--url', 'wss://localhost:1', '--tls', '1.4'],
  ['charge-point', '--url', 'wss://localhost:1', '--tls', '1.3..1.2'],
  ['charge-point', '--url', 'wss://localhost:1', '--ciphers', 'NO-SUCH-SUITE'],
  ['charge-point', '--url', 'wss://localhost:1', '--cert', 'x.pem'],
  ['charge-point', '--url', 'ws://localhost:1', '--on-password', 'maybe'],
  ['charge-point', '--url', 'ws://localhost:1', '--on-profile', 'refuse', '--misbehave', 'refuse'],
  ['charge-point', '--url', 'ws://localhost:1', '--misbehave', 'refuse', '--every', '0'],
  ['charge-point', '--url', 'ws://localhost:1', '--fallback-attempts', '0'],
  ['charge-point', '--url', 'ws://localhost:1', '--once', '--probe'],
  ['central-system', '--answers', 'never'],
  ['central-system', '--unknown', 'Maybe'],
  ['central-system', '--port', '70000'],
  ['central-system', '--username', 'CP-1'],
  ['central-system', '--nonsense'],
]
for (const args of misuses) {
  test(`simulate ${args.join(' ')} is used wrong: exit code 2`, async () => {
    const run = simulate(...args)
    await run.ended
    assert.equal(run.code, 2, run.errors.join())
    assert.match(run.errors.join(), /error: /)
  })
}

test('--help shows examples and exit codes', async () => {
  for (const name of ['charge-point', 'central-system']) {
    const run = simulate(name, '--help')
    await run.ended
    assert.equal(run.code, 0)
    assert.match(run.lines.join('\n'), /Examples:\n {2}ocpp-security-proxy simulate/)
    assert.match(run.lines.join('\n'), /Exit codes: 0 /)
  }
})
