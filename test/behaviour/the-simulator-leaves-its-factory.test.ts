import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { folderOf, simulate } from '../cli/simulated.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

test('[A00.FR.406] [A02.FR.01] [OCPP 1.6 4.2] simulate charge-point, with a factory certificate', async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s' },
  })
  await proxy.register('CP-1', {
    serialNumber: 'F0123',
    onboarding: expectedOnboarding('certificate', null, 1),
  })
  const folder = folderOf(t)
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const factory = await proxy.pki.factory.chargePoint({ cn: 'F0123', o: 'Factory' })
  const certificate = file('factory.pem', factory.chain)
  // It looks at the hierarchy of what it gets (A02.FR.06).
  const roots = file('roots.pem', proxy.pki.serverRoot + proxy.pki.cpo.certificate)
  const run = simulate(
    'charge-point',
    ...['--url', proxy.url('mutual-tls'), '--id', 'CP-1', '--serial', 'F0123', '--ca', roots],
    ...['--cert', certificate, '--key', file('factory.key', factory.key), '--save-certificate'],
  )
  const booted = await proxy.log.wait('the end of the onboarding', ({ msg }) => msg === 'onboarding done')
  assert.match(String(booted.detail), /profile 3/)
  await run.line(/StatusNotification/)
  run.interrupt()
  await run.ended
  assert.equal(run.code, 0)
  const saved = new X509Certificate(readFileSync(certificate))
  assert.match(saved.subject, /O=Example CPO/, 'it has kept what it got')
  const calls = proxy.central
    .messages('CP-1')
    .flatMap(({ message }) => (message?.kind === 'call' ? [message.action] : []))
  assert.equal(calls[0], 'BootNotification')
  assert.equal((await proxy.store.registry.get('CP-1'))?.onboarding, null)
})
