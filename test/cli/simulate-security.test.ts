import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { openTlsFront } from '../simulator/tls-front.ts'
import { sharedAuthority } from '../support/authority.ts'
import { folderOf, simulate } from './simulated.ts'

test('charge-point --probe: shows how each message of the white paper is answered', async (t) => {
  const central = createCentralSystem({ unknownActions: 'NotSupported' })
  const { url } = await central.listen()
  t.after(() => central.close())
  const run = simulate('charge-point', '--url', url, '--probe', '--quiet', '--strict')
  await run.ended
  assert.equal(run.code, 0)
  assert.deepEqual(run.lines, [
    'CP-1: ended',
    ...[
      'SecurityEventNotification',
      'SignCertificate',
      'LogStatusNotification',
      'SignedFirmwareStatusNotification',
    ]
      .concat('NoSuchAction')
      .map((action) => `  ${action}: CALLERROR NotSupported this central system is old`),
    '  6 CALLs: 1 results, 5 errors, 0 timeouts, 0 interrupted',
    '  not asked for: none; answers without a CALL: 0',
  ])
})

test('[A04.FR.02] charge-point --event: sent after boot, and an event that is not confirmed is a failure', async (t) => {
  const seen: unknown[] = []
  let confirms = true
  const central = createCentralSystem({
    answer: (_identity, { action, payload }) => {
      if (action !== 'SecurityEventNotification') return null
      seen.push(payload.type)
      return confirms
        ? { kind: 'result', payload: {} }
        : { kind: 'error', code: 'InternalError', description: '' }
    },
  })
  const { url } = await central.listen()
  t.after(() => central.close())
  const flags = [
    'charge-point',
    '--url',
    url,
    '--once',
    '--quiet',
    '--event',
    'MemoryExhaustion,SettingSystemTime',
  ]
  const good = simulate(...flags, '--own-events')
  await good.ended
  assert.equal(good.code, 0)
  assert.deepEqual(seen, ['StartupOfTheDevice', 'MemoryExhaustion', 'SettingSystemTime'])
  confirms = false
  const bad = simulate(...flags)
  await bad.ended
  assert.equal(bad.code, 1)
  assert.match(bad.lines.join(), /2 security events were not confirmed/)
})

test('[A01.FR.04] charge-point --strict: a CALL that nobody asked for is a failure; --on-password refuses', async (t) => {
  const central = createCentralSystem({
    onConnection: ({ identity }) => {
      // After the upgrade is answered; the charge point is busy with its transaction then.
      setImmediate(
        () => void central.changeConfiguration(identity, 'AuthorizationKey', '8f'.repeat(16)).then(told),
      )
    },
  })
  const answers: string[] = []
  const told = (answer: string) => void answers.push(answer)
  const { url } = await central.listen()
  t.after(() => central.close())
  const flags = ['charge-point', '--url', url, '--once', '--quiet', '--strict', '--on-password', 'refuse']
  const strict = simulate(...flags)
  await strict.ended
  assert.equal(strict.code, 1)
  assert.match(strict.lines.join(), /not asked for: ChangeConfiguration/)
  const expecting = simulate(...flags, '--expect', 'ChangeConfiguration')
  await expecting.ended
  assert.equal(expecting.code, 0, expecting.lines.join())
  assert.deepEqual(answers, ['Rejected', 'Rejected'])
})

test('[A05.FR.05] charge-point --tls-url: raised to profile 2, it goes there', async (t) => {
  const folder = folderOf(t)
  const authority = await sharedAuthority()
  const server = await authority.server()
  const central = createCentralSystem({
    onConnection: ({ identity }) => {
      setImmediate(() => void central.changeConfiguration(identity, 'SecurityProfile', '2').catch(() => {}))
    },
  })
  const { url, port } = await central.listen()
  const front = await openTlsFront({ cert: server.chain, key: server.key }, port)
  t.after(async () => {
    await front.close()
    await central.close()
  })
  const [ca, passwordFile] = [join(folder, 'root.pem'), join(folder, 'cp-1.key')]
  writeFileSync(ca, authority.certificate)
  writeFileSync(passwordFile, `${'8f'.repeat(20)}\n`)
  const options = { url, 'tls-url': `wss://localhost:${front.port}/ocpp`, ca, 'password-file': passwordFile }
  const run = simulate(
    'charge-point',
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  )
  await run.line(/^CP-1: connected plain/)
  await run.line(/^CP-1: connected TLSv1/)
  run.interrupt()
  await run.ended
  assert.equal(run.code, 0, run.errors.join())
})
