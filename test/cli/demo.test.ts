import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { demoReasons, notShown } from '../../src/cli/demo/not-shown.ts'
import { createPaint } from '../../src/cli/demo/paint.ts'
import { ensurePasswords } from '../../src/cli/demo/passwords.ts'
import { refusalOrder, refusals } from '../../src/cli/demo/refusals.ts'
import { shortIds } from '../../src/cli/demo/report.ts'
import { viewOfBytes } from '../../src/cli/demo/seen.ts'
import { reasonCodes } from '../../src/policy/reasons.ts'

test('the demo has exactly one row for every reason but those that it cannot show', () => {
  const expected = reasonCodes.filter((code) => !Object.hasOwn(notShown, code))
  assert.deepEqual(Object.keys(refusals).toSorted(), expected.toSorted())
  assert.deepEqual(refusalOrder.toSorted(), expected.toSorted())
  assert.deepEqual([...demoReasons], expected)
  assert.equal(new Set(Object.values(refusals).map(({ who }) => who)).size, expected.length)
})

test('requirement ids of one section stand together', () => {
  assert.equal(shortIds(['A00.FR.312', 'A00.FR.314', 'A05.FR.09']), 'A00.FR.312, 314, A05.FR.09')
  assert.equal(shortIds(['RFC 8446 4.1.2', 'CWE-20']), 'RFC 8446 4.1.2, CWE-20')
  assert.equal(shortIds([]), '')
})

test('what a raw client saw is told by its bytes', () => {
  assert.deepEqual(viewOfBytes(Buffer.from('HTTP/1.1 503 Service Unavailable\r\n')), {
    kind: 'http',
    status: 503,
  })
  const alert = Buffer.from([21, 3, 1, 0, 2, 2, 50])
  assert.deepEqual(viewOfBytes(alert), { kind: 'tls-alert', alert: 'decode_error' })
  assert.deepEqual(viewOfBytes(Buffer.alloc(0)), { kind: 'reset' })
})

test('colours are for terminals, and not with NO_COLOR', () => {
  assert.equal(createPaint(true, {})('red', 'x'), '\u001b[31mx\u001b[39m')
  assert.equal(createPaint(true, { NO_COLOR: '1' })('red', 'x'), 'x')
  assert.equal(createPaint(false, {})('red', 'x'), 'x')
})

test('[A01.FR.07] passwords are made once, and a broken file is repaired', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-passwords-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const first = await ensurePasswords(folder, ['CP-1', 'CP-2'])
  assert.deepEqual([...first.made], ['CP-1', 'CP-2'])
  assert.equal(first.keys.get('CP-1')?.length, 20)
  const again = await ensurePasswords(folder, ['CP-1', 'CP-2'])
  assert.deepEqual([...again.made], [])
  assert.deepEqual(again.keys, first.keys)
  const hex = first.keys.get('CP-2')?.toString('hex').toUpperCase()
  assert.equal(readFileSync(join(folder, 'CP-2.password'), 'utf8'), `${hex}\n`)
  const changed = 'AB'.repeat(20)
  writeFileSync(join(folder, 'CP-1.password'), `${changed}\n`)
  const later = await ensurePasswords(folder, ['CP-1', 'CP-2'])
  assert.deepEqual(later.keys.get('CP-1'), Buffer.from(changed, 'hex'), 'what it wrote itself counts')
  assert.deepEqual([...later.made], [])
  assert.match(readFileSync(join(folder, 'demo-credentials.json'), 'utf8'), new RegExp(changed))
  for (const broken of ['{', '[]', 'null', '{"CP-1":"abc"}', '{"CP-1":7}']) {
    writeFileSync(join(folder, 'demo-credentials.json'), broken)
    assert.deepEqual([...(await ensurePasswords(folder, ['CP-1'])).made], ['CP-1'], broken)
  }
})
