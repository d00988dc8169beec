import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOcspResponder } from '../../../src/pki/authority/ocsp-responder.ts'
import { childrenOf, contentOf, encodeElement, encodingOf, readElement } from '../../../src/pki/der.ts'
import { explicit, extension, octetString, sequence } from '../../../src/pki/der-write.ts'
import { certIdOf, readOcspRequestData } from '../../../src/pki/plug-and-charge/ocsp-request-data.ts'
import { judgeStatus } from '../../../src/pki/plug-and-charge/status-answer.ts'
import { ocspRequestFor } from '../../../src/pki/revocation/ocsp-request.ts'
import { makeAuthority } from '../../support/authority.ts'
import { statusRequest } from '../../support/plug-and-charge.ts'

const day = 86_400_000
const start = Date.parse('2026-11-26T00:00:00Z')

/** The parts of a SEQUENCE, each with all its bytes. */
const partsOf = (der: Buffer) => childrenOf(readElement(der)).map(encodingOf)

/** An answer with another single response, and with these parts behind its responses. Nobody has signed that. */
function changed(der: Buffer, single: (parts: Buffer[]) => Buffer[], more: readonly Buffer[] = []): Buffer {
  const [status, wrapper] = partsOf(der) as [Buffer, Buffer]
  const [type, octets] = partsOf(partsOf(wrapper)[0] as Buffer) as [Buffer, Buffer]
  const [body, ...signed] = partsOf(contentOf(readElement(octets))) as [Buffer, ...Buffer[]]
  const [responder, producedAt, responses] = partsOf(body) as [Buffer, Buffer, Buffer]
  const [one] = partsOf(responses) as [Buffer]
  const list = sequence(sequence(...single(partsOf(one))))
  const basic = sequence(sequence(responder, producedAt, list, ...more), ...signed)
  return sequence(status, explicit(0, sequence(type, octetString(basic))))
}

async function answerOf() {
  const root = await makeAuthority({ name: 'V2G root', notBefore: start - day })
  const { x509: leaf } = await root.chargePoint({ notBefore: start - day, cn: 'SECC' })
  const responder = createOcspResponder({
    issuer: root.x509,
    signer: { certificate: root.x509, privateKey: root.credentials.privateKey },
    index: { find: async () => ({ revocation: null }) },
    validityMs: day,
    now: () => start,
  })
  const { ocspRequestData } = statusRequest(leaf, root.x509, 'http://ocsp.example.com/')
  const data = readOcspRequestData(ocspRequestData)
  assert.ok(data !== null)
  const der = await responder.answer(ocspRequestFor(certIdOf(data), null))
  const judged = (answer: Buffer, now = start) => {
    const verdict = judgeStatus(answer, data, { now, skewMs: 0, issuers: [] })
    return verdict.ok ? verdict.status : verdict.detail
  }
  return { der, judged }
}

test('[RFC 6960 4.2.2.1] an answer without an end is believed for a week, and not for ever', async () => {
  const { der, judged } = await answerOf()
  const endless = changed(der, (parts) => parts.filter((part) => part[0] !== 0xa0))
  assert.equal(judged(endless), 'good')
  assert.equal(judged(endless, start + 7 * day - 1), 'good')
  assert.equal(judged(endless, start + 7 * day), 'the answer has expired')
  assert.equal(judged(der, start - 1000), 'the answer is of the future')
})

test('[RFC 6960 4.4] an answer with a critical extension that nobody knows says nothing', async () => {
  const { der, judged } = await answerOf()
  const withExtension = (isCritical: boolean) =>
    sequence(extension('1.2.3.4', isCritical, encodeElement(0x05, Buffer.alloc(0))))
  const same = (parts: Buffer[]) => parts
  assert.equal(judged(changed(der, same, [explicit(1, withExtension(false))])), 'good')
  const critical = /critical extension 1\.2\.3\.4/
  assert.match(judged(changed(der, same, [explicit(1, withExtension(true))])), critical)
  assert.match(judged(changed(der, (parts) => [...parts, explicit(1, withExtension(true))])), critical)
})
