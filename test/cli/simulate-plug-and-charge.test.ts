import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { unwrapAnswer, wrapRequest } from '../../src/ocpp/plug-and-charge.ts'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { makeAuthority } from '../support/authority.ts'
import { folderOf, simulate } from './simulated.ts'

test('[M03.FR.05] charge-point: with --plug-and-charge it tells of its V2G and MO roots', async (t) => {
  const file = join(folderOf(t), 'v2g.pem')
  writeFileSync(file, (await makeAuthority({ name: 'V2G root' })).certificate)
  const central = createCentralSystem({})
  const { url } = await central.listen()
  t.after(() => central.close())
  const flags = ['--plug-and-charge', '--v2g-root', file, '--mo-root', file]
  const run = simulate('charge-point', '--url', url, '--id', 'CP-1', '--quiet', ...flags)
  await central.nextMessage({ action: 'BootNotification' })
  const ask = wrapRequest('GetInstalledCertificateIds', { certificateType: ['V2GRootCertificate'] })
  const outcome = await central.send('CP-1', 'DataTransfer', ask)
  assert.ok(outcome.kind === 'result')
  const answer = unwrapAnswer(outcome.payload)
  assert.ok(answer.ok)
  assert.partialDeepStrictEqual(answer.data, {
    status: 'Accepted',
    certificateHashDataChain: [{ certificateType: 'V2GRootCertificate' }],
  })
  run.interrupt()
  await run.ended
  assert.equal(run.code, 0)
})

test('charge-point: --probe shows who answers the messages of ISO 15118', async (t) => {
  const central = createCentralSystem({})
  const { url } = await central.listen()
  t.after(() => central.close())
  const run = simulate('charge-point', '--url', url, '--id', 'CP-1', '--probe', '--plug-and-charge')
  await run.ended
  assert.match(
    run.lines.join('\n'),
    /DataTransfer Get15118EVCertificate: result \{"status":"UnknownVendorId"\}/,
  )
})

test('charge-point: --probe shows the same in OCPP 2.0.1', async (t) => {
  const subprotocols = ['ocpp2.0.1']
  const central = createCentralSystem({ subprotocols })
  const { url } = await central.listen()
  t.after(() => central.close())
  const flags = ['--probe', '--plug-and-charge', '--subprotocol', 'ocpp2.0.1']
  const run = simulate('charge-point', '--url', url, '--id', 'CP-1', ...flags)
  await run.ended
  const lines = run.lines.join('\n')
  assert.match(lines, /GetCertificateStatus: result \{"status":"Failed"\}/)
  assert.match(lines, /Get15118EVCertificate: result \{"status":"Failed","exiResponse":""\}/)
  assert.doesNotMatch(lines, /DataTransfer/)
})

test('charge-point: roots of ISO 15118 need --plug-and-charge', async () => {
  const run = simulate('charge-point', '--url', 'ws://127.0.0.1:1/ocpp', '--once', '--v2g-root', '/none')
  await run.ended
  assert.equal(run.code, 2)
})
