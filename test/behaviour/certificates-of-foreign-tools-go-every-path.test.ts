import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { setUpPki } from '../cli/pki-commands.ts'
import { type ForeignChain, foreignChains } from '../support/foreign-chains.ts'
import { opensslClient } from '../support/openssl-client.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'
import { secret } from '../support/secrets.ts'

const passphrase = secret('password', 'a passphrase among foreign tools')
const skips = 'skip' in needsOpenssl
const chains = skips ? [] : await foreignChains()

test('chains of openssl, node-forge and @peculiar/x509 open the gate', needsOpenssl, async (t) => {
  const proxy = await startProxy(t, { files: { 'roots.pem': chains.map(({ root }) => root).join('') } })
  const clientCertificates = { trust: ['roots.pem'] }
  const tls = {
    certificates: [{ certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' }],
    clientCertificates,
  }
  assert.equal(await proxy.reload({ listeners: { 'mutual-tls': { tls } } }), 'reloaded')
  for (const { name, serialNumber, leaf, middle, leafKey } of chains) {
    await t.test(`[A00.FR.403] [A00.FR.505] ${name}`, async () => {
      await proxy.register(name, { serialNumber })
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const files = { certificate: leaf + middle, key: leafKey }
        const chargePoint = proxy.chargePoint('mutual-tls', { identity: name, tls: { ...files, maxVersion } })
        await assertServed(proxy, chargePoint)
        await chargePoint.close()
      }
    })
  }
})

test(
  'chains and requests of openssl, node-forge and @peculiar/x509 go through the commands',
  needsOpenssl,
  async (t) => {
    const setting = setUpPki(t)
    const openssl = opensslFolder()
    setting.write('pass', passphrase)
    const run = async (...words: string[]): Promise<string> => {
      const { code, out, err } = await setting.run(...words)
      assert.deepEqual([code, err], [0, ''], words.join(' '))
      return out
    }
    for (const one of chains) {
      const { name, serialNumber } = one
      const kind = name.replace(/.*-/, '')
      const write = (file: string, text: string) => setting.write(`${name}-${file}`, text)
      write('root.pem', one.root)
      write('ca.pem', one.middle)
      write('ca.key', one.middleKey)
      write('cp.pem', one.leaf + one.middle)
      write('cp.key', one.leafKey)
      write('cp.csr', one.csr)
      const trust = ['--trust', `@${name}-root.pem`, '--cpo', 'Example CPO', '--serial-number', serialNumber]
      const by = ['--issuer', `@${name}-ca.pem`, '--serial-number', serialNumber]

      await t.test(`[A00.FR.403] [A02.FR.12] ${name}: inspect takes certificate and request`, async () => {
        for (const file of ['cp.pem', 'cp.csr']) await run('inspect', `@${name}-${file}`, ...trust)
      })

      await t.test(`[A00.FR.602] ${name}: into PKCS #12, through openssl, and back`, async () => {
        const p12 = [`@${name}-cp.p12`, '--passphrase-file', '@pass']
        await run('pkcs12', 'export', `@${name}-cp.pem`, '--out', ...p12)
        openssl.write('pass', passphrase)
        openssl.run(
          'pkcs12',
          '-in',
          setting.path(`${name}-cp.p12`),
          '-passin',
          'file:pass',
          '-nodes',
          '-out',
          'all.pem',
        )
        const again = ['-export', '-in', 'all.pem', '-out', 'again.p12', '-passout', 'file:pass']
        openssl.run('pkcs12', ...again)
        setting.write(`${name}-again.p12`, openssl.read('again.p12'))
        await run(
          'pkcs12',
          'import',
          `@${name}-again.p12`,
          '--passphrase-file',
          '@pass',
          '--out',
          `@${name}-back`,
        )
        const back = new X509Certificate(setting.read(`${name}-back.pem`))
        assert.ok(back.raw.equals(new X509Certificate(one.leaf).raw))
        await run('inspect', `@${name}-again.p12`, '--passphrase-file', '@pass', ...trust)
      })

      await t.test(
        `[A00.FR.601] [A02.FR.12] ${name}: its authority issues, and signs its request`,
        async () => {
          const key = kind === 'rsa' || kind === 'pss' ? 'rsa-2048' : 'p-256'
          await run('charge-point', ...by, '--key', key, '--out', `@${name}-new`)
          await run('charge-point', ...by, '--csr', `@${name}-cp.csr`, '--out', `@${name}-signed`)
          for (const made of ['new', 'signed']) {
            const file = setting.path(`${name}-${made}.pem`)
            openssl.run('verify', '-CAfile', setting.path(`${name}-root.pem`), '-untrusted', file, file)
            await run('inspect', `@${name}-${made}.pem`, ...trust)
          }
        },
      )
    }
  },
)

test(
  'authorities of openssl, in PEM and in PKCS #12, issue the certificates of the proxy',
  needsOpenssl,
  async (t) => {
    const named = (name: string): ForeignChain => chains.find((one) => one.name === name) ?? assert.fail(name)
    const [rsa, ec] = [named('openssl-rsa'), named('openssl-ec384')]
    const openssl = opensslFolder()
    openssl.write('ca.key', ec.middleKey)
    openssl.write('ca.pem', ec.middle)
    openssl.write('roots.pem', rsa.root + ec.root)
    openssl.write('pass', passphrase)
    const bundle = ['-export', '-inkey', 'ca.key', '-in', 'ca.pem', '-out', 'ca.p12', '-passout', 'file:pass']
    openssl.run('pkcs12', ...bundle, '-legacy')
    const proxy = await startProxy(t, {
      serverKeys: [],
      tls: { certificates: [{ issue: 'local', names: ['localhost'], keyTypes: ['rsa-2048', 'p-384'] }] },
      certificateAuthority: {
        rsa: { local: { certificate: 'rsa-ca.pem', key: 'rsa-ca.key' } },
        ec: { local: { pkcs12: 'ec-ca.p12', passphraseFile: 'pass' } },
      },
      files: {
        'rsa-ca.pem': rsa.middle,
        'rsa-ca.key': rsa.middleKey,
        'ec-ca.p12': openssl.read('ca.p12'),
        pass: passphrase,
      },
    })
    const trust = [
      '-CAfile',
      openssl.path('roots.pem'),
      '-verify_hostname',
      'localhost',
      '-verify_return_error',
    ]
    for (const [suite, bits] of [
      ['AES128-GCM-SHA256', 2048],
      ['ECDHE-ECDSA-AES128-GCM-SHA256', 384],
    ] as const) {
      await t.test(
        `[A00.FR.306] [A00.FR.308] [A00.FR.317] openssl verifies what is shown with ${suite}`,
        async () => {
          const options = ['-tls1_2', '-cipher', suite, '-servername', 'localhost', ...trust]
          const seen = await opensslClient(proxy.port('basic-auth-tls'), options)
          assert.ok(seen.isConnected, seen.output)
          assert.match(seen.output, /Verify return code: 0 \(ok\)/)
          assert.match(seen.output, /Verified peername: localhost/)
          assert.match(seen.output, new RegExp(`Server public key is ${bits} bit`))
        },
      )
    }
  },
)
