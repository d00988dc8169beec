import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { patternsOf, type SecretKind } from '../../scripts/grep-secrets/forms.ts'
import { type Finding, lookThrough } from '../../scripts/grep-secrets/look.ts'
import { Matcher } from '../../scripts/grep-secrets/matcher.ts'
import { generateKey, privateKeyPem } from '../../src/pki/keys.ts'

const script = join(import.meta.dirname, '..', '..', 'scripts', 'grep-secrets.ts')
const password = randomBytes(20)
const text = `a password of ${randomBytes(6).toString('hex')}`

/** A transcript of its own, with these secrets. */
function transcript(t: TestContext, secrets: readonly (readonly [SecretKind, Uint8Array | string])[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-grep-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const records = secrets.map(([kind, value]) =>
    JSON.stringify({ kind, value: Buffer.from(value).toString('base64'), from: 'test/x.test.ts' }),
  )
  write('secrets/1.jsonl', `${records.join('\n')}\n`)
  const grep = (...more: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--folder', folder, ...more], {
      encoding: 'utf8',
    })
    return { status, stdout, lines: stderr.split('\n').filter((line) => line !== '') }
  }
  return { folder, write, grep }
}

const innocent = '{"level":"info","msg":"listening"}\n'

const base64Of = (value: Uint8Array) => Buffer.concat([Buffer.from('CP-1:'), value]).toString('base64')
const planted: readonly (readonly [string, string | Uint8Array])[] = [
  ['its bytes', password],
  ['its bytes as latin1', password.toString('latin1')],
  ['its bytes in JSON', JSON.stringify({ key: password.toString('latin1') })],
  ['digits in lower case', `key ${password.toString('hex')}`],
  ['digits in upper case', `key ${password.toString('hex').toUpperCase()}`],
  ['a Basic header', `Basic ${base64Of(password)}`],
  ['base64 of it alone', password.toString('base64')],
  ['base64url behind three bytes', Buffer.concat([Buffer.from('abc'), password]).toString('base64url')],
  ['text', `the password is ${text}!`],
  ['text in a URL', `?password=${encodeURIComponent(text)}`],
  ['text in a Basic header', `Basic ${base64Of(Buffer.from(text))}`],
]

test('[A01.FR.08][A01.FR.09] a planted password is found in every form, and not repeated', async (t) => {
  const { write, grep } = transcript(t, [
    ['password', password],
    ['password', text],
  ])
  write('process/1.txt', innocent.repeat(3))
  assert.equal(grep('--part').status, 0)
  for (const [what, content] of planted) {
    write('http/7.txt', Buffer.concat([Buffer.from(innocent.repeat(4)), Buffer.from(content)]))
    const { status, lines, stdout } = grep('--part')
    assert.equal(status, 1, what)
    assert.ok(lines.length >= 1, what)
    for (const line of lines) assert.match(line, /^http\/7\.txt:5: password \(.+\) of test\/x\.test\.ts$/)
    for (const value of [password.toString('hex'), text])
      assert.ok(!`${lines}${stdout}`.includes(value), what)
  }
})

test('[A01.FR.08] it is found in a table, also behind a page of a database', async (t) => {
  const { folder, write, grep } = transcript(t, [['password', password]])
  write('store/empty.txt', '')
  const database = new DatabaseSync(join(folder, 'store', 'proxy.db'))
  database.exec('create table security_events (id integer, tech_info text, raw blob)')
  const insert = database.prepare('insert into security_events values (?, ?, ?)')
  insert.run(1, 'nothing', null)
  assert.equal(grep('--part').status, 0)
  // Across a page the file has it in pieces, and the table has it whole.
  insert.run(2, `${'x'.repeat(4060)}${password.toString('hex')}`, Buffer.concat([Buffer.of(1), password]))
  database.close()
  const { status, lines } = grep('--part')
  assert.equal(status, 1)
  assert.ok(lines.some((line) => /^store\/proxy\.db security_events\.tech_info:2: /.test(line)))
  assert.ok(lines.some((line) => /^store\/proxy\.db security_events\.raw:2: /.test(line)))
})

test('[A01.FR.09] private keys are found, and what is public of them is not', async (t) => {
  for (const spec of [
    { type: 'ec', curve: 'P-256' },
    { type: 'ec', curve: 'P-384' },
    { type: 'rsa', bits: 2048 },
    { type: 'rsa-pss', bits: 2048 },
  ] as const) {
    const { privateKey, publicKey } = await generateKey(spec)
    const pem = privateKeyPem(privateKey)
    const { write, grep } = transcript(t, [['private key', pem]])
    write('process/1.txt', publicKey.export({ type: 'spki', format: 'pem' }))
    assert.equal(grep('--part').status, 0, JSON.stringify(spec))
    const der = privateKey.export({ type: 'pkcs8', format: 'der' })
    // RSASSA-PSS has no JWK: its PEM is looked for, and nothing else.
    const more =
      spec.type === 'rsa-pss'
        ? []
        : [der.toString('base64'), der.toString('hex'), JSON.stringify(privateKey.export({ format: 'jwk' }))]
    for (const leak of [pem, JSON.stringify({ pem }), ...more]) {
      write('process/1.txt', leak)
      const { status, lines } = grep('--part')
      assert.equal(status, 1, JSON.stringify(spec))
      assert.match(lines[0] ?? '', /^process\/1\.txt:\d+: private key /)
    }
  }
})

test('a transcript that is not whole proves nothing', async (t) => {
  const { write, grep, folder } = transcript(t, [['password', password]])
  write('process/1.txt', innocent)
  const { status, lines } = grep()
  assert.equal(status, 1)
  assert.ok(lines.includes('the transcript is not whole: no private key was used'))
  assert.ok(lines.includes('the transcript is not whole: nothing of store'))
  assert.equal(grep('--begin').status, 0)
  rmSync(join(folder, 'process'), { recursive: true, force: true })
  const after = grep('--part')
  assert.match(after.stdout, /^0 secrets in 0 forms, 0 files/)
})

test('whatever stands around a secret, and however the file is read, it is found where it stands', () => {
  const record = { kind: 'password', value: password.toString('base64'), from: 'x' } as const
  const patterns = patternsOf(record)
  const matcher = new Matcher(patterns)
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('\n', '\n\n', 'x'.repeat(700)).map((one) => Buffer.from(one)),
  )
  const property = fc.property(
    fc.array(piece),
    fc.array(piece),
    fc.constantFrom(...patterns),
    fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
    (before, after, { bytes }, sizes) => {
      const file = Buffer.concat([...before, bytes, ...after])
      const findings: Finding[] = []
      let at = 0
      const read = (into: Buffer) => {
        const size = Math.min(sizes.next().value ?? 1, file.length - at, into.length)
        file.copy(into, 0, at, at + size)
        at += size
        return size
      }
      lookThrough('f', matcher, read, (finding) => findings.push(finding))
      const line = 1 + Buffer.concat(before).filter((byte) => byte === 0x0a).length
      assert.ok(findings.some((finding) => finding.line === line))
      assert.equal(
        new Set(findings.map(({ line, what }) => `${line} ${what}`)).size,
        findings.length,
        'each of them once',
      )
    },
  )
  fc.assert(property)
})
