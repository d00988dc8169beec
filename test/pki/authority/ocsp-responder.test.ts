import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { authorityKeyOf } from '../../../src/pki/authority/local.ts'
import { createOcspResponder } from '../../../src/pki/authority/ocsp-responder.ts'
import { issueOcspSigner } from '../../../src/pki/authority/ocsp-signer.ts'
import type { KeySpec } from '../../../src/pki/keys.ts'
import { makeAuthority } from '../../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../../support/openssl-tool.ts'
import { day, issuerOf, localOf, patience, requestOf } from './setting.ts'

type Padding = 'pkcs1' | 'pss'

/** A root with a good and a revoked certificate, and its responder; files of both in a folder for openssl. */
async function setting(keys: KeySpec, rsaPadding: Padding, delegated: boolean) {
  const folder = opensslFolder()
  const root = await makeAuthority({ key: keys })
  const { authority, index } = localOf(issuerOf(root), { rsaPadding })
  for (const name of ['good', 'bad'])
    folder.write(`${name}.pem`, (await authority.issue(await requestOf(), patience)).pem)
  const revoked = index.records[1]?.serialNumber ?? ''
  index.revoke(authorityKeyOf(root.x509), revoked, { at: Date.now() - 5000, reason: 'superseded' })
  folder.write('ca.pem', root.certificate)
  folder.write('stranger.pem', (await root.chargePoint()).certificate)
  const signing = { issuer: root.credentials, organization: 'Example CPO', now: Date.now(), rsaPadding }
  const signer = delegated
    ? await issueOcspSigner({ ...signing, keys: { type: 'ec', curve: 'P-256' }, lifetimeMs: day })
    : root.credentials
  const options = { issuer: root.x509, signer, index, validityMs: 3_600_000, rsaPadding, now: Date.now }
  const responder = createOcspResponder(options)
  return { folder, responder, root }
}

const kinds: readonly (readonly [name: string, keys: KeySpec, padding: Padding, delegated: boolean])[] = [
  ['RSA', { type: 'rsa', bits: 2048 }, 'pkcs1', false],
  ['RSA with PSS', { type: 'rsa', bits: 2048 }, 'pss', false],
  ['P-256', { type: 'ec', curve: 'P-256' }, 'pkcs1', false],
  ['P-384, with a delegated signer', { type: 'ec', curve: 'P-384' }, 'pkcs1', true],
  ['RSA, with a delegated signer', { type: 'rsa', bits: 2048 }, 'pkcs1', true],
]

for (const [name, keys, padding, delegated] of kinds) {
  test(
    `[A00.FR.702] [A00.FR.601] OCSP by ${name}: openssl takes good, revoked and unknown`,
    needsOpenssl,
    async () => {
      const { folder, responder } = await setting(keys, padding, delegated)
      const ask = async (certificate: string, digest: string, ...more: string[]): Promise<string> => {
        const names = ['-issuer', 'ca.pem', `-${digest}`, '-cert', certificate, ...more]
        folder.run('ocsp', ...names, '-reqout', 'request.der')
        folder.write('answer.der', await responder.answer(folder.read('request.der')))
        // Without -no_nonce the tool would make a new nonce for its comparison.
        const files = ['-respin', 'answer.der', '-reqin', 'request.der', '-no_nonce', '-CAfile', 'ca.pem']
        return folder.run('ocsp', ...files, '-issuer', 'ca.pem', `-${digest}`, '-cert', certificate)
      }
      for (const digest of ['sha1', 'sha256', 'sha384']) {
        const good = await ask('good.pem', digest)
        assert.match(good, /Response verify OK/)
        assert.match(good, /good\.pem: good/)
        assert.doesNotMatch(good, /WARNING|nonce/i)
      }
      const bad = await ask('bad.pem', 'sha256')
      assert.match(bad, /bad\.pem: revoked[\s\S]*Reason: superseded/)
      assert.match(await ask('stranger.pem', 'sha256'), /stranger\.pem: unknown[\s\S]*Response verify OK/)
      // A request without a nonce, and an answer to another request: the nonce is what tells them apart.
      assert.match(await ask('good.pem', 'sha256', '-no_nonce'), /good\.pem: good/)
      await ask('good.pem', 'sha256')
      folder.run('ocsp', '-issuer', 'ca.pem', '-sha256', '-cert', 'good.pem', '-reqout', 'later.der')
      const later = folder.try(
        'ocsp',
        '-respin',
        'answer.der',
        '-reqin',
        'later.der',
        '-no_nonce',
        '-CAfile',
        'ca.pem',
      )
      assert.match(later.output, /Nonce Verify error/)
    },
  )
}

test('[A00.FR.702] OCSP over HTTP, two certificates in one request', needsOpenssl, async () => {
  const { folder, responder } = await setting({ type: 'ec', curve: 'P-256' }, 'pkcs1', true)
  folder.run(
    'ocsp',
    '-issuer',
    'ca.pem',
    '-sha256',
    '-cert',
    'good.pem',
    '-cert',
    'bad.pem',
    '-reqout',
    'two.der',
  )
  const server = createServer((request, response) => {
    request.toArray().then(async (chunks) => {
      response.setHeader('content-type', 'application/ocsp-response')
      response.end(await responder.answer(Buffer.concat(chunks)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const url = `http://127.0.0.1:${address.port}/`
    const body = new Uint8Array(folder.read('two.der'))
    const answer = await fetch(url, { method: 'POST', body })
    folder.write('two-answer.der', Buffer.from(await answer.arrayBuffer()))
  } finally {
    server.close()
  }
  const files = ['-respin', 'two-answer.der', '-CAfile', 'ca.pem', '-issuer', 'ca.pem', '-sha256']
  const said = folder.run('ocsp', ...files, '-cert', 'good.pem', '-cert', 'bad.pem', '-no_nonce')
  assert.match(said, /good\.pem: good/)
  assert.match(said, /bad\.pem: revoked/)
})

test(
  '[A00.FR.702] about another issuer: unauthorized; garbage: malformed; trouble: an internal error',
  needsOpenssl,
  async () => {
    const { folder, responder, root } = await setting({ type: 'ec', curve: 'P-256' }, 'pkcs1', false)
    const other = await makeAuthority({ name: 'Other' })
    folder.write('other.pem', other.certificate)
    folder.run('ocsp', '-issuer', 'other.pem', '-cert', 'good.pem', '-reqout', 'other.der')
    assert.deepEqual(await responder.answer(folder.read('other.der')), Buffer.from('30030a0106', 'hex'))
    assert.deepEqual(await responder.answer(Buffer.from('garbage')), Buffer.from('30030a0101', 'hex'))
    const broken = createOcspResponder({
      issuer: root.x509,
      signer: root.credentials,
      index: { find: () => Promise.reject(new Error('store away')) },
      validityMs: 1000,
      now: Date.now,
    })
    folder.run('ocsp', '-issuer', 'ca.pem', '-cert', 'good.pem', '-reqout', 'good.der')
    assert.deepEqual(await broken.answer(folder.read('good.der')), Buffer.from('30030a0102', 'hex'))
  },
)

test('[A00.FR.702] whatever is asked, there is an answer', needsOpenssl, async () => {
  const { folder, responder } = await setting({ type: 'ec', curve: 'P-256' }, 'pkcs1', false)
  folder.run('ocsp', '-issuer', 'ca.pem', '-cert', 'good.pem', '-reqout', 'good.der')
  const whole = folder.read('good.der')
  const at = fc.nat({ max: whole.length - 1 })
  const isAnswer = async (request: Buffer): Promise<void> => {
    assert.equal((await responder.answer(request))[0], 0x30)
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => isAnswer(Buffer.from(bytes))),
  )
  await fc.assert(
    fc.asyncProperty(at, fc.nat({ max: 255 }), (index, byte) => {
      const changed = Buffer.from(whole)
      changed[index] = byte
      return isAnswer(changed)
    }),
    { numRuns: 300 },
  )
  await isAnswer(Buffer.alloc(20_000, 0x30))
})
