import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { certificateFacts, splitPem } from '../../src/pki/certificate.ts'
import { buildChain } from '../../src/pki/chain.ts'
import { type DevelopmentFile, initDevelopmentPki } from '../../src/pki/development.ts'

const directory = mkdtempSync(join(tmpdir(), 'proxy-pki-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const now = Date.now()
const request = { directory, names: ['localhost', '127.0.0.1'], organization: 'Example CPO', now }

function read(file: string): X509Certificate {
  return new X509Certificate(readFileSync(join(directory, file)))
}

/** The files that were not kept, with what happened to them. */
function changes(files: readonly DevelopmentFile[]): Record<string, string> {
  return Object.fromEntries(files.flatMap(({ file, action }) => (action === 'kept' ? [] : [[file, action]])))
}

test('[A00.FR.317] [A00.FR.507] [A00.FR.512] the set is complete, chains, and its keys are private', async () => {
  const files = await initDevelopmentPki(request)
  assert.deepEqual(new Set(files.map((one) => one.action)), new Set(['created']))
  const trust = {
    cpo: splitPem(readFileSync(join(directory, 'cpo-root.pem'), 'utf8')).map(
      (pem) => new X509Certificate(pem),
    ),
    factory: [read('factory-root.pem')],
  }
  assert.equal(trust.cpo.length, 2)
  const expected = {
    'server-ecdsa.pem': ['cpo', 'ec', 'localhost', 'Example CPO'],
    'server-rsa.pem': ['cpo', 'rsa', 'localhost', 'Example CPO'],
    'cp-ecdsa.pem': ['cpo', 'ec', 'SN-0001', 'Example CPO'],
    'cp-rsa.pem': ['cpo', 'rsa', 'SN-0002', 'Example CPO'],
    'cp-factory.pem': ['factory', 'ec', 'SN-0003', 'Example Manufacturer'],
  }
  for (const [file, values] of Object.entries(expected)) {
    const { anchor, leaf } = buildChain(read(file), [], trust, now)
    assert.deepEqual([anchor, leaf.key.type, leaf.commonNames[0], leaf.organizationNames[0]], values, file)
    assert.ok(leaf.keyUsage?.includes('digitalSignature'))
    assert.equal(leaf.notBefore, Math.floor((now - 300_000) / 1000) * 1000)
  }
  assert.equal(read('server-rsa.pem').subjectAltName, 'DNS:localhost, IP Address:127.0.0.1')
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.key'))) {
    assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file)
    assert.match(readFileSync(join(directory, file), 'utf8'), /^-----BEGIN PRIVATE KEY-----/)
  }
  assert.deepEqual(
    readdirSync(directory).filter((name) => !/\.(pem|key)$/.test(name)),
    [],
  )
})

test('a second run keeps everything, byte for byte', async () => {
  const before = readdirSync(directory).map((file) => readFileSync(join(directory, file), 'utf8'))
  assert.deepEqual(changes(await initDevelopmentPki(request)), {})
  assert.deepEqual(
    readdirSync(directory).map((file) => readFileSync(join(directory, file), 'utf8')),
    before,
  )
})

test('a half-written set is repaired, and nothing else touched', async () => {
  rmSync(join(directory, 'cp-ecdsa.key'))
  truncateSync(join(directory, 'server-ecdsa.pem'), 100)
  writeFileSync(join(directory, 'cp-factory.key'), readFileSync(join(directory, 'factory-root.key')))
  rmSync(join(directory, 'cpo-root.pem'))
  assert.deepEqual(changes(await initDevelopmentPki(request)), {
    'cp-ecdsa.pem': 'repaired',
    'server-ecdsa.pem': 'repaired',
    'cp-factory.pem': 'repaired',
  })
  assert.equal(splitPem(readFileSync(join(directory, 'cpo-root.pem'), 'utf8')).length, 2)
  assert.deepEqual(changes(await initDevelopmentPki(request)), {})
})

test('other names make other server certificates, and what expired is renewed', async () => {
  const renamed = { ...request, names: ['ocpp.example.com'] }
  assert.deepEqual(changes(await initDevelopmentPki(renamed)), {
    'server-ecdsa.pem': 'repaired',
    'server-rsa.pem': 'repaired',
  })
  const nextYear = { ...renamed, now: now + 400 * 86_400_000 }
  const files = await initDevelopmentPki(nextYear)
  assert.deepEqual(changes(files), { 'server-ecdsa.pem': 'renewed', 'server-rsa.pem': 'renewed' })
  const server = certificateFacts(read('server-rsa.pem'))
  assert.ok(server.notAfter > nextYear.now && server.notBefore < nextYear.now)
})

test('a new root takes with it what it issued, and nothing outlives its issuer', async () => {
  const late = { ...request, now: now + 3600 * 86_400_000 }
  await initDevelopmentPki(late)
  const root = certificateFacts(read('cpo-root-ecdsa.pem'))
  assert.ok(certificateFacts(read('cp-ecdsa.pem')).notAfter <= root.notAfter)
  rmSync(join(directory, 'factory-root.pem'))
  assert.deepEqual(changes(await initDevelopmentPki(late)), {
    'factory-root.pem': 'repaired',
    'cp-factory.pem': 'repaired',
  })
})

test('names are needed', async () => {
  await assert.rejects(initDevelopmentPki({ ...request, names: [] }), { code: 'development_pki_names' })
  await assert.rejects(initDevelopmentPki({ ...request, names: [''] }), { code: 'development_pki_names' })
})

const script = `
  import { pkiCommand } from ${JSON.stringify(new URL('../../src/cli/pki.ts', import.meta.url).href)}
  await pkiCommand().parseAsync(process.argv.slice(1), { from: 'user' })
`

async function pki(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const run = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
      '--',
      ...args,
    ])
    return { code: 0, ...run }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

test('pki init and pki show, as an operator uses them', async () => {
  const made = await pki('init', '--dir', directory, '--names', 'localhost, 127.0.0.1', '--force')
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /^renewed +server-rsa\.pem +O=Example CPO, CN=localhost +\d{4}-\d\d-\d\dT/m)
  const shown = await pki('show', join(directory, 'cpo-root.pem'))
  assert.equal(shown.stdout.match(/^subject/gm)?.length, 2)
  assert.match(shown.stdout, /^key +RSA 3072$/m)
  const json: unknown = JSON.parse((await pki('show', '--json', join(directory, 'cp-rsa.pem'))).stdout)
  assert.deepEqual((json as { commonNames: string[] }[])[0]?.commonNames, ['SN-0002'])
  const key = await pki('show', join(directory, 'cp-rsa.key'))
  assert.equal(key.code, 1)
  assert.match(key.stderr, /cp-rsa\.key: this is no X\.509 certificate/)
  assert.doesNotMatch(key.stderr, /PRIVATE/)
  assert.equal((await pki('init', '--dir', directory, '--names', 'a,,b')).code, 2)
  assert.equal((await pki('show')).code, 2)
  assert.equal((await pki('show', join(directory, 'missing.pem'))).code, 1)
})
