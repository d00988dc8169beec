import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { unwrapRequest, wrapAnswer } from '../../src/ocpp/plug-and-charge.ts'
import { splitPem } from '../../src/pki/certificate.ts'
import { generateKey, privateKeyPem } from '../../src/pki/keys.ts'
import type { ChargePointOptions } from '../../src/simulator/charge-point.ts'
import { makeAuthority } from '../support/authority.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { makeCsr } from '../support/csr.ts'
import { ask } from '../support/plug-and-charge.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

const v2g = { local: { certificate: 'v2g.pem', key: 'v2g.key' } }
const signCertificate = { mode: 'serve', authority: v2g }
const certificateType = 'V2GCertificate'

/** A charge point that takes CertificateSigned in a DataTransfer, and what it was given. */
function receiver(status: () => string) {
  const happened: string[] = []
  const chains: string[] = []
  const waiting: (() => void)[] = []
  const options: Partial<ChargePointOptions> = {
    commands: {
      DataTransfer: (payload) => {
        const wrapped = unwrapRequest(payload)
        if (wrapped?.message !== 'CertificateSigned')
          return { kind: 'result', payload: { status: 'Rejected' } }
        assert.equal(typeof payload.data, 'string')
        happened.push('CertificateSigned')
        chains.push(String(wrapped.data?.certificateChain))
        waiting.shift()?.()
        return { kind: 'result', payload: wrapAnswer({ status: status() }) }
      },
    },
    onEvent: (event) => {
      if (event.kind === 'received' && JSON.stringify(event).includes('Accepted')) happened.push('answer')
    },
  }
  const next = () => new Promise<void>((resolve) => waiting.push(resolve))
  return { options, happened, chains, next }
}

test('a V2G certificate is signed by its own authority, in DataTransfer', async (t) => {
  const root = await makeAuthority({ name: 'V2G root', o: 'V2G' })
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    plugAndCharge: { signCertificate },
    files: { 'v2g.pem': root.certificate, 'v2g.key': root.key },
  })
  await proxy.register('CP-1')
  let status = 'Accepted'
  const received = receiver(() => status)
  const chargePoint = proxy.chargePoint('basic-auth-tls', received.options)
  await chargePoint.connect()
  const keys = await generateKey({ type: 'ec', curve: 'P-256' })
  const sign = (csr: string, more: object = { certificateType }) =>
    ask(chargePoint, 'SignCertificate', { csr, ...more })
  const rejected = { status: 'Rejected' }
  let leaf: X509Certificate | undefined

  await t.test(
    '[A02.FR.04] [A02.FR.11] CertificateSigned comes behind the answer, with the key of the request',
    async () => {
      const arrived = received.next()
      assert.deepEqual(await sign(await makeCsr({ keys })), { status: 'Accepted' })
      await arrived
      assert.equal(received.happened.at(-1), 'CertificateSigned')
      assert.ok(received.happened.indexOf('answer') < received.happened.indexOf('CertificateSigned'))
      leaf = new X509Certificate(splitPem(received.chains[0] ?? '')[0] ?? '')
      assert.ok(leaf.publicKey.equals(keys.publicKey))
      assert.ok(leaf.verify(root.x509.publicKey))
      assert.equal(leaf.keyUsage, undefined, 'no purpose of a TLS client')
    },
  )
  await t.test('[A00.FR.403] it opens no listener, however well it is signed', async () => {
    assert.ok(leaf !== undefined)
    const issued = { chain: leaf.toString(), key: privateKeyPem(keys.privateKey) }
    await assertRefused(proxy, {
      reason: 'client_cert_untrusted',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(issued)),
      client: closedBeforeHttp,
      record: { identity: null, event: 'InvalidChargePointCertificate' },
      detail: /./,
    })
  })
  await t.test('[A02.FR.12] what may not be signed is Rejected', async () => {
    const before = received.chains.length
    const csr = await makeCsr()
    const foreign = await makeCsr({
      subject: [
        ['O', 'Example CPO'],
        ['CN', 'SN-0002'],
      ],
    })
    const organization = await makeCsr({
      subject: [
        ['O', 'Another'],
        ['CN', 'SN-0001'],
      ],
    })
    assert.deepEqual(await sign(csr, { certificateType: 'ChargingStationCertificate' }), rejected)
    assert.deepEqual(await sign(foreign), rejected)
    assert.deepEqual(await sign(organization), rejected)
    assert.deepEqual(await sign('nonsense'), rejected)
    assert.deepEqual(await ask(chargePoint, 'SignCertificate', {}), rejected)
    assert.equal(received.chains.length, before)
  })
  await t.test('[A00.FR.427] a key of a charge point certificate is not signed for V2G', async () => {
    const shared = await generateKey({ type: 'ec', curve: 'P-256' })
    const native = await chargePoint.call('SignCertificate', { csr: await makeCsr({ keys: shared }) })
    assert.ok(native.kind === 'result' && native.payload.status === 'Accepted')
    assert.deepEqual(await sign(await makeCsr({ keys: shared })), rejected)
    const renewal = await proxy.store.renewals.get('CP-1')
    assert.ok(renewal !== null)
    const chain = splitPem(renewal.chain ?? '').map((pem) => new X509Certificate(pem))
    assert.ok(
      chain.every((one) => !one.verify(root.x509.publicKey)),
      'and native ones are not of the V2G authority',
    )
  })
  await t.test('[A02.FR.07] a charge point that refuses it is noted', async () => {
    status = 'Rejected'
    const arrived = received.next()
    const second = await makeCsr({ keys: await generateKey({ type: 'ec', curve: 'P-256' }) })
    assert.deepEqual(await sign(second, {}), { status: 'Accepted' })
    await arrived
    await proxy.log.wait('its answer', ({ msg, answer }) => /V2G/.test(String(msg)) && answer === 'refused')
  })
  await t.test('[A00.FR.206] on profile 1 it is refused before anybody reads it', async () => {
    await proxy.register('CP-2')
    const plain = proxy.chargePoint('basic-auth', { identity: 'CP-2' })
    await plain.connect()
    const vendorId = 'org.openchargealliance.iso15118pnc'
    const data = JSON.stringify({ csr: await makeCsr() })
    const outcome = await plain.call('DataTransfer', { vendorId, messageId: 'SignCertificate', data })
    assert.ok(outcome.kind === 'error' && outcome.code === 'SecurityError')
  })
  await t.test('the central system saw none of it', () => {
    assert.ok(!proxy.centralEvents.some((event) => JSON.stringify(event).includes('SignCertificate')))
  })
  await t.test('one root for both domains is refused', async () => {
    const shared = { local: { certificate: 'cpo-root.pem', key: 'cpo-root.key' } }
    const change = { plugAndCharge: { signCertificate: { mode: 'serve', authority: shared } } }
    assert.equal(await proxy.reload(change), 'refused')
    await proxy.log.wait('why', (line) => JSON.stringify(line).includes('V2G needs roots of its own'))
    const from = proxy.log.all.length
    writeFileSync(join(proxy.pki.folder, 'cpo-root.pem'), `${proxy.pki.cpo.certificate}\n${root.certificate}`)
    assert.equal(await proxy.hangUp(), 'refused')
    const why = (line: object) => JSON.stringify(line).includes('V2G needs roots of its own')
    await proxy.log.wait('why', why, from)
  })
})
