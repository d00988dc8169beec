import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { rejection } from '../store/contract/rejections.ts'
import { setUp, startTime } from './fake-shell.ts'

test('[A00.FR.001] add, show, set, block, unblock and remove a charge point', async (context) => {
  const { run } = setUp(context)
  assert.deepEqual(await run('charge-points add CP1 --serial S1 --profile 1 --legacy-tls'), {
    code: 0,
    out: 'added CP1\n',
    err: '',
  })
  await run('charge-points set CP1 --upgrade-to 2 --no-legacy-tls')
  await run('charge-points block CP1')
  const { serialNumber, securityProfile, upgradeTo, legacyTls, blocked } = JSON.parse(
    (await run('charge-points show CP1 --json')).out,
  )
  assert.deepEqual(
    { serialNumber, securityProfile, upgradeTo, legacyTls, blocked },
    { serialNumber: 'S1', securityProfile: 1, upgradeTo: 2, legacyTls: false, blocked: true },
  )
  await run('charge-points unblock CP1')
  await run('charge-points set CP1 --upgrade-to none --serial none')
  const shown = await run('charge-points show CP1')
  assert.match(
    shown.out,
    /serial number +-\nsecurity profile +1\nupgrade to +-\nlegacy TLS +-\nmigrating +-\nblocked +-\n/,
  )
  assert.deepEqual(await run('charge-points remove CP1'), { code: 0, out: 'removed CP1\n', err: '' })
  assert.equal((await run('charge-points show CP1')).code, 1)
})

test('exit code 1: found wrong', async (context) => {
  const { run } = setUp(context)
  await run('charge-points add CP1 --serial S1')
  const lines: [string, RegExp][] = [
    ['charge-points add CP1', /exists already/],
    ['charge-points add CP2 --serial S1', /belongs to charge point CP1/],
    ['charge-points show CP9', /no charge point CP9/],
    ['charge-points set CP9 --profile 1', /no charge point CP9/],
    ['charge-points block CP9', /no charge point CP9/],
    ['charge-points remove CP9', /no charge point CP9/],
  ]
  for (const [line, message] of lines) {
    const { code, out, err } = await run(line)
    assert.deepEqual([code, out], [1, ''], line)
    assert.match(err, message)
  }
})

test('exit code 2: used wrong', async (context) => {
  const { run, folder } = setUp(context)
  await run('charge-points add CP1 --profile 2')
  const lines = [
    'charge-points',
    'charge-points frobnicate',
    'charge-points add',
    'charge-points add CP2 --profile 4',
    'charge-points add CP2 --frobnicate',
    'charge-points add a/b',
    'charge-points set CP1',
    'charge-points set CP1 --upgrade-to 2',
    'charge-points list --limit 0',
    'charge-points list --profile x',
    'charge-points export --format xml',
    `charge-points list --config ${folder}/none.yaml`,
  ]
  for (const line of lines) assert.equal((await run(line)).code, 2, line)
})

test('a mistyped store is an error, and is not made', async (context) => {
  const { run, path } = setUp(context)
  for (const line of [
    'charge-points list',
    'charge-points block CP1',
    'credentials generate CP1',
    'rejections list',
  ]) {
    const { code, err } = await run(line)
    assert.equal(code, 2, line)
    assert.match(err, /there is no store/)
  }
  assert.equal(existsSync(path), false)
})

test('every command has help with examples', async (context) => {
  const { run } = setUp(context)
  const commands = {
    'charge-points': ['list', 'show', 'add', 'set', 'block', 'unblock', 'remove', 'import', 'export'],
    credentials: ['set', 'generate', 'remove'],
    rejections: ['list', 'summary', 'explain', 'tail'],
  }
  for (const [group, names] of Object.entries(commands)) {
    for (const name of names) {
      const { code, out } = await run([group, name, '--help'])
      assert.equal(code, 0)
      assert.ok(
        out.includes('Examples:\n') && out.includes(`ocpp-security-proxy ${group} ${name}`),
        `${group} ${name}`,
      )
    }
  }
})

test('[A05.FR.09] lowering a profile by hand is said', async (context) => {
  const { run } = setUp(context)
  await run('charge-points add CP1 --profile 3')
  assert.match((await run('charge-points set CP1 --profile 1')).err, /lowered by hand/)
  assert.equal((await run('charge-points set CP1 --profile 2')).err, '')
})

test('list pages through more than a page, with filters and limit', async (context) => {
  const { run, store } = setUp(context)
  const name = (i: number) => `CP${String(i).padStart(5, '0')}`
  await store().registry.addAll(
    Array.from({ length: 2500 }, (_, i) => ({ identity: name(i), fields: { blocked: i % 1000 === 7 } })),
  )
  const identities = async (line: string) =>
    (await run(line)).out
      .split('\n')
      .filter(Boolean)
      .map((json) => JSON.parse(json).identity)
  assert.deepEqual(
    await identities('charge-points list --json'),
    Array.from({ length: 2500 }, (_, i) => name(i)),
  )
  assert.deepEqual(await identities('charge-points list --json --blocked'), [7, 1007, 2007].map(name))
  assert.deepEqual(await identities('charge-points list --json --limit 2'), [0, 1].map(name))
  const table = (await run('charge-points list --limit 1')).out
  assert.match(table, /^IDENTITY +SERIAL +PROFILE .*\nCP00000 .*\n$/)
  assert.equal((await run('charge-points list --profile 3')).out, 'no charge points\n')
})

test('[A01.FR.09] nothing shows a hash or a sealed secret', async (context) => {
  const { run, store } = setUp(context)
  const credential = await hashKey(Buffer.from('secret password'), true)
  await store().registry.add('CP1', { credential, upstreamSecret: 'v1.SEALEDSEALED' })
  for (const line of [
    'show CP1',
    'show CP1 --json',
    'list',
    'list --json',
    'export',
    'export --format json',
    'block CP1 --json',
  ]) {
    const { code, out } = await run(`charge-points ${line}`)
    assert.equal(code, 0)
    assert.ok(out.includes('CP1'))
    for (const secret of [credential.hash, credential.salt, 'SEALED']) assert.ok(!out.includes(secret), line)
  }
})

test('a charge point may be let in without authentication while it is migrated', async (context) => {
  const { run } = setUp(context)
  const migrating = async () => JSON.parse((await run('charge-points show CP1 --json')).out).migrating
  await run('charge-points add CP1')
  assert.equal(await migrating(), false)
  await run('charge-points set CP1 --migrating')
  assert.equal(await migrating(), true)
  assert.match((await run('charge-points show CP1')).out, /migrating +yes: admitted on profile 0/)
  await run('charge-points set CP1 --profile 0')
  assert.equal(await migrating(), true, 'what is not named stays')
  assert.match((await run('charge-points export')).out, /^[^\n]*,migrating,[^\n]*\n[^\n]*,true,/)
  await run('charge-points set CP1 --no-migrating')
  assert.equal(await migrating(), false)
  await run('charge-points add CP2 --migrating')
  assert.match((await run('charge-points list')).out, /CP2 +- +- +- +- +yes +-/)
})

test('[A01.FR.09] a change of password is shown with its phase, and never with a hash', async (context) => {
  const { run, store } = setUp(context)
  const { registry } = store()
  const [old, next] = await Promise.all([
    hashKey(Buffer.alloc(20, 1), false),
    hashKey(Buffer.alloc(20, 2), false),
  ])
  await registry.add('CP1', { credential: old })
  const offer = { next, nextUpstreamSecret: 'v1.SEALEDSEALED', origin: 'campaign' } as const
  const { startedAt } = await registry.beginCredentialChange('CP1', offer, startTime)
  await registry.stepCredentialChange('CP1', startedAt, 'reboot-required', startTime + 1000)
  const words =
    /password change +reboot-required since 2026-01-02T03:04:05Z by a campaign, answered 2026-01-02T03:04:06Z\n/
  assert.match((await run('charge-points show CP1')).out, words)
  assert.match((await run('charge-points list')).out, /CP1 .* reboot-required /)
  const shown = JSON.parse((await run('charge-points show CP1 --json')).out).passwordChange
  assert.partialDeepStrictEqual(shown, {
    phase: 'reboot-required',
    origin: 'campaign',
    oldSeenAt: null,
  })
  assert.deepEqual([shown.startedAt, shown.answeredAt].map(Date.parse), [startTime, startTime + 1000])
  for (const line of ['show CP1', 'show CP1 --json', 'list', 'list --json', 'export', 'block CP1 --json']) {
    const { out } = await run(`charge-points ${line}`)
    assert.ok(out.includes('CP1'))
    for (const secret of [next.hash, next.salt, old.hash, old.salt, 'SEALED'])
      assert.ok(!out.includes(secret), line)
  }
})

test('[A00.FR.427] show tells keys and last refusals, also of an unknown charge point', async (context) => {
  const { run, store } = setUp(context)
  const { registry, rejections } = store()
  await registry.add('CP1', {})
  await registry.claimKey(
    'CP1',
    { keyFingerprint: 'f00d', certificateFingerprint: 'c', subject: 'CN=S1', notAfter: 0 },
    0,
  )
  await rejections.append([rejection(), rejection({ identity: 'CP9' })])
  const { out } = await run('charge-points show CP1')
  assert.match(out, /f00d +CN=S1 +1970-01-01T00:00:00Z/)
  assert.match(out, /credentials_invalid +CP1/)
  const json = JSON.parse((await run('charge-points show CP1 --json')).out)
  assert.equal(json.keys[0].keyFingerprint, 'f00d')
  assert.equal(json.rejections[0].reason, 'credentials_invalid')
  assert.match((await run('charge-points show CP9')).err, /it was refused: see `rejections list/)
})

test('[CWE-150] what a peer chose cannot write to the terminal', async (context) => {
  const { run, store } = setUp(context)
  await store().rejections.append([
    rejection({ identity: 'a\u001b[2Jb', detail: 'x\r\ny\u202e', facts: { evil: '\u009b31m' } }),
  ])
  for (const line of ['rejections list', 'rejections tail', 'rejections explain 1']) {
    const { out } = await run(line)
    assert.match(out, /a\\u\{1b\}\[2Jb/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  }
})
