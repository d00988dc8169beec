import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { csvLine, parseCsv } from '../../src/cli/charge-points/csv.ts'
import { parseImportFile } from '../../src/cli/charge-points/import-file.ts'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { createPasswordVerifier } from '../../src/gate/credentials/verifier.ts'
import { setUp } from './fake-shell.ts'

function importer(context: TestContext) {
  const setting = setUp(context)
  const file = join(setting.folder, 'fleet')
  const load = (text: string | Buffer, ...options: string[]) => {
    writeFileSync(file, text)
    return setting.run(['charge-points', 'import', file, ...options])
  }
  return { ...setting, load }
}

const key = '00ff'.repeat(10)

test('[A01.FR.08] CSV and JSON are imported; passwords are hashed', async (context) => {
  const { load, store } = importer(context)
  const imported = await hashKey(Buffer.from('imported'), true)
  const csv = `identity,serialNumber,securityProfile,legacyTls,password\r\nCP1,S1,1,true,${key}\r\n"RDAM, 2",,,,chosen password\r\n`
  assert.deepEqual(await load(csv), { code: 0, out: '2 charge points were added, 0 updated\n', err: '' })
  const json = JSON.stringify([
    { identity: 'CP1', serialNumber: 'S9', migrating: true, blocked: true },
    { identity: 'CP3', securityProfile: 3, legacyTls: false, upgradeTo: null, passwordHash: imported },
  ])
  assert.deepEqual(JSON.parse((await load(json, '--json')).out), { added: 1, updated: 1, dryRun: false })

  const { registry } = store()
  const [first, third, second] = await registry.list({ limit: 9 })
  assert.deepEqual(
    [first?.serialNumber, first?.securityProfile, first?.legacyTls, first?.migrating, first?.blocked],
    ['S9', 1, true, true, true],
  )
  assert.deepEqual([first?.credential?.scheme, second?.credential?.scheme], ['hmac-sha256', 'scrypt'])
  assert.deepEqual(third?.credential, imported)
  const verifier = createPasswordVerifier({ now: () => 0 })
  assert.deepEqual(await verifier.verify(first?.credential ?? null, Buffer.from(key, 'hex'), 'CP1'), {
    ok: true,
    form: 'raw',
  })
  assert.deepEqual(
    await verifier.verify(second?.credential ?? null, Buffer.from('chosen password'), 'RDAM, 2'),
    { ok: true, form: 'text' },
  )
})

test('[CWE-770] standard input is read to its end, and within bounds', async (context) => {
  const { run, store } = setUp(context)
  const { out } = await run('charge-points import -', 'identity,serialNumber\nCP1,S1\n')
  assert.equal(out, '1 charge points were added, 0 updated\n')
  assert.equal((await store().registry.get('CP1'))?.serialNumber, 'S1')
  const none = await run('charge-points import -')
  assert.equal(none.code, 2)
  assert.match(none.err, /standard input is a terminal, or over \d+ bytes/)
})

test('all problems are told at once, with their lines, and nothing is imported', async (context) => {
  const { load, run, store } = importer(context)
  await run('charge-points add OLD --serial TAKEN')
  const rows = [
    'identity,serialNumber,securityProfile,legacyTls,password,passwordHash',
    'CP1,S1,1,true,,',
    'CP1,S2,7,maybe,,',
    '"multi\nline",S1,,,,',
    'CP4,TAKEN,,,,',
    'CP5,,,,topsecret,{}',
    ',,,,,',
    'CP7,too,few',
  ]
  const { code, out, err } = await load(rows.join('\n'))
  assert.deepEqual([code, out], [1, ''])
  const expected = [
    'line 3: securityProfile must be 0, 1, 2 or 3',
    'line 3: legacyTls must be true or false',
    'line 3: identity CP1 stands in line 2 already',
    'line 4: the identity holds control or invisible characters',
    'line 4: serialNumber S1 stands in line 2 already',
    'line 6: serialNumber TAKEN belongs to charge point OLD',
    'line 7: passwordHash is none that this version can check',
    'line 8: the identity is empty',
    'line 9: has 3 cells, the header has 6',
  ]
  for (const problem of expected) assert.ok(err.includes(problem), `${problem}\n${err}`)
  assert.match(err, new RegExp(`nothing was imported, ${expected.length} problems`))
  assert.doesNotMatch(err, /topsecret/)
  assert.equal(await store().registry.count(), 1)
})

test('a dry run checks and changes nothing', async (context) => {
  const { load, run, store } = importer(context)
  await run('charge-points add CP1')
  assert.equal(
    (await load('identity,serialNumber\nCP1,S1\nCP2,S2', '--dry-run')).out,
    '1 charge points would be added, 1 updated\n',
  )
  assert.equal(await store().registry.count(), 1)
  assert.equal((await load('identity,legacyTls\nCP1,perhaps', '--dry-run')).code, 1)
})

test('an export is imported again as it was', async (context) => {
  const { load, run, store } = importer(context)
  await load(
    'identity,serialNumber,securityProfile,upgradeTo,legacyTls,blocked\n"a,""b""",S 1,1,3,yes,no\n zürich ,,,,,1\nx;y,S3,0,,,',
  )
  const before = await store().registry.list({ limit: 9 })
  for (const format of ['csv', 'json']) {
    const { out } = await run(`charge-points export --format ${format}`)
    for (const { identity } of before) await store().registry.remove(identity)
    assert.equal((await load(out)).code, 0)
    assert.deepEqual(await store().registry.list({ limit: 9 }), before, format)
  }
  for (const { identity } of before) await store().registry.remove(identity)
  assert.equal((await run('charge-points export --format json')).out, '[]\n')
})

test('[A01.FR.09] files that cannot be read are refused without repeating them', async (context) => {
  const { load, run } = importer(context)
  const secret = 'topsecretpassword'
  const files: [string | Buffer, number][] = [
    ['', 1],
    [`CP1,S1,${secret}\n`, 1],
    [`identity,password\nCP1,"${secret}\n`, 1],
    [`[{"identity":"CP1","password":"${secret}"`, 1],
    [`{"identity":"CP1","password":"${secret}"}`, 1],
    [`["${secret}"]`, 1],
    [`[{"identity":"CP1","password":["${secret}"]}]`, 1],
    [`[{"${secret}":"CP1"}]`, 1],
    [Buffer.concat([Buffer.from(`identity,password\nCP1,${secret}`), Buffer.from([0xff])]), 2],
  ]
  for (const [content, expected] of files) {
    const { code, out, err } = await load(content)
    assert.deepEqual([code, out], [expected, ''], String(content))
    assert.ok(err.length > 0 && !err.includes(secret), err)
  }
  assert.equal((await run('charge-points import /nonexistent')).code, 2)
})

test('CSV: whatever is written is read again; any text is read without an exception', () => {
  const cells = fc.array(fc.string({ unit: fc.constantFrom('a', ',', ';', '"', '\n', '\r', ' ', 'ü') }), {
    minLength: 2,
    maxLength: 4,
  })
  fc.assert(
    fc.property(fc.array(cells, { minLength: 1 }), (rows) => {
      const { rows: read, problem } = parseCsv(`head,er\n${rows.map(csvLine).join('')}`)
      assert.equal(problem, null)
      assert.deepEqual(
        read.slice(1).map((row) => row.cells),
        rows,
      )
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', '[', '{', ':') }), (text) => {
      parseImportFile(text)
      parseImportFile(`identity,password\n${text}`)
    }),
  )
})

test('CSV as spreadsheets write it: byte order mark, semicolons, old line ends, empty lines', () => {
  const { rows } = parseCsv('\uFEFFidentity;serialNumber\r\rCP1;"a;b"\r\nCP2;c,d\n')
  assert.deepEqual(rows, [
    { line: 1, cells: ['identity', 'serialNumber'] },
    { line: 3, cells: ['CP1', 'a;b'] },
    { line: 4, cells: ['CP2', 'c,d'] },
  ])
})
