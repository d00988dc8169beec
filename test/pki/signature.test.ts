import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateFacts, createCertificateCache } from '../../src/pki/certificate.ts'
import { buildChain } from '../../src/pki/chain.ts'
import { createSignatureCache, type ReadCertificate, verifySignature } from '../../src/pki/signature.ts'
import { type Issued, makeAuthority, withBrokenSignature } from '../support/authority.ts'

const root = await makeAuthority()
const issuer: ReadCertificate = { certificate: root.x509, facts: certificateFacts(root.x509) }

/** Counts how often the arithmetic is really done: `publicKey` is read for each. */
function counted(one: ReadCertificate): { readonly issuer: ReadCertificate; readonly count: () => number } {
  let count = 0
  const certificate = new Proxy(one.certificate, {
    get(target, property) {
      if (property === 'publicKey') count += 1
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { issuer: { certificate, facts: one.facts }, count: () => count }
}

function subjectOf(issued: Issued): ReadCertificate {
  return { certificate: issued.x509, facts: certificateFacts(issued.x509) }
}

test('a good signature is verified once, a bad one each time', async () => {
  const verifies = createSignatureCache(10)
  const honest = subjectOf(await root.chargePoint())
  const watched = counted(issuer)
  assert.equal(verifies(honest, watched.issuer), true)
  assert.equal(verifies(honest, watched.issuer), true)
  assert.equal(watched.count(), 1)
  const broken = withBrokenSignature(honest.certificate)
  const forged = { certificate: broken, facts: certificateFacts(broken) }
  assert.equal(verifies(forged, watched.issuer), false)
  assert.equal(verifies(forged, watched.issuer), false)
  assert.equal(watched.count(), 3)
})

test('[CWE-347] a remembered signature speaks for one certificate and one key only', async () => {
  const verifies = createSignatureCache(10)
  const honest = subjectOf(await root.chargePoint())
  assert.equal(verifies(honest, issuer), true)
  const impostor = await makeAuthority()
  assert.equal(
    verifies(honest, { certificate: impostor.x509, facts: certificateFacts(impostor.x509) }),
    false,
  )
  assert.equal(verifies(subjectOf(await impostor.chargePoint()), issuer), false)
})

test('[CWE-770] the caches forget what was used least, and paths come out the same with them', async () => {
  const verifies = createSignatureCache(1)
  const watched = counted(issuer)
  const [one, two] = [subjectOf(await root.chargePoint()), subjectOf(await root.chargePoint())]
  for (const subject of [one, two, one]) assert.equal(verifies(subject, watched.issuer), true)
  assert.equal(watched.count(), 3)

  const trust = { cpo: [root.x509], factory: [] }
  const cache = createCertificateCache(4)
  const plain = buildChain(one.certificate, [], trust, Date.now())
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(buildChain(one.certificate, [], trust, Date.now(), cache.factsOf, verifies), plain)
  }
})

test('a key that cannot verify proves nothing, and does not throw', async () => {
  const honest = subjectOf(await root.chargePoint())
  const other = await makeAuthority({ name: 'RSA', key: 'rsa' })
  assert.equal(
    verifySignature(honest, { certificate: other.x509, facts: certificateFacts(other.x509) }),
    false,
  )
})
