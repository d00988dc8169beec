import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitPem } from '../../src/pki/certificate.ts'
import { makeAuthority } from '../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { opensslBundle } from '../support/pkcs12-bundle.ts'
import { secret } from '../support/secrets.ts'
import { setUpPki } from './pki-commands.ts'

const passphrase = secret('password', 'a passphrase of a bundle of commands')

for (const kind of ['rsa', 'ecdsa'] as const) {
  for (const legacy of [false, true]) {
    test(
      `[A00.FR.602] ${kind}${legacy ? ', RC2 and 3DES' : ''}: in from openssl, out to openssl`,
      needsOpenssl,
      async (t) => {
        const setting = setUpPki(t)
        const root = await makeAuthority()
        const issued = await (await root.intermediate()).server(kind)
        const openssl = opensslFolder()
        setting.write('pass', `${passphrase}\n`)
        setting.write('in.p12', opensslBundle(openssl, issued, passphrase, { legacy }))
        const read = ['pkcs12', 'import', '@in.p12', '--passphrase-file', '@pass', '--out', '@server']
        assert.deepEqual(await setting.run(...read).then(({ code, err }) => [code, err]), [0, ''])
        assert.deepEqual(splitPem(setting.read('server.pem').toString()), splitPem(issued.chain))
        assert.equal(setting.mode('server.key'), 0o600)

        const write = ['pkcs12', 'export', '@server.pem', '--passphrase-file', '@pass', '--out', '@out.p12']
        const more = ['--name', 'proxy', ...(legacy ? ['--legacy'] : [])]
        assert.deepEqual(await setting.run(...write, ...more).then(({ code, err }) => [code, err]), [0, ''])
        assert.equal(setting.mode('out.p12'), 0o600)
        const args = ['pkcs12', '-in', setting.path('out.p12'), '-passin', 'file:passphrase', '-nodes']
        const seen = openssl.run(...args, ...(legacy ? ['-legacy'] : []))
        assert.equal(seen.match(/BEGIN CERTIFICATE/g)?.length, 2)
        assert.match(seen, /friendlyName: proxy/)
        assert.equal((await setting.run(...write)).code, 1, 'nothing is written over')
      },
    )
  }
}

test('[A00.FR.602] encrypted keys; wrong passphrases and wrong files say so and show nothing', async (t) => {
  const setting = setUpPki(t)
  const issued = await (await makeAuthority()).chargePoint()
  setting.write('pass', passphrase)
  setting.write('wrong', secret('password', 'not this passphrase'))
  setting.write('cp.pem', issued.chain)
  setting.write('cp.key', issued.key)
  const write = ['pkcs12', 'export', '@cp.pem', '--out', '@cp.p12', '--passphrase-file']
  assert.equal((await setting.run(...write, '@pass')).code, 0)
  const read = ['pkcs12', 'import', '@cp.p12', '--out', '@x', '--passphrase-file']
  const wrong = await setting.run(...read, '@wrong')
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /cp\.p12: .*or the passphrase is wrong/)
  assert.equal((await setting.run(...read, '@none')).code, 2)
  assert.equal((await setting.run(...read, '@pass', '--key-passphrase-file', '@pass')).code, 0)
  assert.match(setting.read('x.key').toString(), /BEGIN ENCRYPTED PRIVATE KEY/)
  const exportX = ['pkcs12', 'export', '@x.pem', '--out', '@y.p12', '--passphrase-file', '@pass']
  const locked = await setting.run(...exportX)
  assert.match(locked.err, /x\.key: no private key in PEM, or its passphrase is wrong or missing/)
  assert.equal((await setting.run(...exportX, '--key-passphrase-file', '@pass')).code, 0)
  const other = await (await makeAuthority()).chargePoint()
  setting.write('other.key', other.key)
  const foreign = await setting.run(...write, '@pass', '--key', '@other.key', '--force')
  assert.match(foreign.err, /other\.key is the key of no certificate/)
  assert.doesNotMatch(wrong.err + locked.err + foreign.err, /a passphrase of|PRIVATE/)
})
