import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { generateKey, type KeySpec, privateKeyPem } from '../../src/pki/keys.ts'
import { readPkcs12 } from '../../src/pki/pkcs12.ts'
import { writePkcs12 } from '../../src/pki/pkcs12-write.ts'
import { issueChargePoint, issueIntermediate, issueRoot } from '../../src/pki/profiles.ts'
import { makeAuthority } from '../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { secret } from '../support/secrets.ts'

const passphrase = secret('password', 'a passphrase of pkcs12 tests')
const now = Date.now()

interface Kind {
  readonly name: string
  readonly keys: KeySpec
  readonly rsaPadding?: 'pss'
}

const kinds: readonly Kind[] = [
  { name: 'RSA', keys: { type: 'rsa', bits: 2048 } },
  { name: 'RSA under a PSS signature', keys: { type: 'rsa', bits: 2048 }, rsaPadding: 'pss' },
  { name: 'RSA-PSS', keys: { type: 'rsa-pss', bits: 2048 } },
  { name: 'P-256', keys: { type: 'ec', curve: 'P-256' } },
  { name: 'P-384', keys: { type: 'ec', curve: 'P-384' } },
]

/** A leaf, and its two issuers of the same kind. */
async function contentOf({ keys, rsaPadding }: Kind) {
  const pair = await generateKey(keys)
  const overrides = rsaPadding === undefined ? {} : { rsaPadding }
  const request = { now, days: 30, overrides }
  const root = await issueRoot('Root ü', 'Example CPO', { ...request, keys: pair })
  const middle = await issueIntermediate(root, 'Middle', 'Example CPO', { ...request, keys: pair })
  const leafKeys = await generateKey(keys)
  const leaf = await issueChargePoint(middle, 'SN-0001', 'Example CPO', { ...request, keys: leafKeys })
  secret('private key', privateKeyPem(leaf.privateKey))
  return { ...leaf, chain: [middle.certificate, root.certificate] }
}

function assertSame(
  read: ReturnType<typeof readPkcs12>,
  content: Awaited<ReturnType<typeof contentOf>>,
): void {
  assert.ok(read.privateKey.equals(content.privateKey))
  assert.deepEqual(read.certificate.raw, content.certificate.raw)
  const ders = (all: typeof read.chain): string[] => all.map(({ raw }) => raw.toString('hex')).sort()
  assert.deepEqual(ders(read.chain), ders(content.chain))
}

for (const kind of kinds) {
  for (const legacy of [false, true]) {
    const name = `${kind.name}${legacy ? ', legacy' : ''}`

    test(`[A00.FR.602] PKCS #12, ${name}: written, read, byte for byte`, async () => {
      const content = await contentOf(kind)
      const bundle = writePkcs12(content, passphrase, { name: 'Ladepunkt ü', legacy })
      assertSame(readPkcs12(bundle, passphrase), content)
    })

    test(
      `[A00.FR.602] PKCS #12, ${name}: openssl reads ours and we read openssl's`,
      needsOpenssl,
      async () => {
        const folder = opensslFolder()
        const content = await contentOf(kind)
        const more = legacy ? ['-legacy'] : []
        folder.write('ours.p12', writePkcs12(content, passphrase, { name: 'cp', legacy }))
        folder.write('pass.txt', passphrase)
        const read = [
          'pkcs12',
          '-in',
          'ours.p12',
          '-passin',
          'file:pass.txt',
          '-nodes',
          '-out',
          'all.pem',
          ...more,
        ]
        folder.run(...read)
        const all = folder.read('all.pem').toString()
        assert.equal(all.match(/BEGIN CERTIFICATE/g)?.length, 3)
        assert.match(all, /BEGIN (RSA |EC )?PRIVATE KEY/)

        folder.write('leaf.key', privateKeyPem(content.privateKey))
        folder.write('leaf.pem', content.certificate.toString())
        folder.write('chain.pem', content.chain.join(''))
        const files = ['-inkey', 'leaf.key', '-in', 'leaf.pem', '-certfile', 'chain.pem']
        folder.run('pkcs12', '-export', ...files, '-out', 'theirs.p12', '-passout', 'file:pass.txt', ...more)
        assertSame(readPkcs12(folder.read('theirs.p12'), passphrase), content)
      },
    )
  }
}

test('[A00.FR.602] RC2 with 40 bits, as old Windows and Java wrote it', needsOpenssl, async () => {
  const folder = opensslFolder()
  const { credentials, key, certificate } = await makeAuthority()
  folder.write('k.key', key)
  folder.write('c.pem', certificate)
  const old = ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES']
  const out = ['-out', 'old.p12', '-passout', 'pass:old-passphrase']
  folder.run('pkcs12', '-export', '-inkey', 'k.key', '-in', 'c.pem', ...old, ...out)
  const read = readPkcs12(folder.read('old.p12'), secret('password', 'old-passphrase'))
  assert.deepEqual(read.certificate.raw, credentials.certificate.raw)
  assert.deepEqual(read.chain, [])
})

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'none'
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error)
    assert.doesNotMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /a passphrase of|PRIVATE/)
    return String(error.code)
  }
}

test('[A00.FR.602] a wrong passphrase, a changed bundle and a missing part say so, and nothing else', async () => {
  const content = await contentOf({ name: '', keys: { type: 'ec', curve: 'P-256' } })
  const bundle = writePkcs12(content, passphrase)
  assert.equal(
    codeOf(() => readPkcs12(bundle, 'another')),
    'pkcs12_unreadable',
  )
  assert.equal(
    codeOf(() => readPkcs12(bundle.subarray(0, -1), passphrase)),
    'pkcs12_unreadable',
  )
  assert.equal(
    codeOf(() => writePkcs12(content, '')),
    'pkcs12_passphrase',
  )
  assert.equal(
    codeOf(() => writePkcs12(content, 'pässword')),
    'pkcs12_passphrase',
  )
  const { certificate } = await contentOf({ name: '', keys: { type: 'ec', curve: 'P-256' } })
  assert.equal(
    codeOf(() => readPkcs12(writePkcs12({ ...content, certificate, chain: [] }, passphrase), passphrase)),
    'pkcs12_incomplete',
  )
  // The MAC covers everything that is read.
  const at = bundle.indexOf(content.certificate.raw) + 40
  const changed = Buffer.from(bundle)
  changed[at] = (changed[at] ?? 0) ^ 1
  assert.equal(
    codeOf(() => readPkcs12(changed, passphrase)),
    'pkcs12_unreadable',
  )
})

test('[A00.FR.602] bytes that are no bundle are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(
        codeOf(() => readPkcs12(Buffer.from(bytes), 'x')),
        'pkcs12_unreadable',
      )
    }),
  )
})
