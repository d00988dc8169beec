import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { splitPem } from '../../src/pki/pem.ts'
import { makeAuthority } from '../support/authority.ts'
import { frame } from '../support/frames.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { behindHead, upgraded, upgradeRequest } from '../support/raw-client.ts'

const suites = { rsa: 'AES128-GCM-SHA256', ec: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const

/** The certificate that a client with this mandatory suite is shown, verified against the authority. */
async function shown(proxy: TestProxy, kind: keyof typeof suites, ca: string) {
  const options = { ca, ciphers: suites[kind], maxVersion: 'TLSv1.2', servername: 'localhost' } as const
  const socket = connect({ port: proxy.port('basic-auth-tls'), ...options })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()
  const cipher = socket.getCipher().name
  socket.destroy()
  assert.ok(certificate)
  assert.equal(cipher, suites[kind])
  return certificate
}

/** A proxy that issues to itself; its authority stands in `own-ca.*`. */
async function start(t: Parameters<typeof startProxy>[0], lifetime: string) {
  const authority = await makeAuthority({ name: 'Own authority' })
  const entry = { issue: 'local', lifetime, names: ['localhost', 'ocpp.example.com'] }
  const local = { certificate: 'own-ca.pem', key: 'own-ca.key' }
  const proxy = await startProxy(t, {
    tls: { certificates: [entry], names: ['localhost'] },
    certificateAuthority: { local },
    files: { 'own-ca.pem': authority.certificate, 'own-ca.key': authority.key },
    serverKeys: [],
  })
  return { proxy, ca: authority.certificate, entry }
}

test('the proxy issues its own certificates', async (t) => {
  const { proxy, ca, entry } = await start(t, '15s')
  const password = await proxy.register()
  const port = proxy.port('basic-auth-tls')
  const client = await upgraded({ port, tls: { ca } }, upgradeRequest({ password }))
  const heartbeat = async (id: string) => {
    client.write(frame(`[2,"${id}","Heartbeat",{}]`))
    await client.until((heard) => behindHead(heard).includes(`[3,"${id}",`))
  }
  await heartbeat('before')
  const first = { rsa: await shown(proxy, 'rsa', ca), ec: await shown(proxy, 'ec', ca) }

  await t.test('[A00.FR.510] [A00.FR.306] [A00.FR.317] RSA and ECDSA, with CN and all names', () => {
    for (const certificate of [first.rsa, first.ec]) {
      assert.match(certificate.subject, /^O=Example CPO\nCN=localhost$/)
      assert.equal(certificate.subjectAltName, 'DNS:localhost, DNS:ocpp.example.com')
    }
  })

  await t.test('[A00.FR.602] [A00.FR.701] the keys are never on disk', () => {
    const files = readdirSync(proxy.pki.folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map(({ name, parentPath }) => ({ name, text: readFileSync(join(parentPath, name), 'latin1') }))
    const keys = files.filter(({ text }) => text.includes('PRIVATE KEY')).map(({ name }) => name)
    assert.deepEqual(keys.toSorted(), ['cpo-root.key', 'own-ca.key'], 'those of the authorities')
    assert.ok(!files.some(({ text }) => splitPem(text).includes(first.ec.toString())))
  })

  await t.test('[A00.FR.701] it renews them in time, and the session goes on', async () => {
    const isIssued = ({ msg }: { msg?: unknown }) => msg === 'server certificate issued'
    /** The first one that is another than before; it is issued a moment before it is shown. */
    const renewed = async (kind: keyof typeof first) => {
      for (;;) {
        const from = proxy.log.all.length
        const certificate = await shown(proxy, kind, ca)
        if (certificate.serialNumber !== first[kind].serialNumber) return certificate
        await proxy.log.wait('a new one', isIssued, from)
      }
    }
    const second = { rsa: await renewed('rsa'), ec: await renewed('ec') }
    await heartbeat('after')
    const page = await proxy.metrics()
    assert.ok(page.sum('ocpp_proxy_server_certificates_issued_total', { result: 'success' }) >= 4)
    const expiry = { role: 'server', name: 'basic-auth-tls-ec' }
    assert.ok(
      page.sum('ocpp_proxy_certificate_expiry_timestamp_seconds', expiry) >=
        second.ec.validToDate.getTime() / 1000,
    )
    assert.ok(
      page.sum('ocpp_proxy_certificate_expiry_timestamp_seconds', { role: 'authority', name: 'local' }) > 0,
    )
  })

  await t.test('[A00.FR.701] a reload keeps them; other names are others, at once', async () => {
    assert.equal(await proxy.reload({ tls: { certificates: [{ ...entry, lifetime: '6h' }] } }), 'reloaded')
    const lasting = await shown(proxy, 'ec', ca)
    assert.equal(await proxy.hangUp(), 'reloaded')
    assert.equal((await shown(proxy, 'ec', ca)).serialNumber, lasting.serialNumber)
    const names = ['localhost', 'new.example.com']
    assert.equal(
      await proxy.reload({ tls: { certificates: [{ ...entry, lifetime: '6h', names }] } }),
      'reloaded',
    )
    assert.equal((await shown(proxy, 'ec', ca)).subjectAltName, 'DNS:localhost, DNS:new.example.com')
    await heartbeat('renamed')
  })

  await t.test(
    'an authority that cannot be read is refused whole, and the old certificates stay',
    async () => {
      const served = await shown(proxy, 'ec', ca)
      writeFileSync(join(proxy.pki.folder, 'own-ca.key'), 'no key\n')
      assert.equal(await proxy.hangUp(), 'refused')
      assert.equal((await shown(proxy, 'ec', ca)).serialNumber, served.serialNumber)
      await heartbeat('refused')
      client.destroy()
    },
  )
})

test('[A00.FR.701] a restart makes new ones', async (t) => {
  const { proxy, ca } = await start(t, '23h')
  const before = await shown(proxy, 'ec', ca)
  await proxy.stop()
  await proxy.start()
  const after = await shown(proxy, 'ec', ca)
  assert.notEqual(after.serialNumber, before.serialNumber)
  assert.ok(!after.publicKey.equals(before.publicKey))
  const life = after.validToDate.getTime() - after.validFromDate.getTime()
  assert.ok(life < 24 * 3_600_000)
})
