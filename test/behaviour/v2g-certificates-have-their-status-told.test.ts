import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { HashAlgorithm } from '../../src/pki/hash-data.ts'
import { foreignAuthority } from '../support/foreign-authority.ts'
import { needsOpenssl, type OpensslCa } from '../support/openssl-ca.ts'
import { startOpensslResponder } from '../support/openssl-responder.ts'
import { ask, statusRequest } from '../support/plug-and-charge.ts'
import { startProxy } from '../support/proxy.ts'
import { badResponder } from '../support/responders.ts'

const serve = {
  mode: 'serve',
  hosts: ['127.0.0.1'],
  networks: ['127.0.0.0/8'],
}

async function settingOf(t: TestContext) {
  const ca = foreignAuthority(t)
  const certificates = { good: ca.issue('good'), bad: ca.issue('bad'), stranger: ca.issue('stranger') }
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  const certificateStatus = { ...serve, issuers: ['v2g.pem'] }
  const proxy = await startProxy(t, {
    plugAndCharge: { certificateStatus },
    files: { 'v2g.pem': ca.root.toString() },
  })
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  return { ca, certificates, proxy, chargePoint, certificateStatus }
}

/** What the openssl tool reads in the answer. */
function read(ca: OpensslCa, ocspResult: unknown): string {
  assert.equal(typeof ocspResult, 'string')
  writeFileSync(ca.file('answer.der'), Buffer.from(String(ocspResult), 'base64'))
  return ca.run('ocsp', '-respin', 'answer.der', '-resp_text', '-CAfile', 'root.pem', '-noverify').toString()
}

test('GetCertificateStatus is answered from the responder of openssl', needsOpenssl, async (t) => {
  const { ca, certificates, proxy, chargePoint, certificateStatus } = await settingOf(t)
  const { url, stop } = await startOpensslResponder(ca)
  t.after(() => stop())
  const about = (name: keyof typeof certificates, algorithm?: HashAlgorithm) =>
    statusRequest(certificates[name], ca.root, `${url}/`, algorithm)
  await t.test(
    '[M06.FR.01] [M06.FR.02] [M06.FR.03] [M06.FR.08] [M06.FR.09] [M06.FR.06] every hash algorithm, good and revoked, in DataTransfer',
    async () => {
      for (const algorithm of ['SHA256', 'SHA384', 'SHA512'] as const) {
        const answer = await ask(chargePoint, 'GetCertificateStatus', about('good', algorithm))
        assert.equal(answer.status, 'Accepted')
        assert.match(read(ca, answer.ocspResult), /Cert Status: good/)
      }
      const revoked = await ask(chargePoint, 'GetCertificateStatus', about('bad'))
      assert.match(read(ca, revoked.ocspResult), /Cert Status: revoked/)
      const unknown = await ask(chargePoint, 'GetCertificateStatus', about('stranger'))
      assert.match(read(ca, unknown.ocspResult), /Cert Status: unknown/)
    },
  )
  await t.test('[M06.FR.01] data that come as an object are read all the same', async () => {
    const answer = await ask(chargePoint, 'GetCertificateStatus', about('good'), 'object')
    assert.equal(answer.status, 'Accepted')
  })
  await t.test('[M06.FR.10] an answer is kept for all charge points, and over a restart', async () => {
    await stop()
    assert.equal(await proxy.stop(), 0)
    await proxy.start()
    await proxy.register('CP-2')
    const second = proxy.chargePoint('basic-auth-tls', { identity: 'CP-2' })
    await second.connect()
    const kept = await ask(second, 'GetCertificateStatus', about('good'))
    assert.match(read(ca, kept.ocspResult), /Cert Status: good/)
    // Unknown is not kept: it may be issued by now.
    assert.deepEqual(await ask(second, 'GetCertificateStatus', about('stranger')), { status: 'Failed' })
  })
  await t.test('the central system saw none of it, and the metric all', async () => {
    assert.deepEqual(proxy.central.foreign(), [])
    assert.ok(!proxy.centralEvents.some((event) => JSON.stringify(event).includes('GetCertificateStatus')))
    const metrics = await proxy.metrics()
    const count = (result: string) => metrics.sum('ocpp_proxy_plug_and_charge_total', { result })
    assert.deepEqual([count('accepted'), count('failed')], [1, 1])
  })
  await t.test('[M06.FR.01] pass: it goes to the central system', async () => {
    const passed = { plugAndCharge: { certificateStatus: { ...certificateStatus, mode: 'pass' } } }
    assert.equal(await proxy.reload(passed), 'reloaded')
    const third = proxy.chargePoint('basic-auth-tls', { identity: 'CP-1' })
    await third.connect()
    const data = about('good')
    const message = {
      vendorId: 'org.openchargealliance.iso15118pnc',
      messageId: 'GetCertificateStatus',
      data,
    }
    const outcome = await third.call('DataTransfer', message)
    assert.ok(outcome.kind === 'result' && outcome.payload.status === 'UnknownVendorId')
  })
})

test('[M06.FR.04] what cannot be told is Failed', needsOpenssl, async (t) => {
  const { ca, certificates, proxy, chargePoint, certificateStatus } = await settingOf(t)
  const failed = async (responderURL: string, why: RegExp) => {
    const from = proxy.log.all.length
    const request = statusRequest(certificates.good, ca.root, responderURL)
    assert.deepEqual(await ask(chargePoint, 'GetCertificateStatus', request), { status: 'Failed' })
    const line = await proxy.log.wait('a warning', ({ message }) => message === 'GetCertificateStatus', from)
    assert.match(String(line.detail), why)
  }
  let asked = 0
  const silent = await badResponder(t, () => {
    asked += 1
  })
  const nonsense = await badResponder(t, (_request, response) => void response.end('nonsense'))
  const large = await badResponder(t, (_request, response) => void response.end(Buffer.alloc(100_000, 0x30)))
  const broken = await badResponder(t, (_request, response) => void response.writeHead(500).end())
  const elsewhere = await badResponder(
    t,
    (_request, response) => void response.writeHead(302, { location: silent }).end(),
  )
  await failed(nonsense, /DER|OCSP|sequence|tag/i)
  await failed(large, /larger/)
  await failed(broken, /status 500/)
  await failed(elsewhere, /sends elsewhere/)
  assert.equal(asked, 0)
  for (const [url, why] of [
    [silent.replace('127.0.0.1', 'localhost'), /host localhost is not allowed/],
    ['http://169.254.169.254/latest/meta-data', /not allowed/],
    ['file:///etc/passwd', /no http or https URL/],
    [silent.replace('http://', 'http://user:word@'), /without a password/],
  ] as const)
    await failed(url, why)
  assert.equal(asked, 0)
  assert.equal(
    await proxy.reload({ plugAndCharge: { certificateStatus: { ...certificateStatus, timeout: '200ms' } } }),
    'reloaded',
  )
  await failed(silent, /no answer within 200 ms|in time/)
  assert.equal(asked, 1)
  assert.deepEqual(await ask(chargePoint, 'GetCertificateStatus', { ocspRequestData: 'nonsense' }), {
    status: 'Failed',
  })
})
