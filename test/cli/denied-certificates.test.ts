import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setUp as setUpAdmin, token } from '../admin/setting.ts'
import { setUp, startTime } from './fake-shell.ts'

const fingerprint = 'ab'.repeat(32)

test('[A00.FR.702] revoke, denied and allow on the store, when no proxy runs', async (t) => {
  const { run, store } = setUp(t)
  await run('charge-points add CP1')
  const claim = { keyFingerprint: 'k', certificateFingerprint: fingerprint, subject: 'CN=1', notAfter: 1 }
  await store().registry.claimKey('CP1', claim, 1)
  const revoked = await run(['certificates', 'revoke', '--identity', 'CP1', '--note', 'stolen \u001b[2J'])
  assert.deepEqual([revoked.code, revoked.err], [0, ''])
  assert.match(
    revoked.out,
    /^denied:\nCERTIFICATE .*\n(ab){32} +CP1 +operator +2026-01-02T03:04:05Z +stolen \\u\{1b\}\[2J\n$/,
  )
  await run(['certificates', 'revoke', '--serial', '00:7f', '--issuer', 'O=Example CPO, CN=root'])
  const shown = await run('certificates denied')
  assert.match(shown.out, /^serial 7F of O=Example CPO, CN=root +- +operator .*by the operator$/m)
  const json = JSON.parse((await run('certificates denied --json --identity CP1')).out)
  assert.partialDeepStrictEqual(json, [{ fingerprint, by: 'operator', note: 'stolen \u001b[2J' }])

  const events = await store().events.list({ limit: 9, type: 'ReconfigurationOfSecurityParameters' })
  assert.deepEqual(events.map(({ techInfo, identity }) => [techInfo?.slice(0, 44), identity]).slice(0, 2), [
    ['command line: certificates revoke serial:7F:', null],
    ['command line: certificates revoke fingerprin', 'CP1'],
  ])

  const superseded = { kind: 'fingerprint', fingerprint: 'cd'.repeat(32) } as const
  const entry = { note: '', by: 'superseded', identity: 'CP1', at: startTime, expiresAt: null } as const
  await store().denied.add({ ...entry, target: superseded })
  const allowed = await run('certificates allow --identity CP1')
  assert.deepEqual([allowed.code, allowed.out], [0, `allowed fingerprint:${fingerprint}\n`])
  assert.equal(await store().denied.count(), 2, 'what was renewed stays retired')
  assert.equal((await run('certificates allow --identity CP1')).code, 1)
  assert.equal(
    (await run(['certificates', 'allow', '--serial', '7F', '--issuer', 'O=Example CPO, CN=root'])).code,
    0,
  )
  assert.equal((await run('certificates allow --serial 7F')).code, 1)
})

test('revoke, denied and allow that name nothing, or wrong, are used wrong', async (t) => {
  const { run } = setUp(t)
  await run('charge-points add CP1')
  for (const line of [
    'certificates allow',
    'certificates revoke --fingerprint 12',
    'certificates revoke --serial no',
    'certificates revoke',
    `certificates revoke --serial 1 --fingerprint ${fingerprint}`,
    'certificates revoke --unknown',
  ])
    assert.equal((await run(line)).code, 2, line)
  for (const line of ['certificates revoke --identity CP9', 'certificates revoke --identity CP1'])
    assert.equal((await run(line)).code, 1, line)
})

test('[A00.FR.702] through a running proxy, which ends the session', async (t) => {
  const admin = await setUpAdmin(t)
  const shell = setUp(t)
  await admin.ask('GET', '/denied-certificates')
  const tokenFile = join(admin.folder, 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const where = ['--config', 'none.yaml', '--admin-url', admin.origin, '--admin-token-file', tokenFile]
  const run = (...words: string[]) => shell.run(['certificates', ...words, ...where])
  const revoked = await run('revoke', '--fingerprint', fingerprint, '--note', 'stolen')
  assert.match(revoked.out, /stolen\n$/)
  assert.equal(admin.denyListChanges.count, 1)
  await run('revoke', '--serial', '7f')
  const all = JSON.parse((await run('denied', '--json')).out)
  assert.equal(all.length, 2)
  const allowed = await run('allow', '--fingerprint', fingerprint)
  assert.equal(allowed.out, `allowed fingerprint:${fingerprint}\n`)
  assert.equal(admin.denyListChanges.count, 3)
  const again = await run('allow', '--fingerprint', fingerprint)
  assert.deepEqual([again.code, again.err], [1, 'error: there is no such entry on the deny list\n'])
})
