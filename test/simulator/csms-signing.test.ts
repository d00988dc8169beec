import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { splitPem } from '../../src/pki/pem.ts'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { createChargePoint } from '../../src/simulator/charge-point.ts'
import { createSigner, type SignCsr } from '../../src/simulator/csms-signing.ts'
import { makeAuthority } from '../support/authority.ts'
import { secret } from '../support/secrets.ts'

const root = await makeAuthority({ name: 'Root of the central system' })
const subprotocols = ['ocpp2.0.1']

/** Both simulators without anything between; what the central system notes. */
async function begin(t: { after(body: () => Promise<void>): void }, sign?: SignCsr) {
  const heard: ((detail: string) => void)[] = []
  const central = createCentralSystem({
    subprotocols,
    ...(sign === undefined ? {} : { sign }),
    onEvent: (event) => {
      if (event.kind === 'note') heard.shift()?.(event.detail)
    },
  })
  const { url } = await central.listen()
  let own: { certificate: string; key: string } | null = null
  const station = createChargePoint({
    ...{ url, identity: 'CP-1', securityProfile: 0, subprotocols, cpoName: 'Example CPO' },
    tls: { ca: root.certificate },
    onCertificate: (certificate) => {
      secret('private key', certificate.key)
      own = certificate
    },
  })
  t.after(async () => {
    await station.close()
    await central.close()
  })
  await station.connect()
  return {
    station,
    own: () => own as { certificate: string; key: string } | null,
    noted: () => new Promise<string>((resolve) => heard.push(resolve)),
  }
}

test('[A02.FR.04][A02.FR.11][A03.FR.04] a central system of OCPP 2.0.1 that signs: the certificate comes behind the answer', async (t) => {
  const { station, own, noted } = await begin(t, createSigner(root.certificate, root.key))
  const told = noted()
  assert.equal(await station.renewCertificate(), true)
  assert.equal(await told, 'CertificateSigned: Accepted')
  const [leaf] = splitPem(own()?.certificate ?? '').map((pem) => new X509Certificate(pem))
  assert.ok(leaf?.verify(root.x509.publicKey))
})

test('[A02.FR.12] one that cannot sign says so, and one that does not sign at all rejects', async (t) => {
  const failing = await begin(t, async () => {
    throw new Error('it is out of order')
  })
  const told = failing.noted()
  await failing.station.renewCertificate()
  assert.equal(await told, 'no certificate was signed: it is out of order')
  assert.equal(failing.own(), null)
  const { station } = await begin(t)
  assert.equal(await station.renewCertificate(), false)
})

test('[CWE-20] what is no request is not signed', async () => {
  await assert.rejects(createSigner(root.certificate, root.key)('no request', 'CP-1'))
  assert.throws(() => createSigner(root.certificate, 'no key'))
})
