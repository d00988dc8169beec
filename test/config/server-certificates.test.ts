import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, problemsOf, warningsOf, withListeners } from './support.ts'

const cpo = 'cpo: { names: [X] }\ncertificateAuthority: { local: { certificate: ca.pem, key: ca.key } }\n'
const files = { '/etc/proxy/pass': 'correct horse\n' }

/** A listener with these entries of `certificates`, YAML in flow style. */
function listener(entries: string, { names = 'names: [ocpp.example.com]', more = cpo } = {}) {
  return withListeners(
    [
      `{ name: a, address: "127.0.0.1:1", securityProfile: 2, tls: { certificates: [${entries}], ${names} } }`,
    ],
    more,
  )
}

function problems(yaml: string): string[] {
  return problemsOf(load(yaml, {}, files))
}

test('[A00.FR.410] a server certificate is PEM files, a PKCS #12 file or issued, and one of them only', () => {
  const form = /certificates\[0\]: must be one of \{ certificate, key \}.*A00\.FR\.306, A00\.FR\.410/
  for (const entry of [
    '{}',
    '{ passphraseFile: pass }',
    '{ certificate: a, key: b, pkcs12: c, passphraseFile: pass }',
    '{ pkcs12: c, passphraseFile: pass, issue: local }',
  ])
    assert.match(problems(listener(entry)).join('\n'), form, entry)
  assert.match(problems(listener('{ certificate: a }'))[0] ?? '', /\[0\]\.key: is missing: PEM file/)
  assert.match(problems(listener('{ key: a }'))[0] ?? '', /\[0\]\.certificate: is missing/)
  assert.match(problems(listener('{ pkcs12: a }'))[0] ?? '', /\[0\]\.passphraseFile: is missing/)
  assert.match(
    problems(listener('{ certificate: a, key: b, lifetime: 1h }'))[0] ?? '',
    /lifetime: goes with issue: local only/,
  )
  assert.match(problems(listener('{ issue: local, passphraseFile: pass }'))[0] ?? '', /never on disk/)
})

test('[A00.FR.602] the passphrase of a PKCS #12 file comes out of its file, and both are watched', () => {
  const result = load(listener('{ pkcs12: server.p12, passphraseFile: pass }'), {}, files)
  assert.ok(result.ok, problemsOf(result).join('\n'))
  assert.deepEqual(result.config.listeners[0]?.tls?.certificates, [
    { pkcs12: '/etc/proxy/server.p12', passphrase: 'correct horse' },
  ])
  for (const file of ['/etc/proxy/server.p12', '/etc/proxy/pass']) assert.ok(result.sources.includes(file))
  const missing = problems(listener('{ pkcs12: a, passphraseFile: none }'))
  assert.match(missing[0] ?? '', /certificates\[0\]\.passphraseFile: the file .*none does not exist/)
})

test('[A00.FR.701] issue: local lives 23 hours, with RSA and ECDSA, for the names of the section', () => {
  const result = load(listener('{ issue: local }'))
  assert.ok(result.ok, problemsOf(result).join('\n'))
  assert.deepEqual(result.config.listeners[0]?.tls?.certificates, [
    { issue: 'local', names: ['ocpp.example.com'], lifetime: 82_800_000, keyTypes: ['rsa-2048', 'p-256'] },
  ])
  const own = load(
    listener('{ issue: local, names: [a.example.com], lifetime: 8h, keyTypes: [p-384] }', { names: '' }),
  )
  assert.ok(own.ok)
  assert.deepEqual(own.config.listeners[0]?.tls?.certificates, [
    { issue: 'local', names: ['a.example.com'], lifetime: 28_800_000, keyTypes: ['p-384'] },
  ])
})

test('[A00.FR.701] a day and more is refused, less than an hour is warned of', () => {
  assert.match(problems(listener('{ issue: local, lifetime: 24h }'))[0] ?? '', /lifetime: "24h" does not fit/)
  const short = load(listener('{ issue: local, lifetime: 30m }'))
  assert.match(warningsOf(short).join(), /lifetime: is less than an hour.*A00\.FR\.701/)
})

test('[A00.FR.510] issued certificates need names, of which the first fits into a CN', () => {
  assert.match(
    problems(listener('{ issue: local }', { names: '' }))[0] ?? '',
    /names: is missing.*A00\.FR\.510/,
  )
  assert.match(problems(listener('{ issue: local, names: ["*.example.com"] }')).join(), /wildcards/)
  const long = `${'a'.repeat(60)}.example.com`
  const own = (names: string) => problems(listener(`{ issue: local, names: [${names}] }`, { names: '' }))
  assert.match(own(long)[0] ?? '', /holds 64 characters/)
  assert.deepEqual(own(`b.example.com, ${long}`), [])
  const other = problems(listener('{ issue: local, names: [b.example.com] }'))
  assert.match(other[0] ?? '', /the first name is the CN, and "b\.example\.com" is none of tls\.names/)
  assert.deepEqual(problems(listener('{ issue: local, names: [OCPP.example.com, b.example.com] }')), [])
})

test('[A00.FR.601] [A00.FR.509] [A00.FR.317] what issuing needs is there: authority, organization, one key of a kind', () => {
  const without = problems(listener('{ issue: local }', { more: '' })).join('\n')
  assert.match(without, /issue: .*set cpo\.names.*A00\.FR\.509/)
  assert.match(without, /issue: needs an authority in the proxy.*A00\.FR\.601/)
  const twice = problems(listener('{ issue: local, keyTypes: [p-256, p-384] }'))
  assert.match(twice[0] ?? '', /keyTypes: .*one RSA and one ECDSA.*A00\.FR\.317/)
})
