import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { certificateHashData } from '../../src/pki/hash-data.ts'
import type { Answer } from '../../src/simulator/endpoint.ts'
import { foreignStation } from '../support/csms-201.ts'
import { foreignAuthority } from '../support/foreign-authority.ts'
import { needsOpenssl } from '../support/openssl-ca.ts'
import { startOpensslResponder } from '../support/openssl-responder.ts'
import { forms, startBothForms } from '../support/plug-and-charge.ts'

const message = 'Authorize'
const eMaid = 'DE-ABC-C12345678-9'
const invalid = { status: 'Invalid' }
const expiryDate = '2027-01-01T00:00:00Z'

test('Authorize with a contract certificate', needsOpenssl, async (t) => {
  const ca = foreignAuthority(t)
  ca.issue('sub', { extensions: 'basicConstraints=critical,CA:TRUE\n' })
  // The responder reads its index when it starts, and certificates name its port: numbers are known before both.
  const issued = [
    ['good', '11'],
    ['bad', '12'],
    ['stranger', '13'],
    ['late', '14'],
  ] as const
  for (const [name, serial] of issued) ca.issue(name, { serial })
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  const { url, stop } = await startOpensslResponder(ca)
  t.after(() => stop())
  const extensions = `authorityInfoAccess=OCSP;URI:${url}/\n`
  // The commonName of a contract certificate is the contract id, with hyphens or without.
  const subject = '/O=Example MO/CN=DEABCC123456789'
  for (const [name, serial] of issued) ca.issue(name, { serial, extensions, subject })
  ca.issue('silent', { subject })
  const pem = (name: string) => readFileSync(ca.file(`${name}.pem`), 'utf8')
  const stranger = foreignAuthority(t)
  stranger.issue('foreign')
  const authorize = {
    ...{ mode: 'serve', hosts: ['127.0.0.1'], networks: ['127.0.0.0/8'], issuers: ['mo.pem'] },
    timeout: '30s',
  }
  let answer: Answer = { kind: 'result', payload: { idTagInfo: { status: 'Accepted', expiryDate } } }
  const setting = await startBothForms(t, {
    plugAndCharge: { authorize },
    files: { 'mo.pem': ca.root.toString() },
    central: { answer: (_identity, call) => (call.action === 'Authorize' ? answer : null) },
  })
  const { proxy, csms, points } = setting
  const hashOf = (name: string) => ({
    ...certificateHashData(new X509Certificate(pem(name)), ca.root),
    responderURL: `${url}/`,
  })
  const hashes = (...names: readonly string[]) => ({ iso15118CertificateHashData: names.map(hashOf) })
  const idToken = { idToken: eMaid, type: 'eMAID' }
  const asked = () => ({
    DataTransfer: proxy.central.messages('CP-1').filter((one) => JSON.stringify(one).includes('Authorize'))
      .length,
    native: csms.calls.filter(({ action }) => action === message).length,
  })

  for (const form of forms) {
    await t.test(`good certificates: the central system decides about the contract id, ${form}`, async () => {
      const before = asked()[form]
      for (const contract of [hashes('good'), { certificate: pem('good') }, hashes('good', 'good')]) {
        const { certificateStatus, idTokenInfo } = await setting.ask(form, message, { idToken, ...contract })
        assert.equal(certificateStatus, 'Accepted')
        assert.partialDeepStrictEqual(idTokenInfo, { status: 'Accepted' })
      }
      assert.ok(asked()[form] >= before + 3)
    })
    await t.test(`what is refused never reaches the central system, ${form}`, async () => {
      const before = asked()[form]
      for (const [contract, certificateStatus] of [
        [hashes('bad'), 'CertificateRevoked'],
        [hashes('good', 'bad'), 'CertificateRevoked'],
        [{ certificate: pem('bad') }, 'CertificateRevoked'],
        [{ certificate: pem('bad'), ...hashes('good') }, 'CertificateRevoked'],
        [hashes('stranger'), 'CertChainError'],
        [{ certificate: readFileSync(stranger.file('foreign.pem'), 'utf8') }, 'CertChainError'],
        [{ certificate: 'nonsense' }, 'CertChainError'],
        [{ certificate: pem('sub') }, 'CertChainError'],
        // Nobody can be asked about it.
        [{ certificate: pem('silent') }, 'CertChainError'],
      ] as const)
        assert.deepEqual(
          await setting.ask(form, message, { idToken, ...contract }),
          { certificateStatus, idTokenInfo: invalid },
          JSON.stringify(contract),
        )
      assert.equal(asked()[form], before)
    })
    await t.test(`[C07.FR.13] nobody charges on the contract of another, ${form}`, async () => {
      const before = asked()[form]
      const from = proxy.log.all.length
      const counted = async () =>
        (await proxy.metrics()).sum('ocpp_proxy_plug_and_charge_total', { message, result: 'failed' })
      const failures = await counted()
      const refused = { certificateStatus: 'ContractCancelled', idTokenInfo: invalid }
      for (const [id, contract] of [
        ['DE-ABC-C12345678-8', { certificate: pem('good') }],
        ['DE-ABC-C00000000-9', { certificate: pem('good') }],
        // The hashes of another certificate do not stand in for the one that is shown.
        ['DE-ABC-C12345678-8', { certificate: pem('good'), ...hashes('good') }],
        // Its responder cannot be asked: that weighs less.
        ['DE-ABC-C12345678-8', { certificate: pem('silent') }],
        ['04A2B3C4', { certificate: pem('good') }],
        ['DEABCC123456789 ', { certificate: pem('good') }],
      ] as const) {
        const message201 = { idToken: { idToken: id, type: 'eMAID' }, ...contract }
        assert.deepEqual(await setting.ask(form, message, message201), refused, id)
      }
      const revoked = { idToken: { idToken: 'DE-ABC-C12345678-8', type: 'eMAID' }, certificate: pem('bad') }
      assert.deepEqual(await setting.ask(form, message, revoked), {
        ...{ certificateStatus: 'CertificateRevoked', idTokenInfo: invalid },
      })
      assert.equal(asked()[form], before)
      assert.equal(await counted(), failures + 7)
      const why = 'idToken is another contract than that of the certificate'
      await proxy.log.wait('the reason', ({ detail }) => detail === why, from)
      for (const id of ['DEABCC123456789', 'de-abc-c12345678-9', 'DE-ABC-C12345678'])
        assert.equal(
          (
            await setting.ask(form, message, {
              idToken: { idToken: id, type: 'eMAID' },
              certificate: pem('good'),
            })
          ).certificateStatus,
          'Accepted',
          id,
        )
      // By hashes nobody can tell whose certificate it is.
      const other = { idToken: { idToken: 'DE-ABC-C00000000-9', type: 'eMAID' }, ...hashes('good') }
      assert.equal((await setting.ask(form, message, other)).certificateStatus, 'Accepted')
    })
    await t.test(`without certificates there is nothing to check, ${form}`, async () => {
      const plain = await setting.ask(form, message, { idToken })
      assert.equal(plain.certificateStatus, undefined)
      assert.partialDeepStrictEqual(plain.idTokenInfo, { status: 'Accepted' })
    })
  }
  await t.test('a charging station of another maker is answered natively', async () => {
    const password = await proxy.register('CP-3')
    const foreign = foreignStation(t, proxy, 'basic-auth-tls', { identity: 'CP-3', password })
    await foreign.connect()
    assert.deepEqual(await foreign.call(message, { idToken, ...hashes('bad') }), {
      certificateStatus: 'CertificateRevoked',
      idTokenInfo: invalid,
    })
  })
  await t.test(
    '[C07.FR.13][C07.FR.14] the legacy central system is asked by the message that it knows',
    async () => {
      const got = await setting.ask('DataTransfer', message, {
        idToken: { idToken: eMaid },
        ...hashes('good'),
      })
      assert.deepEqual(got, {
        certificateStatus: 'Accepted',
        idTokenInfo: { status: 'Accepted', cacheExpiryDateTime: expiryDate },
      })
      assert.match(JSON.stringify(proxy.central.messages('CP-1')), new RegExp(`"idTag\\W+${eMaid}`))
      for (const status of ['Blocked', 'ConcurrentTx', 'Expired', 'Invalid']) {
        answer = { kind: 'result', payload: { idTagInfo: { status } } }
        const refused = await setting.ask('DataTransfer', message, { idToken, ...hashes('good') })
        const certificateStatus = status === 'ConcurrentTx' ? 'Accepted' : 'ContractCancelled'
        assert.deepEqual(refused, { certificateStatus, idTokenInfo: { status } })
      }
      for (const wrong of [
        { kind: 'error', code: 'GenericError', description: 'no' },
        { kind: 'result', payload: { idTagInfo: 'Accepted' } },
      ] satisfies Answer[]) {
        answer = wrong
        const vendorId = 'org.openchargealliance.iso15118pnc'
        const data = JSON.stringify({ idToken, ...hashes('good') })
        const outcome = await points.DataTransfer.call('DataTransfer', { vendorId, messageId: message, data })
        assert.equal(outcome.kind, 'error', JSON.stringify(outcome))
      }
      // No idTag holds it, and a part of it may be somebody else.
      const before = asked().DataTransfer
      const long = { idToken: { idToken: 'X'.repeat(21) }, ...hashes('good') }
      assert.deepEqual(await setting.ask('DataTransfer', message, long), { idTokenInfo: invalid })
      assert.equal(asked().DataTransfer, before)
    },
  )
  await t.test('a responder that is away: refused, unless the operator says otherwise', async () => {
    await stop()
    const late = { idToken, ...hashes('late') }
    answer = { kind: 'result', payload: { idTagInfo: { status: 'Accepted' } } }
    for (const form of forms)
      assert.deepEqual(await setting.ask(form, message, late), {
        certificateStatus: 'CertChainError',
        idTokenInfo: invalid,
      })
    const change = { plugAndCharge: { authorize: { ...authorize, unreachable: 'allow' } } }
    assert.equal(await proxy.reload(change), 'reloaded')
    for (const form of forms) {
      const { certificateStatus } = await setting.ask(form, message, late)
      assert.equal(certificateStatus, 'Accepted')
    }
    // What is known to be revoked stays refused.
    for (const form of forms)
      assert.deepEqual(await setting.ask(form, message, { idToken, ...hashes('bad') }), {
        certificateStatus: 'CertificateRevoked',
        idTokenInfo: invalid,
      })
  })
  await t.test('pass: it goes to the central system as it came', async () => {
    assert.equal(await proxy.reload({ plugAndCharge: { authorize: { mode: 'pass' } } }), 'reloaded')
    const contract = { idToken, ...hashes('bad') }
    assert.deepEqual(await setting.ask('native', message, contract), { idTokenInfo: { status: 'Accepted' } })
    assert.deepEqual(csms.calls.at(-1), { action: message, payload: contract })
  })
})
