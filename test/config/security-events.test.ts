import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

const withEvents = (section: string) => `${minimal}securityEvents: ${section}\n`

test('[A04.FR.03] the defaults: kept for a year, nobody is told', () => {
  const result = load(minimal)
  assert.ok(result.ok)
  assert.deepEqual(result.config.securityEvents, {
    keep: 1_000_000,
    age: 365 * 86_400_000,
    toCentralSystem: 'off',
    toCentralSystem201: 'off',
    dataTransfer: { vendorId: 'ocpp-security-proxy', messageId: 'SecurityEventNotification' },
    perMinute: 10,
    sinks: [],
  })
})

test('sinks: values are resolved, secrets come out of their files', () => {
  const result = load(
    withEvents(`
  toCentralSystem: DataTransfer
  ownSession: {}
  sinks:
    - file: { path: events.jsonl, maxSize: 1MiB }
    - syslog: { address: "127.0.0.1:6514" }
    - webhook: { url: "https://siem.example.com/x", secretFile: hook.secret, timeout: 3s }`),
    {},
    { '/etc/proxy/hook.secret': 'a secret of ours\n' },
  )
  assert.ok(result.ok, problemsOf(result).join('\n'))
  const { sinks, ownSession } = result.config.securityEvents
  assert.equal(ownSession?.identity, 'SECURITY-PROXY')
  assert.deepEqual(sinks, [
    { file: { name: 'file', path: '/etc/proxy/events.jsonl', maxSize: 1_048_576, keep: 9 } },
    {
      syslog: {
        name: 'syslog',
        transport: 'tls',
        address: { host: '127.0.0.1', port: 6514 },
        facility: 13,
        timeout: 10_000,
      },
    },
    {
      webhook: {
        name: 'webhook',
        url: 'https://siem.example.com/x',
        batch: 100,
        timeout: 3_000,
        secret: 'a secret of ours',
      },
    },
  ])
  assert.deepEqual(warningsOf(result), [])
})

test('what is wrong with sinks is said, and no URL is quoted', () => {
  const problems = problemsOf(
    load(
      withEvents(`
  sinks:
    - file: { path: a.jsonl }
    - file: { path: b.jsonl }
    - file: { name: third, path: a.jsonl }
    - {}
    - { file: { name: x, path: c.jsonl }, syslog: { address: "127.0.0.1:514" } }
    - webhook: { name: hook, url: "ftp://hidden" }
    - webhook: { name: hook2, url: "https://user:hidden@siem" }`),
    ),
  ).join('\n')
  for (const text of [
    'sinks[1].file.name: file is the name of an earlier file sink already',
    'sinks[2].file.path: an earlier sink writes this file already',
    'sinks[3]: must be one of file, syslog and webhook',
    'sinks[4]: must be one of file, syslog and webhook',
    'sinks[5].webhook.url: must be an http:// or https:// URL',
    'sinks[6].webhook.url: must not hold a user name or password',
  ]) {
    assert.ok(problems.includes(text), `${text}\n--- is not in\n${problems}`)
  }
  assert.ok(!problems.includes('hidden'))
})

test('what protects nothing, or does nothing, is warned about', () => {
  const result = load(
    withEvents(`
  ownSession: {}
  toCentralSystem201: SecurityEventNotification
  sinks:
    - syslog: { transport: udp, address: "203.0.113.9:514", ca: roots.pem }
    - webhook: { url: "http://203.0.113.9/" }`),
  )
  const warnings = warningsOf(result).join('\n')
  assert.ok(result.ok, problemsOf(result).join('\n'))
  for (const text of [
    'toCentralSystem201: has no effect without centralSystem201',
    'ownSession: has no effect while toCentralSystem is off',
    'syslog.ca: has no effect without transport: tls',
    'udp to a public address',
    'http:// to a public address',
  ]) {
    assert.ok(warnings.includes(text), `${text}\n--- is not in\n${warnings}`)
  }
})
