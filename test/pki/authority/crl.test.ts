import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crlPem, writeCrl } from '../../../src/pki/authority/crl.ts'
import { authorityKeyOf } from '../../../src/pki/authority/local.ts'
import { generateKey, type KeySpec } from '../../../src/pki/keys.ts'
import { makeAuthority } from '../../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../../support/openssl-tool.ts'
import { day, issuerOf, localOf, patience, requestOf } from './setting.ts'

const kinds: readonly (readonly [name: string, keys: KeySpec, padding: 'pkcs1' | 'pss'])[] = [
  ['RSA', { type: 'rsa', bits: 2048 }, 'pkcs1'],
  ['RSA with PSS', { type: 'rsa', bits: 2048 }, 'pss'],
  ['an RSA-PSS key', { type: 'rsa-pss', bits: 2048 }, 'pkcs1'],
  ['P-256', { type: 'ec', curve: 'P-256' }, 'pkcs1'],
  ['P-521', { type: 'ec', curve: 'P-521' }, 'pkcs1'],
]

for (const [name, keys, rsaPadding] of kinds) {
  test(
    `[A00.FR.702] [A00.FR.506] a CRL by ${name}: openssl reads it and refuses what it names`,
    needsOpenssl,
    async () => {
      const folder = opensslFolder()
      const root = await makeAuthority({ key: await generateKey(keys) })
      const { authority, index } = localOf(issuerOf(root), { rsaPadding })
      const [good, bad] = [
        await authority.issue(await requestOf(), patience),
        await authority.issue(await requestOf(), patience),
      ]
      const key = authorityKeyOf(root.x509)
      const [, second] = index.records
      assert.ok(second)
      const at = Date.now() - 1000
      index.revoke(key, second.serialNumber, { at, reason: 'keyCompromise' })
      const now = Date.now()
      const revoked = await index.revoked(key, now)
      const request = { number: 4095n, thisUpdate: now - 60_000, nextUpdate: now + day, rsaPadding }
      const crl = writeCrl({ ...request, issuer: root.credentials, revoked })
      folder.write('ca.pem', root.certificate)
      folder.write('crl.pem', crlPem(crl))
      folder.write('crl.der', crl)
      folder.write('good.pem', good.pem)
      folder.write('bad.pem', bad.pem)

      const text = folder.run('crl', '-in', 'crl.der', '-inform', 'DER', '-noout', '-text')
      assert.match(text, /Version 2/)
      assert.match(text, /X509v3 CRL Number:\s+(4095|0x0?FFF)/)
      assert.match(text, /Authority Key Identifier/)
      assert.match(text, new RegExp(`Serial Number: ${second.serialNumber}`))
      assert.match(text, /Key Compromise/)
      assert.match(folder.run('crl', '-in', 'crl.pem', '-noout', '-CAfile', 'ca.pem', '-verify'), /verify OK/)

      const check = ['verify', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'crl.pem']
      assert.match(folder.run(...check, 'good.pem'), /good\.pem: OK/)
      const refused = folder.try(...check, 'bad.pem')
      assert.equal(refused.ok, false)
      assert.match(refused.output, /certificate revoked/)
    },
  )
}

test(
  '[A00.FR.702] an empty CRL, dates beyond 2049, and what expired is not named',
  needsOpenssl,
  async () => {
    const folder = opensslFolder()
    const root = await makeAuthority()
    const { authority, index } = localOf(issuerOf(root), { lifetimeMs: day })
    await authority.issue(await requestOf(), patience)
    const [record] = index.records
    assert.ok(record)
    index.revoke(record.authority, record.serialNumber, { at: Date.now(), reason: 'unspecified' })
    assert.equal((await index.revoked(record.authority, Date.now() + 2 * day)).length, 0)
    const nextUpdate = Date.UTC(2050, 0, 2, 3, 4, 5)
    const request = { issuer: root.credentials, number: 0n, thisUpdate: Date.now(), nextUpdate }
    folder.write('crl.der', writeCrl({ ...request, revoked: [] }))
    const text = folder.run('crl', '-in', 'crl.der', '-inform', 'DER', '-noout', '-text')
    assert.match(text, /No Revoked Certificates/)
    assert.match(text, /Next Update: Jan {2}2 03:04:05 2050 GMT/)
    // Without a reason there is no extension, and the list is still read.
    const revoked = await index.revoked(record.authority, Date.now())
    folder.write('one.der', writeCrl({ ...request, revoked }))
    const one = folder.run('crl', '-in', 'one.der', '-inform', 'DER', '-noout', '-text')
    assert.match(one, new RegExp(record.serialNumber))
    assert.doesNotMatch(one, /Reason Code/)
  },
)
