import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { HashAlgorithm } from '../../src/pki/hash-data.ts'
import { foreignStation } from '../support/csms-201.ts'
import { foreignAuthority } from '../support/foreign-authority.ts'
import { needsOpenssl, type OpensslCa } from '../support/openssl-ca.ts'
import { startOpensslResponder } from '../support/openssl-responder.ts'
import { ask, type Form, forms, startBothForms, statusRequest } from '../support/plug-and-charge.ts'
import { badResponder, opensslResponder } from '../support/responders.ts'

const serve = {
  mode: 'serve',
  hosts: ['127.0.0.1'],
  networks: ['127.0.0.0/8'],
}
const message = 'GetCertificateStatus'

async function settingOf(t: TestContext) {
  const ca = foreignAuthority(t)
  const certificates = { good: ca.issue('good'), bad: ca.issue('bad'), stranger: ca.issue('stranger') }
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  const certificateStatus = { ...serve, issuers: ['v2g.pem'] }
  const setting = await startBothForms(t, {
    plugAndCharge: { certificateStatus },
    files: { 'v2g.pem': ca.root.toString() },
  })
  return { ca, certificates, certificateStatus, setting }
}

/** What the openssl tool reads in the answer, whose signature it has verified. */
function read(ca: OpensslCa, ocspResult: unknown): string {
  assert.ok(typeof ocspResult === 'string' && ocspResult.length <= 5500)
  const der = Buffer.from(ocspResult, 'base64')
  assert.equal(der.toString('base64'), ocspResult, 'base64 and nothing else')
  writeFileSync(ca.file('answer.der'), der)
  const verified = ['-CAfile', 'root.pem', '-VAfile', 'root.pem']
  return ca.run('ocsp', '-respin', 'answer.der', '-resp_text', ...verified).toString()
}

test('GetCertificateStatus is answered from the responder of openssl', needsOpenssl, async (t) => {
  const { ca, certificates, certificateStatus, setting } = await settingOf(t)
  const { proxy, csms } = setting
  const { url, stop } = await startOpensslResponder(ca)
  t.after(() => stop())
  const about = (name: keyof typeof certificates, algorithm?: HashAlgorithm) =>
    statusRequest(certificates[name], ca.root, `${url}/`, algorithm)
  for (const form of forms)
    await t.test(
      `[M06.FR.01] [M06.FR.02] [M06.FR.03] [M06.FR.08] [M06.FR.09] [M06.FR.06] every hash algorithm, good and revoked, ${form}`,
      async () => {
        for (const algorithm of ['SHA256', 'SHA384', 'SHA512'] as const) {
          const answer = await setting.ask(form, message, about('good', algorithm))
          assert.equal(answer.status, 'Accepted')
          assert.match(read(ca, answer.ocspResult), /Cert Status: good/)
        }
        const revoked = await setting.ask(form, message, about('bad'))
        assert.match(read(ca, revoked.ocspResult), /Cert Status: revoked/)
        const unknown = await setting.ask(form, message, about('stranger'))
        assert.match(read(ca, unknown.ocspResult), /Cert Status: unknown/)
      },
    )
  await t.test('[M06.FR.01] data that come as an object are read all the same', async () => {
    const answer = await ask(setting.points.DataTransfer, message, about('good'), 'object')
    assert.equal(answer.status, 'Accepted')
  })
  await t.test(
    '[M06.FR.01] [M06.FR.03] a charging station of another maker is answered natively',
    async () => {
      const password = await proxy.register('CP-3')
      const foreign = foreignStation(t, proxy, 'basic-auth-tls', { identity: 'CP-3', password })
      await foreign.connect()
      const answer = (await foreign.call(message, about('good'))) as { status: string; ocspResult: string }
      assert.equal(answer.status, 'Accepted')
      assert.match(read(ca, answer.ocspResult), /Cert Status: good/)
    },
  )
  await t.test(
    '[M06.FR.10] an answer is kept for all charge points, and over a restart, in both forms',
    async () => {
      await stop()
      assert.equal(await proxy.stop(), 0)
      await proxy.start()
      await setting.connect()
      for (const form of forms) {
        const kept = await setting.ask(form, message, about('good'))
        assert.match(read(ca, kept.ocspResult), /Cert Status: good/)
        // Unknown is not kept: it may be issued by now.
        assert.deepEqual(await setting.ask(form, message, about('stranger')), { status: 'Failed' })
      }
    },
  )
  await t.test('the central systems saw none of it, and the metric all', async () => {
    setting.assertUnseen()
    assert.deepEqual(proxy.central.foreign(), [])
    const metrics = await proxy.metrics()
    const count = (result: string) => metrics.sum('ocpp_proxy_plug_and_charge_total', { message, result })
    assert.deepEqual([count('accepted'), count('failed')], [2, 2])
  })
  await t.test('[M06.FR.01] pass: it goes to the central system, in both forms', async () => {
    const passed = { plugAndCharge: { certificateStatus: { ...certificateStatus, mode: 'pass' } } }
    assert.equal(await proxy.reload(passed), 'reloaded')
    const data = about('good')
    const vendorId = 'org.openchargealliance.iso15118pnc'
    const outcome = await setting.points.DataTransfer.call('DataTransfer', {
      vendorId,
      messageId: message,
      data,
    })
    assert.ok(outcome.kind === 'result' && outcome.payload.status === 'UnknownVendorId')
    assert.deepEqual(await setting.ask('native', message, data), { status: 'Failed' })
    assert.deepEqual(csms.calls.at(-1), { action: message, payload: data })
  })
})

test('[M06.FR.04] what cannot be told is Failed, in both forms', needsOpenssl, async (t) => {
  const { ca, certificates, certificateStatus, setting } = await settingOf(t)
  const { proxy, points } = setting
  const failed = async (responderURL: string, why: RegExp, form: Form) => {
    const from = proxy.log.all.length
    const request = statusRequest(certificates.good, ca.root, responderURL)
    assert.deepEqual(await setting.ask(form, message, request), { status: 'Failed' })
    const line = await proxy.log.wait('a warning', (one) => one.message === message, from)
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
  // One responder that answers every question with what openssl says about another certificate.
  ca.run(...'ocsp -sha256 -issuer root.pem -cert bad.pem -no_nonce -reqout other.req'.split(' '))
  const answering = '-CA root.pem -rsigner root.pem -rkey root.key -ndays 1 -respout other.der'
  ca.run(...`ocsp -index index.txt -reqin other.req ${answering}`.split(' '))
  const lying = await badResponder(t, (_request, response) => {
    response.setHeader('content-type', 'application/ocsp-response')
    response.end(readFileSync(ca.file('other.der')))
  })
  // A good answer, with more in it than ocspResult can hold.
  const padding = `0482${(4500).toString(16)}${'00'.repeat(4500)}`
  ca.issue('fat', { extensions: `extendedKeyUsage=OCSPSigning\n1.2.3.4=DER:${padding}\n` })
  const fat = await opensslResponder(t, ca, { signer: 'fat' })
  for (const form of forms) {
    await failed(`${fat}/`, /does not fit into 5500 characters/, form)
    await failed(nonsense, /DER|OCSP|sequence|tag/i, form)
    await failed(large, /larger/, form)
    await failed(broken, /status 500/, form)
    await failed(elsewhere, /sends elsewhere/, form)
    await failed(lying, /not about this certificate alone/, form)
    for (const [url, why] of [
      [silent.replace('127.0.0.1', 'localhost'), /host localhost is not allowed/],
      ['http://169.254.169.254/latest/meta-data', /not allowed/],
      ['http://[::1]:1/', /not allowed/],
      ['http://2852039166/', /not allowed/],
      ['file:///etc/passwd', /no http or https URL/],
      [silent.replace('http://', 'http://user:word@'), /without a password/],
    ] as const)
      await failed(url, why, form)
  }
  assert.equal(asked, 0)
  assert.equal(
    await proxy.reload({ plugAndCharge: { certificateStatus: { ...certificateStatus, timeout: '200ms' } } }),
    'reloaded',
  )
  for (const form of [...forms, ...forms])
    await failed(silent, /no answer within 200 ms|in time|a moment ago/, form)
  // The watcher of the file may have led to a second reload, and what is new remembers no failure.
  assert.ok([1, 2].includes(asked), String(asked))
  assert.deepEqual(await ask(points.DataTransfer, message, { ocspRequestData: 'nonsense' }), {
    status: 'Failed',
  })
  const wrong = await points.native.call(message, { ocspRequestData: 'nonsense' })
  assert.ok(wrong.kind === 'error' && wrong.code === 'TypeConstraintViolation', JSON.stringify(wrong))
  // It keeps the schema, and is no SHA-256 all the same.
  const short = statusRequest(certificates.good, ca.root, silent).ocspRequestData as object
  const data = { ocspRequestData: { ...short, issuerKeyHash: 'ab' } }
  assert.deepEqual(await setting.ask('native', message, data), { status: 'Failed' })
  setting.assertUnseen()
})

test('[CWE-349] what one responder says is no answer of another', needsOpenssl, async (t) => {
  const { ca, certificates, setting } = await settingOf(t)
  const signing = '-index index.txt -CA root.pem -rsigner root.pem -rkey root.key -ndays 1'
  /** Always the same answer, as openssl has signed it. */
  const canned = (request: string, name: string) => {
    ca.run(...`ocsp -sha256 -issuer root.pem ${request} -reqout ${name}.req`.split(' '))
    ca.run(...`ocsp ${signing} -reqin ${name}.req -respout ${name}.der`.split(' '))
    const body = readFileSync(ca.file(`${name}.der`))
    return badResponder(t, (_request, response) => void response.end(body))
  }
  // The same authority, before it revoked anything: signed all the same.
  ca.writeIndex(['good', 'bad'])
  const outdated = await canned('-cert bad.pem -no_nonce', 'outdated')
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  const honest = await opensslResponder(t, ca)
  const stranger = foreignAuthority(t)
  stranger.writeIndex([])
  const elsewhere = await opensslResponder(t, stranger)
  const told = async (form: Form, responder: string) => {
    const answer = await setting.ask(form, message, statusRequest(certificates.bad, ca.root, `${responder}/`))
    return answer.status === 'Accepted'
      ? /Cert Status: (\w+)/.exec(read(ca, answer.ocspResult))?.[1]
      : answer.status
  }
  const [one, other] = forms
  assert.equal(await told(one, outdated), 'good')
  assert.equal(await told(other, honest), 'revoked')
  assert.equal(await told(one, honest), 'revoked')
  // Of another authority, whatever it says.
  assert.equal(await told(one, elsewhere), 'Failed')
  assert.equal(await told(other, elsewhere), 'Failed')
  await t.test('a nonce that nobody asked for does no harm', async () => {
    const nonced = await canned('-cert good.pem -nonce', 'nonce')
    for (const form of forms) {
      const answer = await setting.ask(form, message, statusRequest(certificates.good, ca.root, nonced))
      assert.equal(answer.status, 'Accepted')
    }
  })
})
