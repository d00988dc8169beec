import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPaint } from '../../src/cli/demo/paint.ts'
import { compactLogLine } from '../../src/cli/quickstart/log-line.ts'
import { ownCommand, shellWord } from '../../src/cli/quickstart/own-command.ts'

const plain = createPaint(false, {})
const time = '2026-01-02T03:04:05.678Z'

test('a log line of the proxy is one short line', () => {
  const refused = {
    level: 'warn',
    time,
    reason: 'tls_version',
    stage: 'tls',
    identity: 'CP-1',
    detail: 'too old',
    listener: 'basic-auth-tls',
    ja4: 'x',
    msg: 'refused',
  }
  assert.equal(
    compactLogLine(`${JSON.stringify(refused)}\n`, plain),
    '03:04:05 proxy   CP-1 refused tls_version (too old) listener=basic-auth-tls',
  )
  assert.equal(compactLogLine(JSON.stringify({ level: 'info', time, msg: 'listening' }), plain), null)
  const event = {
    level: 'info',
    time,
    origin: 'proxy',
    type: 'MessageRefused',
    identity: 'CP-1',
    techInfo: 'Reset',
  }
  assert.equal(
    compactLogLine(JSON.stringify({ ...event, msg: 'security event' }), plain),
    '03:04:05 proxy   CP-1 security event MessageRefused (Reset)',
  )
})

test('whatever a log line holds, it stays one line without control characters', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.constant(null))
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (fields) => {
      const line = compactLogLine(JSON.stringify({ level: 'info', time, msg: 'x', ...fields }), plain)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.ok(line === null || !/[\u0000-\u001f\u007f-\u009f]/.test(line))
    }),
  )
})

test('the command that is printed works where it runs', () => {
  const exists = () => true
  const folder = '/home/me/checkout'
  const script = '/home/me/checkout/src/main.ts'
  assert.equal(ownCommand({ script, folder, exists }), 'node_modules/.bin/node src/main.ts')
  assert.equal(ownCommand({ script, folder, exists: () => false }), 'node src/main.ts')
  assert.equal(
    ownCommand({ script: '/opt/a b/src/main.ts', folder, exists: () => false }),
    "node '/opt/a b/src/main.ts'",
  )
  const installed = `${folder}/node_modules/.bin/ocpp-security-proxy`
  assert.equal(ownCommand({ script: installed, folder }), 'npx ocpp-security-proxy')
  assert.equal(ownCommand({ script: '/usr/bin/ocpp-security-proxy', folder }), 'ocpp-security-proxy')
  assert.equal(shellWord("it's"), `'it'\\''s'`)
})
