import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { certificateCommands, obedientCertificates } from '../../src/simulator/certificate-commands.ts'
import { createConfigurationKeys } from '../../src/simulator/configuration-keys.ts'
import { createOwnCertificates } from '../../src/simulator/own-certificates.ts'
import { makeAuthority } from '../support/authority.ts'
import { readable } from '../support/csr.ts'
import { chainFor } from '../support/remote-authority.ts'
import { secret } from '../support/secrets.ts'

/** A charge point with a certificate, and everything that it tells anybody. */
async function chargePointWith(keyType: 'ec' | 'rsa') {
  const root = await makeAuthority()
  const first = await root.chargePoint()
  const own = createOwnCertificates({ certificate: first.chain, key: first.key }, () => {})
  const configuration = createConfigurationKeys()
  configuration.put('CpoName', 'Example CPO')
  const told: unknown[] = []
  let csr = ''
  const tell = (...words: unknown[]) => void told.push(words)
  const { renew, table } = certificateCommands({
    ...{ own, configuration, serialNumber: 'SN-0001', now: Date.now },
    behaviour: () => ({ ...obedientCertificates, keyType }),
    roots: () => [root.certificate],
    async call(action, payload) {
      csr = payload.csr
      tell(action, payload)
      return { kind: 'result', payload: { status: 'Accepted' } }
    },
    inBackground: () => {},
    reconnect: async () => {},
    drop: () => {},
    ...{ raise: tell, acted: tell, note: tell },
  })
  return {
    ...{ first, own, told },
    /** A new key, a request, and what was signed for it is taken. */
    async renewed() {
      assert.equal(await renew(), true)
      const certificateChain = await chainFor(root, readable(csr))
      const answer = table.CertificateSigned?.({ certificateChain }, {} as never)
      assert.partialDeepStrictEqual(answer, { kind: 'result', payload: { status: 'Accepted' } })
      tell(answer, configuration.report(null), configuration.report(['PrivateKey', 'AuthorizationKey']))
    },
  }
}

for (const keyType of ['ec', 'rsa'] as const) {
  test(`[A02.FR.05] [A03.FR.05] the new private key (${keyType}) is in nothing that the charge point tells`, async () => {
    const { own, told, renewed } = await chargePointWith(keyType)
    await renewed()
    const pem = secret('private key', own.current()?.key ?? '')
    const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' })
    assert.ok(d.length >= 40, 'the private number')
    const text = JSON.stringify(told)
    assert.match(text, /BEGIN CERTIFICATE REQUEST/)
    // Whatever was encoded: the bytes of every base64 text are looked through as well.
    const decoded = [...text.matchAll(/-----BEGIN [^-]+-----\\n(.+?)-----END/g)].map(([, body = '']) =>
      Buffer.from(body.replaceAll('\\n', ''), 'base64'),
    )
    const number = Buffer.from(d, 'base64url')
    assert.ok(decoded.length > 0 && decoded.every((bytes) => !bytes.includes(number)))
    assert.ok(
      createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }).includes(number),
      'it would be found',
    )
    for (const form of ['PRIVATE KEY', d, number.toString('base64'), number.toString('hex')])
      assert.ok(!text.includes(form))
  })
}

test('[A02.FR.09] [A02.FR.10] [A03.FR.09] [A03.FR.10] the old certificate is kept, and comes back, until the new one has worked', async () => {
  const { first, own, renewed } = await chargePointWith('ec')
  assert.equal(own.refused(), false, 'there is no other')
  await renewed()
  const next = own.current()
  assert.notEqual(next?.certificate, first.chain, 'the newest is shown')
  assert.equal(own.refused(), true)
  assert.deepEqual(own.current(), { certificate: first.chain, key: first.key })
  assert.equal(own.refused(), true)
  assert.deepEqual(own.current(), next, 'and the newest is tried again')
  own.connected()
  assert.equal(own.refused(), false, 'it has worked once: a refusal is about something else')
  assert.deepEqual(own.current(), next)
})
