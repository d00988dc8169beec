import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPkcs12 } from '../../src/pki/pkcs12.ts'
import { writePkcs12 } from '../../src/pki/pkcs12-write.ts'
import { type Issued, makeAuthority } from '../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { opensslBundle } from '../support/pkcs12-bundle.ts'
import { secret } from '../support/secrets.ts'
import { assertOne, authority, day, ecdsa, findings, name, rsa, server } from './check-world.ts'

const passphrase = secret('password', 'the passphrase of check')
const bundleOf = (issued: Issued, chain: Issued[] = []) =>
  writePkcs12({ ...issued.credentials, chain: chain.map(({ x509 }) => x509) }, passphrase)
const certificates = ['{ pkcs12: e.p12, passphraseFile: pass }', '{ pkcs12: r.p12, passphraseFile: pass }']
const files = { 'e.p12': bundleOf(ecdsa), 'r.p12': bundleOf(rsa), pass: `${passphrase}\n` }

test('[A00.FR.410] good PKCS #12 files: nothing is said', (context) => {
  assert.deepEqual(findings(context, { certificates, files }), [])
})

test('[A00.FR.410] [A00.FR.501] [A00.FR.510] a certificate in PKCS #12 is held to the same rules', async (context) => {
  const now = Date.now()
  const over = await server({ notBefore: now - 20 * day, notAfter: now - day })
  const expired = findings(context, { certificates, files: { ...files, 'e.p12': bundleOf(over) } })
  assertOne(expired, /^error .*certificates\[0\]\.pkcs12: expired on .*A00\.FR\.410/)
  const elsewhere = bundleOf(await server({}, ['else.example.com']))
  assertOne(
    findings(context, { certificates, files: { ...files, 'e.p12': elsewhere } }),
    /^error .*\.pkcs12: its common name "else\.example\.com" is none of tls\.names/,
  )
})

test('[A00.FR.602] wrong passphrase, no bundle, too many eyes', (context) => {
  const wrong = findings(context, { certificates, files: { ...files, pass: 'something else\n' } })
  assert.equal(wrong.length, 2)
  for (const line of wrong) assert.match(line, /^error .*\.pkcs12: .*or the passphrase is wrong/)
  const text = findings(context, { certificates, files: { ...files, 'r.p12': 'no bundle' } })
  assertOne(text, /^error .*certificates\[1\]\.pkcs12: .*it is no PKCS #12/)
  const open = findings(context, { certificates, files, modes: { 'e.p12': 0o644 } })
  assertOne(open, /^error .*every user of the machine can reach the key e\.p12 \(mode 0644\).*A00\.FR\.602/)
  assert.doesNotMatch([...wrong, ...text, ...open].join(), new RegExp(passphrase))
})

test(
  'the order in the bundle does not matter, and a root in it is left out',
  needsOpenssl,
  async (context) => {
    const below = await authority.intermediate({ name: 'Servers' })
    const issued = await below.server('ecdsa', [name])
    const folder = opensslFolder()
    const chain = authority.certificate + issued.chain
    const bundle = opensslBundle(folder, { ...issued, chain }, passphrase, { legacy: true })
    assert.ok(readPkcs12(bundle, passphrase).chain.length >= 2)
    assert.deepEqual(findings(context, { certificates, files: { ...files, 'e.p12': bundle } }), [])
  },
)

test('[A00.FR.317] several with the same kind of key: a listener can show one', async (context) => {
  const found = findings(context, {
    certificates: [...certificates, '{ certificate: e.pem, key: e.key }'],
    files: { ...files, 'e.p12': bundleOf(await server()) },
  })
  assertOne(found, /^error .*certificates: there are several with ec keys/)
})

test('[A00.FR.601] issued certificates: the authority is looked at, and both kinds are there', async (context) => {
  const issuer = await makeAuthority({ name: 'Own authority' })
  const more = 'certificateAuthority: { local: { certificate: ca.pem, key: ca.key } }'
  const world = {
    certificates: ['{ issue: local }'],
    more,
    files: { 'ca.pem': issuer.certificate, 'ca.key': issuer.key, 'cpo.pem': issuer.certificate },
  }
  const found = findings(context, world)
  assert.ok(
    found.every((line) => line.startsWith('warning')),
    found.join('\n'),
  )
  const own = found.filter((line) => line.includes('tls.certificates'))
  assertOne(
    own,
    /^warning .*\[0\]\.issue: the RSA certificate is signed by an authority on an elliptic.*A00\.FR\.317/,
  )
  const one = findings(context, { ...world, certificates: ['{ issue: local, keyTypes: [p-256] }'] })
  assert.match(one.join('\n'), /warning .*certificates: no RSA certificate/)
  const broken = findings(context, { ...world, files: { ...world.files, 'ca.key': 'no key' } })
  assert.match(broken.join('\n'), /error .*certificateAuthority.*the key of the issuer cannot be read/)
})
