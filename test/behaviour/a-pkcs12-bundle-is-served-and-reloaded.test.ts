import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { makeAuthority } from '../support/authority.ts'
import { frame } from '../support/frames.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { opensslBundle } from '../support/pkcs12-bundle.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { behindHead, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { replaceFile } from '../support/replace-file.ts'
import { secret } from '../support/secrets.ts'

const passphrase = secret('password', 'the passphrase of a server bundle')
const suites = { rsa: 'ECDHE-RSA-AES128-GCM-SHA256', ecdsa: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const

/** The serial number that a client with a suite of this kind is shown; it trusts the root alone. */
async function served(proxy: TestProxy, kind: keyof typeof suites, ca: string): Promise<string> {
  const port = proxy.port('basic-auth-tls')
  const options = { ca, ciphers: suites[kind], maxVersion: 'TLSv1.2', servername: 'localhost' } as const
  const socket = connect({ port, ...options })
  await once(socket, 'secureConnect')
  const serialNumber = socket.getPeerX509Certificate()?.serialNumber ?? ''
  socket.destroy()
  return serialNumber
}

test('server certificates out of PKCS #12, by openssl', needsOpenssl, async (t) => {
  const openssl = opensslFolder()
  const root = await makeAuthority({ name: 'Server root' })
  const servers = await root.intermediate({ name: 'Servers' })
  const issue = async (kind: keyof typeof suites, legacy: boolean) => {
    const issued = await servers.server(kind)
    return { issued, bundle: opensslBundle(openssl, issued, passphrase, { legacy }) }
  }
  const rsa = await issue('rsa', true)
  const ec = await issue('ecdsa', false)
  const certificates = ['rsa.p12', 'ec.p12'].map((pkcs12) => ({ pkcs12, passphraseFile: 'passphrase' }))
  const proxy = await startProxy(t, {
    tls: { certificates },
    serverKeys: [],
    files: { 'rsa.p12': rsa.bundle, 'ec.p12': ec.bundle, passphrase: `${passphrase}\n` },
  })
  const ca = root.certificate
  const write = (name: string, content: Buffer | string) => replaceFile(join(proxy.pki.folder, name), content)
  const password = await proxy.register()
  const port = proxy.port('basic-auth-tls')
  const client = await upgraded({ port, tls: { ca } }, upgradeRequest({ password }))
  const heartbeat = async (id: string) => {
    client.write(frame(`[2,"${id}","Heartbeat",{}]`))
    await client.until((heard) => behindHead(heard).includes(`[3,"${id}",`))
  }
  await heartbeat('before')

  await t.test('[A00.FR.306] RSA in RC2 and 3DES, ECDSA in AES, each with its intermediate', async () => {
    assert.equal(await served(proxy, 'rsa', ca), rsa.issued.x509.serialNumber)
    assert.equal(await served(proxy, 'ecdsa', ca), ec.issued.x509.serialNumber)
  })

  await t.test(
    '[A00.FR.701] a new file is noticed, old formats of EC keys too, and the session goes on',
    async () => {
      const next = await issue('ecdsa', true)
      const from = proxy.log.all.length
      write('ec.p12', next.bundle)
      assert.equal((await proxy.reloadEnded(from)).result, 'reloaded')
      assert.equal(await served(proxy, 'ecdsa', ca), next.issued.x509.serialNumber)
      await heartbeat('file')
      const afterHangUp = await issue('rsa', false)
      write('rsa.p12', afterHangUp.bundle)
      assert.equal(await proxy.hangUp(), 'reloaded')
      assert.equal(await served(proxy, 'rsa', ca), afterHangUp.issued.x509.serialNumber)
      await heartbeat('signal')
    },
  )

  await t.test(
    '[A00.FR.602] a wrong passphrase, and a bundle without a key, are refused: all or nothing',
    async () => {
      const [before, beforeEc] = [await served(proxy, 'rsa', ca), await served(proxy, 'ecdsa', ca)]
      const other = await issue('ecdsa', false)
      write(
        'rsa.p12',
        opensslBundle(openssl, rsa.issued, secret('password', 'another passphrase of a bundle')),
      )
      write('ec.p12', other.bundle)
      assert.equal(await proxy.hangUp(), 'refused')
      assert.match((await proxy.readiness()).body.notes.join(), /rsa\.p12: .*or the passphrase is wrong/)
      write('rsa.p12', opensslBundle(openssl, rsa.issued, passphrase, { more: ['-nokeys'] }))
      assert.equal(await proxy.hangUp(), 'refused')
      assert.match((await proxy.readiness()).body.notes.join(), /rsa\.p12: .*it holds 0 private keys/)
      assert.equal(await served(proxy, 'rsa', ca), before)
      assert.equal(await served(proxy, 'ecdsa', ca), beforeEc, 'the good one waits for the other')
      write('rsa.p12', rsa.bundle)
      assert.equal(await proxy.hangUp(), 'reloaded')
      assert.equal(await served(proxy, 'ecdsa', ca), other.issued.x509.serialNumber)
      await heartbeat('after')
      client.destroy()
    },
  )
})
