import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Payload } from '../../src/ocpp/message.ts'
import { unwrapRequest, wrapAnswer } from '../../src/ocpp/plug-and-charge.ts'
import { splitPem } from '../../src/pki/certificate.ts'
import { generateKey, type KeyPair, type KeySpec, privateKeyPem } from '../../src/pki/keys.ts'
import type { ChargePointOptions } from '../../src/simulator/charge-point.ts'
import { makeAuthority } from '../support/authority.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { makeCsr } from '../support/csr.ts'
import { ask, type Form, forms, startBothForms } from '../support/plug-and-charge.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'
import { chainFor, httpServer } from '../support/remote-authority.ts'

const message = 'SignCertificate'
const v2g = { local: { certificate: 'v2g.pem', key: 'v2g.key' } }
const signCertificate = { mode: 'serve', authority: v2g }
const certificateType = 'V2GCertificate'
const rejected = { status: 'Rejected' }
const serverAuth = '1.3.6.1.5.5.7.3.1'
const newKey = (spec: KeySpec = { type: 'ec', curve: 'P-256' }) => generateKey(spec)

/** As they are registered. */
const serialNumbers = { DataTransfer: 'SN-0001', native: 'SN of CP-2' } as const

function csrFor(form: Form, keys: KeyPair): Promise<string> {
  const subject = [
    ['O', 'Example CPO'],
    ['CN', serialNumbers[form]],
  ] as const
  return makeCsr({ subject, keys })
}

/** Takes CertificateSigned in the form of its version, and keeps what it was given. */
function receiver(form: Form) {
  const happened: string[] = []
  const chains: string[] = []
  const waiting: (() => void)[] = []
  const state = { status: 'Accepted' }
  const take = (data: Payload | null | undefined): Payload => {
    happened.push('CertificateSigned')
    chains.push(String(data?.certificateChain))
    waiting.shift()?.()
    return { status: state.status }
  }
  const options: Partial<ChargePointOptions> = {
    commands:
      form === 'native'
        ? {
            CertificateSigned: (payload) => {
              assert.equal(payload.certificateType, certificateType)
              return { kind: 'result', payload: take(payload) }
            },
          }
        : {
            DataTransfer: (payload) => {
              const wrapped = unwrapRequest(payload)
              if (wrapped?.message !== 'CertificateSigned')
                return { kind: 'result', payload: { status: 'Rejected' } }
              assert.equal(typeof payload.data, 'string')
              return { kind: 'result', payload: wrapAnswer(take(wrapped.data)) }
            },
          },
    onEvent: (event) => {
      if (event.kind === 'received' && JSON.stringify(event).includes('Accepted')) happened.push('answer')
    },
  }
  const next = () => new Promise<void>((resolve) => waiting.push(resolve))
  return { options, happened, chains, state, next }
}

test('a V2G certificate is signed by its own authority, in both forms', { timeout: 300_000 }, async (t) => {
  const root = await makeAuthority({ name: 'V2G root', o: 'V2G' })
  const received = { DataTransfer: receiver('DataTransfer'), native: receiver('native') }
  const options = {
    certificateAuthority: localAuthority,
    plugAndCharge: { signCertificate },
    files: { 'v2g.pem': root.certificate, 'v2g.key': root.key },
  }
  const setting = await startBothForms(t, options, (form) => received[form].options)
  const { proxy, points } = setting
  const sign = (form: Form, csr: string) => setting.ask(form, message, { csr, certificateType })
  const leafOf = (form: Form) => new X509Certificate(splitPem(received[form].chains.at(-1) ?? '')[0] ?? '')
  const keys = { DataTransfer: await newKey(), native: await newKey({ type: 'ec', curve: 'P-521' }) }

  for (const form of forms) {
    await t.test(
      `[A02.FR.04] [A02.FR.11] CertificateSigned comes behind the answer, with the key of the request, ${form}`,
      async () => {
        const { happened, next } = received[form]
        const arrived = next()
        assert.deepEqual(await sign(form, await csrFor(form, keys[form])), { status: 'Accepted' })
        await arrived
        assert.equal(happened.at(-1), 'CertificateSigned')
        assert.ok(happened.indexOf('answer') < happened.indexOf('CertificateSigned'))
        const leaf = leafOf(form)
        assert.ok(leaf.publicKey.equals(keys[form].publicKey))
        assert.ok(leaf.verify(root.x509.publicKey))
        assert.equal(leaf.keyUsage, undefined, 'no purpose of a TLS client')
        const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000
        assert.ok(days > 60 && days < 93, 'ISO 15118-2 has two to three months')
      },
    )
    await t.test(`[A00.FR.403] it opens no listener, however well it is signed, ${form}`, async () => {
      const issued = { chain: leafOf(form).toString(), key: privateKeyPem(keys[form].privateKey) }
      await assertRefused(proxy, {
        reason: 'client_cert_untrusted',
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(issued)),
        client: closedBeforeHttp,
        record: { identity: null, event: 'InvalidChargePointCertificate' },
        detail: /./,
      })
    })
    await t.test(`[A02.FR.12] what may not be signed is Rejected, ${form}`, async () => {
      const before = received[form].chains.length
      const named = (o: string, cn: string) =>
        makeCsr({
          subject: [
            ['O', o],
            ['CN', cn],
          ],
        })
      for (const csr of [
        await named('Example CPO', 'SN-0002'),
        await named('Another', serialNumbers[form]),
        // Vehicles know neither.
        await csrFor(form, await newKey({ type: 'rsa', bits: 2048 })),
        await csrFor(form, await newKey({ type: 'ec', curve: 'P-384' })),
        'nonsense',
        '',
      ])
        assert.deepEqual(await sign(form, csr), rejected)
      assert.equal(received[form].chains.length, before)
    })
    await t.test(`[A02.FR.07] a charge point that refuses it is noted, ${form}`, async () => {
      const { state, next } = received[form]
      state.status = 'Rejected'
      const from = proxy.log.all.length
      const arrived = next()
      assert.deepEqual(await sign(form, await csrFor(form, await newKey())), { status: 'Accepted' })
      await arrived
      const refused = ({ msg, answer }: { msg?: unknown; answer?: unknown }) =>
        /V2G/.test(String(msg)) && answer === 'refused'
      await proxy.log.wait('its answer', refused, from)
      state.status = 'Accepted'
    })
  }
  await t.test('[A02.FR.12] what is for another purpose is Rejected in a DataTransfer', async () => {
    const csr = await makeCsr()
    const other = { csr, certificateType: 'ChargingStationCertificate' }
    assert.deepEqual(await ask(points.DataTransfer, message, other), rejected)
    assert.deepEqual(await ask(points.DataTransfer, message, {}), rejected)
  })
  await t.test('[A00.FR.427] a key of a charge point certificate is not signed for V2G', async () => {
    const shared = await newKey()
    const own = await points.DataTransfer.call(message, { csr: await makeCsr({ keys: shared }) })
    assert.ok(own.kind === 'result' && own.payload.status === 'Accepted')
    for (const form of forms) assert.deepEqual(await sign(form, await csrFor(form, shared)), rejected)
    const renewal = await proxy.store.renewals.get('CP-1')
    assert.ok(renewal !== null)
    const chain = splitPem(renewal.chain ?? '').map((pem) => new X509Certificate(pem))
    assert.ok(
      chain.every((one) => !one.verify(root.x509.publicKey)),
      'and those of charge points are not of the V2G authority',
    )
  })
  await t.test('[A00.FR.427] a key of a V2G certificate is not signed for a charge point', async () => {
    const from = proxy.log.all.length
    const own = await points.DataTransfer.call(message, {
      csr: await csrFor('DataTransfer', keys.DataTransfer),
    })
    assert.deepEqual(own.kind === 'result' && own.payload, rejected)
    await proxy.log.wait('why', (line) => JSON.stringify(line).includes('the key of a V2G certificate'), from)
  })
  await t.test('[A00.FR.206] on profile 1 it is refused before anybody reads it', async () => {
    await proxy.register('CP-3')
    const plain = proxy.chargePoint('basic-auth', { identity: 'CP-3' })
    await plain.connect()
    const vendorId = 'org.openchargealliance.iso15118pnc'
    const data = JSON.stringify({ csr: await makeCsr() })
    const outcome = await plain.call('DataTransfer', { vendorId, messageId: message, data })
    assert.ok(outcome.kind === 'error' && outcome.code === 'SecurityError')
  })
  await t.test('the central systems saw none of it', () => setting.assertUnseen())

  const remote = await httpServer()
  let chain = (csr: Parameters<typeof chainFor>[1]) =>
    chainFor(remote.middle, csr, { o: 'V2G operator', cn: 'DE*EXA*E1', eku: [serverAuth], days: 80 })
  await using server = await remote.serve(remote.answering((csr) => chain(csr)))
  writeFileSync(join(proxy.pki.folder, 'remote.pem'), remote.root.certificate)
  const http = { url: `${server.origin}/sign`, ca: 'remote.pem', roots: 'remote.pem' }
  const elsewhere = { plugAndCharge: { signCertificate: { mode: 'serve', authority: { http } } } }
  await t.test(
    '[A02.FR.04] an authority elsewhere is held to the rules of vehicles: its names are its own',
    async () => {
      assert.equal(await proxy.reload(elsewhere), 'reloaded')
      for (const form of forms) {
        const arrived = received[form].next()
        assert.deepEqual(await sign(form, await csrFor(form, await newKey())), { status: 'Accepted' })
        await arrived
        assert.match(leafOf(form).subject, /CN=DE\*EXA\*E1/)
      }
    },
  )
  await t.test('the authority of charge points never signs for vehicles', async () => {
    chain = (csr) => chainFor(proxy.pki.cpo, csr, { eku: [serverAuth], days: 80 })
    const before = received.native.chains.length
    const from = proxy.log.all.length
    assert.deepEqual(await sign('native', await csrFor('native', await newKey())), { status: 'Accepted' })
    const failed = await proxy.log.wait('why', ({ msg }) => msg === 'no V2G certificate was issued', from)
    assert.match(String(failed.err), /not among the presented certificates nor the trusted roots/)
    assert.equal(received.native.chains.length, before)
  })
  await t.test('an authority that vehicles cannot verify is refused', async () => {
    const old = await makeAuthority({ name: 'RSA root', key: 'rsa' })
    writeFileSync(join(proxy.pki.folder, 'rsa.pem'), old.certificate)
    const change = {
      ...elsewhere.plugAndCharge.signCertificate,
      authority: { http: { ...http, roots: 'rsa.pem' } },
    }
    const from = proxy.log.all.length
    assert.equal(await proxy.reload({ plugAndCharge: { signCertificate: change } }), 'refused')
    await proxy.log.wait('why', (line) => JSON.stringify(line).includes('vehicles cannot verify'), from)
  })
  await t.test('one root for both domains is refused', async () => {
    const shared = { local: { certificate: 'cpo-root.pem', key: 'cpo-root.key' } }
    const change = { plugAndCharge: { signCertificate: { mode: 'serve', authority: shared } } }
    const why = (line: object) => JSON.stringify(line).includes('V2G needs roots of its own')
    assert.equal(await proxy.reload(change), 'refused')
    await proxy.log.wait('why', why)
    assert.equal(await proxy.reload({ plugAndCharge: { signCertificate } }), 'reloaded')
    const from = proxy.log.all.length
    writeFileSync(join(proxy.pki.folder, 'cpo-root.pem'), `${proxy.pki.cpo.certificate}\n${root.certificate}`)
    assert.equal(await proxy.hangUp(), 'refused')
    await proxy.log.wait('why', why, from)
  })
})
