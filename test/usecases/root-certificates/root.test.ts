import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { hashAlgorithms } from '../../../src/pki/hash-data.ts'
import { dayMs } from '../../../src/pki/profiles.ts'
import { maxRootPem } from '../../../src/policy/root-certificate.ts'
import { campaignRootProblem } from '../../../src/usecases/root-certificates/campaign.ts'
import {
  isSignedBy,
  problemsOfRoot,
  type Root,
  readRoot,
  rootOfHashData,
} from '../../../src/usecases/root-certificates/root.ts'
import { type Authority, makeAuthority } from '../../support/authority.ts'
import { makeOpensslCa, needsOpenssl, type OpensslKey } from '../../support/openssl-ca.ts'
import { central, hashDataOf } from './setting.ts'

const now = Date.now()
const codes = (text: string) => problemsOfRoot(text, now).map(({ code }) => code)

function read({ certificate }: Pick<Authority, 'certificate'>): Root {
  const root = readRoot(certificate)
  assert.ok(!('code' in root))
  return root
}

test('[M05.FR.01] a sound root has no problem, alone or with a note around it', async () => {
  const { certificate } = await makeAuthority()
  assert.deepEqual(codes(certificate), [])
  assert.deepEqual(codes(`Subject: us\n${certificate}\n\n`), [])
})

test('[M05.FR.01] one certificate, and nothing that must stay at home', async () => {
  const one = await makeAuthority()
  for (const text of ['', 'nothing', one.certificate + one.certificate, 'x'.repeat(70_000)]) {
    assert.deepEqual(codes(text), ['root_not_one'])
  }
  const [problem] = problemsOfRoot(one.certificate + one.key, now)
  assert.match(problem?.detail ?? '', /private key/)
  const cut = one.certificate.replace('MII', 'MIx')
  assert.deepEqual(codes(cut), ['root_not_one'])
  assert.deepEqual(codes(one.certificate.slice(0, 200)), ['root_not_one'])
})

test('[M05.FR.07][A00.FR.501][A00.FR.504] what is no sound root is told, with each of its faults', async () => {
  const server = await (await makeAuthority()).server()
  assert.deepEqual(codes(server.certificate), ['root_not_ca'])
  const noSigning = await makeAuthority({ overrides: { keyUsage: ['cRLSign'] } })
  assert.deepEqual(codes(noSigning.certificate), ['root_not_ca'])
  const weak = await makeAuthority({ key: { type: 'rsa', bits: 1024 } })
  assert.deepEqual(codes(weak.certificate), ['root_weak_key'])
  const sha1 = await makeAuthority({ key: 'rsa', overrides: { signatureHash: 'SHA-1' } })
  assert.deepEqual(codes(sha1.certificate), ['root_weak_signature'])
  const gone = await makeAuthority({ notBefore: now - 2 * dayMs, notAfter: now - dayMs })
  assert.deepEqual(codes(gone.certificate), ['root_not_valid'])
  const soon = await makeAuthority({ notBefore: now + dayMs, notAfter: now + 2 * dayMs })
  assert.deepEqual(codes(soon.certificate), ['root_not_valid'])
  const long = await makeAuthority({
    overrides: { dnsNames: Array.from({ length: 250 }, (_, i) => `host-${i}.example.com`) },
  })
  assert.ok(long.certificate.length > maxRootPem)
  assert.deepEqual(codes(long.certificate), ['root_too_large'])
})

test('[M05.FR.07] a root that names itself and was signed by another key is a forgery', async () => {
  const [one, other] = [await makeAuthority({ name: 'same' }), await makeAuthority({ name: 'same' })]
  const forged = await other.intermediate({ name: 'same' })
  assert.equal(isSignedBy(read(one), read(other)), false)
  assert.deepEqual(codes(forged.certificate), ['root_signature'])
})

test('[M05.FR.10] only an authority that may sign, and did, has signed it', async () => {
  const old = await makeAuthority({ name: 'old' })
  const next = await old.intermediate({ name: 'next' })
  assert.equal(isSignedBy(read(next), read(old)), true)
  assert.equal(isSignedBy(read(old), read(next)), false)
  assert.equal(isSignedBy(read(next), read(await makeAuthority({ name: 'old' }))), false)
  assert.equal(isSignedBy(read(old), read(old)), true)
})

test('[M03.FR.04] hash data are told apart by issuer, serial number and algorithm', async () => {
  const old = await makeAuthority({ name: 'old' })
  const [next, stranger] = [await old.intermediate({ name: 'next' }), await makeAuthority({ name: 'old' })]
  const known = [stranger, next, old].map(read)
  for (const algorithm of hashAlgorithms) {
    const found = rootOfHashData(hashDataOf(next, old, algorithm), known)
    assert.equal(found?.facts.fingerprint, read(next).facts.fingerprint)
    const self = rootOfHashData(hashDataOf(old, old, algorithm), known)
    assert.equal(self?.facts.fingerprint, read(old).facts.fingerprint)
  }
  const { serialNumber } = hashDataOf(old)
  assert.equal(rootOfHashData({ ...hashDataOf(stranger), serialNumber }, known), null)
  assert.equal(rootOfHashData({ ...hashDataOf(old), serialNumber: '' }, known), null)
})

for (const key of ['rsa', 'pss', 'ec', 'ec384'] as const satisfies readonly OpensslKey[]) {
  test(`[M05.FR.10] a ${key} root of openssl, and a new one that it has signed`, needsOpenssl, () => {
    const ca = makeOpensslCa(key)
    after(() => ca.remove())
    const extensions = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
    const old = read({ certificate: ca.root.toString() })
    const next = read({ certificate: ca.issue('next', { key, extensions, days: 20 }).toString() })
    const at = Date.now() + 1000
    assert.deepEqual(problemsOfRoot(old.pem, at), [])
    assert.deepEqual(problemsOfRoot(next.pem, at), [])
    assert.equal(isSignedBy(next, old), true)
    assert.equal(isSignedBy(old, next), false)
  })
}

test('[M05.FR.01] a campaign is told at once what is wrong with its root', async () => {
  const one = await makeAuthority()
  const { certificate } = one
  const hashData = hashDataOf(one)
  const vehicle = (await makeAuthority()).certificate
  const domains = { trustedRoots: () => [certificate], serverChains: () => [], vehicleRoots: () => [vehicle] }
  const problem = (kind: 'install-root' | 'delete-root', root: object) =>
    campaignRootProblem(kind, { ...central, ...root }, now, domains)
  assert.equal(problem('install-root', { certificate }), null)
  assert.equal(problem('install-root', { certificate, oldRoot: certificate }), null)
  assert.equal(problem('delete-root', { certificate }), null)
  assert.equal(problem('delete-root', { hashData }), null)
  assert.match(problem('install-root', {}) ?? '', /needs the certificate/)
  assert.match(problem('install-root', { hashData }) ?? '', /needs the certificate/)
  assert.match(problem('install-root', { certificate: 'x' }) ?? '', /root_not_one/)
  assert.match(problem('install-root', { certificate, oldRoot: 'x' }) ?? '', /the old root: .*root_not_one/)
  assert.match(problem('install-root', { certificate: vehicle }) ?? '', /root_other_domain/)
  const asV2g = { certificate, certificateType: 'V2GRootCertificate' }
  assert.match(problem('install-root', asV2g) ?? '', /root_other_domain/)
  // Whoever has it there already must get rid of it.
  assert.equal(problem('delete-root', asV2g), null)
  assert.match(problem('delete-root', { certificate, hashData }) ?? '', /either/)
  assert.match(problem('delete-root', {}) ?? '', /either/)
  assert.match(problem('delete-root', { certificate, oldRoot: certificate }) ?? '', /extra of install-root/)
  assert.match(
    problem('delete-root', { hashData: { ...hashData, serialNumber: 'x' } }) ?? '',
    /cannot be read/,
  )
  assert.match(problem('delete-root', { certificate: 'x' }) ?? '', /root_not_one/)
})
