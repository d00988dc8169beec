import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffReload } from '../../src/config/reload.ts'
import type { Config } from '../../src/config/schema.ts'
import { load, minimal, problemsOf } from './support.ts'

function config(yaml: string): Config {
  const result = load(
    yaml,
    {},
    { '/etc/proxy/k1': Buffer.alloc(32, 1), '/etc/proxy/k2': Buffer.alloc(32, 2) },
  )
  assert.ok(result.ok, problemsOf(result).join('\n'))
  return result.config
}

const cases: readonly (readonly [name: string, after: string, needsRestart: readonly string[]])[] = [
  ['nothing', minimal, []],
  [
    'limits, level, path, checks',
    `${minimal.replace('Profile: 1', 'Profile: 1, path: /x')}limits: { idle: 1m }\nlog: { level: warn }\nadmission: { checks: { client_cert_expired: report } }`,
    [],
  ],
  ['the central system', minimal.replace('9000', '9001'), []],
  ['an address', minimal.replace('8080', '8081'), ['listeners[one].address']],
  ['a profile', minimal.replace('Profile: 1', 'Profile: 0'), ['listeners[one].securityProfile']],
  ['a name', minimal.replace('name: one', 'name: two'), ['listeners[one]', 'listeners[two]']],
  ['the store', minimal.replace('proxy.db', 'other.db'), ['store.sqlite']],
  ['the sealing key', minimal.replace('proxy.db', 'proxy.db, sealingKeyFile: k1'), ['store.sealingKeyFile']],
  ['retention', minimal.replace('proxy.db', 'proxy.db, rejections: { keep: 5 }'), []],
  [
    'what messages may be sent',
    `${minimal}messages: { fromCentralSystem: { denyConfigurationKeys: [X] }, overInsecureProfiles: { profile1: { passwords: refuse } } }`,
    [],
  ],
  [
    'what messages are looked at',
    `${minimal}messages: { fromCentralSystem: { allow: [Reset] }, schema: report }`,
    ['messages.fromCentralSystem.allow', 'messages.schema'],
  ],
  ['the admin address', `${minimal}admin: { address: "127.0.0.1:9999" }`, ['admin.address']],
]

for (const [name, after, needsRestart] of cases) {
  test(`a change of ${name} needs a restart for: ${needsRestart.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(diffReload(config(minimal), config(after)), {
      live: needsRestart.length === 0,
      needsRestart,
    })
  })
}

test('another sealing key under another name is a change; the order of listeners is not', () => {
  const sealed = (key: string) => config(minimal.replace('proxy.db', `proxy.db, sealingKeyFile: ${key}`))
  assert.deepEqual(diffReload(sealed('k1'), sealed('k2')).needsRestart, ['store.sealingKeyFile'])
  const two = '  - { name: two, address: "127.0.0.1:8082", securityProfile: 1 }\n'
  const before = config(minimal.replace('centralSystem', `${two}centralSystem`))
  const after = config(minimal.replace('listeners:\n', `listeners:\n${two}`))
  assert.deepEqual(diffReload(before, after).needsRestart, [])
})
