import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildChain, maxPathLength } from '../../src/pki/chain.ts'
import { generateKey } from '../../src/pki/keys.ts'
import {
  type Credentials,
  dayMs,
  issueChargePoint,
  issueIntermediate,
  issueRoot,
} from '../../src/pki/profiles.ts'
import { issueWrongCertificate } from '../../src/pki/wrong-certificates.ts'
import { ProxyError } from '../../src/policy/error.ts'
import { type Authority, makeAuthority, withBrokenSignature } from '../support/authority.ts'

const now = Date.now()
const keys = { type: 'ec', curve: 'P-256' } as const
const root = await makeAuthority()
const factory = await makeAuthority({ name: 'Example Manufacturer root', o: 'Example Manufacturer' })

function trust(cpo: readonly Authority[], manufacturers: readonly Authority[] = []) {
  return { cpo: cpo.map((one) => one.x509), factory: manufacturers.map((one) => one.x509) }
}

test('[A00.FR.403] a certificate of the root has a path, and so has one of an intermediate that is presented', async () => {
  const direct = await root.chargePoint()
  const chain = buildChain(direct.x509, [], trust([root], [factory]), now)
  assert.equal(chain.anchor, 'cpo')
  assert.equal(chain.pathProblem, null)
  assert.deepEqual(
    chain.issuers.map((one) => one.commonNames),
    [['Example CPO root']],
  )

  const intermediate = await root.intermediate()
  const leaf = await intermediate.chargePoint()
  const long = buildChain(leaf.x509, [intermediate.x509], trust([root]), now)
  assert.equal(long.anchor, 'cpo')
  assert.deepEqual(
    long.issuers.map((one) => one.commonNames[0]),
    ['Example CPO charge points', 'Example CPO root'],
  )
})

test('[A00.FR.403] every kind of key and signature chains', async () => {
  const rsa = await makeAuthority({ name: 'RSA root', key: 'rsa' })
  const p384 = await makeAuthority({ name: 'P-384 root', key: { type: 'ec', curve: 'P-384' } })
  const ed = await makeAuthority({ name: 'Ed25519 root', key: { type: 'ed25519' } })
  for (const leaf of [
    { of: rsa, issued: await rsa.chargePoint({ rsaPadding: 'pss' }) },
    { of: rsa, issued: await rsa.chargePoint({ key: { type: 'rsa-pss', bits: 2048 } }) },
    { of: p384, issued: await p384.chargePoint({ key: 'rsa' }) },
    { of: ed, issued: await ed.chargePoint() },
  ]) {
    assert.equal(buildChain(leaf.issued.x509, [], trust([leaf.of]), now).pathProblem, null)
  }
})

test('[A00.FR.403] a missing intermediate is named', async () => {
  const intermediate = await root.intermediate({ name: 'Missing' })
  const leaf = await intermediate.chargePoint()
  const chain = buildChain(leaf.x509, [], trust([root], [factory]), now)
  assert.equal(chain.anchor, null)
  assert.match(chain.pathProblem ?? '', /issuer "O=Example CPO, CN=Missing" is not among the presented/)
})

test('[A00.FR.403] an impostor with the name of the root is told from it by key identifier and signature', async () => {
  const impostor = await makeAuthority()
  const leaf = await impostor.chargePoint()
  assert.match(buildChain(leaf.x509, [], trust([root]), now).pathProblem ?? '', /names another key/)

  // Without key identifiers only the signature is left: turn one bit of an honest one.
  const broken = withBrokenSignature((await root.chargePoint()).x509)
  assert.match(
    buildChain(broken, [], trust([root]), now).pathProblem ?? '',
    /the signature of .* is not by the key/,
  )
})

test('[A00.FR.403] an untrusted root is no anchor, however it is presented', async () => {
  const other = await makeAuthority({ name: 'Other root' })
  const leaf = await other.chargePoint()
  const chain = buildChain(leaf.x509, [other.x509], trust([root]), now)
  assert.equal(chain.anchor, null)
  assert.match(chain.pathProblem ?? '', /"O=Example CPO, CN=Other root" is self-signed and not trusted/)
  assert.deepEqual(
    chain.issuers.map((one) => one.commonNames[0]),
    ['Other root'],
  )
})

test('[A00.FR.403] [A00.FR.406] the anchor says which list it is in, and cpo is preferred', async () => {
  const leaf = await factory.chargePoint({ o: 'Example Manufacturer' })
  assert.equal(buildChain(leaf.x509, [], trust([root], [factory]), now).anchor, 'factory')
  assert.equal(buildChain(leaf.x509, [], trust([root, factory], [factory]), now).anchor, 'cpo')
  assert.equal(buildChain(leaf.x509, [], trust([root]), now).anchor, null)
})

test('[A00.FR.403] a trusted subordinate authority is an anchor of its own', async () => {
  const intermediate = await root.intermediate()
  const leaf = await intermediate.chargePoint()
  const chain = buildChain(leaf.x509, [], trust([intermediate]), now)
  assert.equal(chain.anchor, 'cpo')
  assert.equal(chain.issuers.length, 1)
})

test('[RFC 5280 6.1.4] an issuer must be an authority that may sign, within its path length', async () => {
  const leafAsIssuer = await root.chargePoint({ cn: 'SN-EVIL' })
  const forged = await issueChargePoint(leafAsIssuer.credentials, 'SN-0001', 'Example CPO', {
    keys,
    now,
    days: 1,
  })
  const notCa = buildChain(forged.certificate, [leafAsIssuer.x509], trust([root]), now)
  assert.match(notCa.pathProblem ?? '', /is not marked as an authority/)
  const pinned = { cpo: [leafAsIssuer.x509], factory: [] }
  assert.equal(buildChain(forged.certificate, [], pinned, now).anchor, null, 'a trusted leaf is no authority')
  assert.equal(buildChain(leafAsIssuer.x509, [], pinned, now).anchor, null, 'nor its own')

  const mute = await root.intermediate({ name: 'Mute', overrides: { keyUsage: ['cRLSign'] } })
  const below = await mute.chargePoint()
  assert.match(buildChain(below.x509, [mute.x509], trust([root]), now).pathProblem ?? '', /no keyCertSign/)

  const first = await root.intermediate({ name: 'First' })
  const second = await first.intermediate({ name: 'Second' })
  const deep = await second.chargePoint()
  const tooDeep = buildChain(deep.x509, [second.x509, first.x509], trust([root]), now)
  assert.match(tooDeep.pathProblem ?? '', /allows 0 authorities below it, and there are 1/)
})

test('[RFC 5280 6.1.5] what is critical and not understood ends the path, name constraints too', async () => {
  const critical = await root.chargePoint({
    overrides: { extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) }] },
  })
  assert.match(buildChain(critical.x509, [], trust([root]), now).pathProblem ?? '', /not: 1\.2\.3\.4/)
  const harmless = await root.chargePoint({
    overrides: { extensions: [{ oid: '1.2.3.4', critical: false, value: Buffer.from([5, 0]) }] },
  })
  assert.equal(buildChain(harmless.x509, [], trust([root]), now).anchor, 'cpo')
  const constraints = { oid: '2.5.29.30', critical: false, value: Buffer.from([0x30, 0]) }
  const narrow = await root.intermediate({ name: 'Narrow', overrides: { extensions: [constraints] } })
  const leaf = await narrow.chargePoint()
  assert.match(
    buildChain(leaf.x509, [narrow.x509], trust([root]), now).pathProblem ?? '',
    /not: 2\.5\.29\.30/,
  )
})

test('[A00.FR.403] of several roots with one name the right one is found, and the valid one of two with one key', async () => {
  const old = await makeAuthority()
  const young = await makeAuthority()
  const leaf = await young.chargePoint()
  assert.equal(buildChain(leaf.x509, [], trust([old, root, young]), now).anchor, 'cpo')

  const pair = await generateKey(keys)
  const expired = await makeAuthority({ key: pair, notBefore: now - 20 * dayMs, notAfter: now - 10 * dayMs })
  const renewed = await makeAuthority({ key: pair })
  const below = await renewed.chargePoint()
  const chain = buildChain(below.x509, [], trust([expired, renewed]), now)
  assert.equal(
    chain.issuers[0]?.fingerprint,
    buildChain(renewed.x509, [], trust([renewed]), now).leaf.fingerprint,
  )
  const both = buildChain(below.x509, [], trust([expired]), now)
  assert.equal(both.anchor, 'cpo', 'dates are for the policy to judge')
})

test('[A00.FR.403] a cross-signed root leads to the root that is trusted', async () => {
  const pair = await generateKey(keys)
  const young = await makeAuthority({ name: 'New root', key: pair })
  const cross = await issueIntermediate(root.credentials, 'New root', 'Example CPO', {
    keys: pair,
    now,
    days: 30,
  })
  const leaf = await young.chargePoint()
  const chain = buildChain(leaf.x509, [young.x509, cross.certificate], trust([root]), now)
  assert.equal(chain.anchor, 'cpo')
  assert.deepEqual(
    chain.issuers.map((one) => one.commonNames[0]),
    ['New root', 'Example CPO root'],
  )
})

test('[CWE-400] loops, long chains and floods of cross-signed certificates end', async () => {
  const pair = await generateKey(keys)
  const same = async (index: number): Promise<X509Certificate> =>
    (await issueRoot('Loop', 'Loop', { keys: pair, now: now + index * 1000, days: 30 })).certificate
  const flood = await Promise.all(Array.from({ length: 40 }, (_, index) => same(index)))
  const leafOfLoop = await issueChargePoint(
    { certificate: flood[0] ?? root.x509, privateKey: pair.privateKey },
    'SN',
    'O',
    { keys, now, days: 1 },
  )
  const flooded = buildChain(leafOfLoop.certificate, flood, trust([root], [factory]), now)
  assert.equal(flooded.anchor, null)
  assert.match(flooded.pathProblem ?? '', /attempts|longer than/)

  let authority: Credentials = root.credentials
  const presented: X509Certificate[] = []
  for (let depth = 0; depth < maxPathLength; depth++) {
    const overrides = { ca: {} }
    authority = await issueIntermediate(authority, `Level ${depth}`, 'Example CPO', {
      keys,
      now,
      days: 30,
      overrides,
    })
    presented.unshift(authority.certificate)
  }
  const leaf = await issueChargePoint(authority, 'SN-0001', 'Example CPO', { keys, now, days: 30 })
  assert.match(buildChain(leaf.certificate, presented, trust([root]), now).pathProblem ?? '', /longer than 8/)
})

test('[A00.FR.403] the impostor of the demo has no path', async () => {
  const victim = { root: root.credentials, organization: 'Example CPO', serialNumber: 'SN-0001' }
  const wrong = await issueWrongCertificate('client_cert_untrusted', victim, now)
  assert.equal(buildChain(wrong.certificate, [], trust([root], [factory]), now).anchor, null)
})

test('[CWE-20] a mutated certificate gets a chain without a path or a ProxyError, never anything else', async () => {
  const intermediate = await root.intermediate()
  const leaf = await intermediate.chargePoint()
  const raws = [leaf.x509.raw, intermediate.x509.raw]
  const mutation = fc.tuple(fc.nat(1), fc.nat(5000), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const copies = raws.map((raw) => Buffer.from(raw))
      for (const [which, at, value] of mutations) {
        const copy = copies[which]
        if (copy !== undefined) copy[at % copy.length] = value
      }
      const changed = copies.some((copy, index) => !copy.equals(raws[index] ?? copy))
      const certificates: X509Certificate[] = []
      for (const copy of copies) {
        try {
          certificates.push(new X509Certificate(copy))
        } catch {
          return // OpenSSL would not have handed it to us.
        }
      }
      const [first, ...others] = certificates
      if (first === undefined) return
      try {
        const chain = buildChain(first, others, trust([root], [factory]), now)
        assert.equal(chain.anchor === null, chain.pathProblem !== null)
        if (changed) assert.equal(chain.anchor, null)
      } catch (error) {
        assert.ok(error instanceof ProxyError, String(error))
        assert.equal(error.code, 'certificate_unreadable')
      }
    }),
    { numRuns: 1500 },
  )
})
