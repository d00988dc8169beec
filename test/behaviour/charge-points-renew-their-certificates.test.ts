import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { until } from '../support/elsewhere.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

const day = 86_400_000
const run = promisify(execFile)

/** Fulfilled when the renewal of CP-1 is in this phase; meanwhile the charge point is heard, where one is given. */
async function phase(proxy: TestProxy, wanted: string, heard?: ChargePoint): Promise<void> {
  await until(async () => {
    if (heard?.isOpen === true) await heard.heartbeat()
    return (await proxy.store.renewals.get('CP-1'))?.phase === wanted
  })
}

/** It knows the names that its request has to hold, and trusts the roots of the operator. */
const honest = ({ pki }: TestProxy) => ({
  cpoName: 'Example CPO',
  model: { serialNumber: 'SN-0001' },
  tls: { ca: [pki.serverRoot, pki.cpo.certificate] },
})

for (const keyType of ['ec', 'rsa'] as const) {
  test(`[A02.FR.02][A03.FR.01][A03.FR.02][A03.FR.03][A03.FR.06][A03.FR.11][A03.FR.13] a charge point with ${keyType} keys renews a month before the end, and the central system sees nothing of it`, async (t) => {
    const proxy = await startProxy(t, { certificateAuthority: localAuthority })
    await proxy.register()
    const old = await proxy.pki.cpo.chargePoint({ days: 20 })
    const chargePoint = proxy.withCertificate(old, {
      ...honest(proxy),
      renewBeforeMs: 30 * day,
      certificateBehaviour: { keyType },
    })
    await chargePoint.connect()
    await chargePoint.boot()
    await phase(proxy, 'accepted')
    assert.partialDeepStrictEqual(await proxy.store.renewals.get('CP-1'), { keyType, origin: 'charge-point' })
    assert.deepEqual(await proxy.store.denied.list({ limit: 9 }), [], '[A03.FR.08] both are valid')
    await chargePoint.close()
    await chargePoint.connect()
    await phase(proxy, 'seen', chargePoint)
    const [entry] = await proxy.store.denied.list({ limit: 9 })
    assert.equal(entry?.by, 'superseded')
    const keys = await proxy.store.registry.keysOf('CP-1')
    assert.equal(new Set(keys.map(({ keyFingerprint }) => keyFingerprint)).size, 2, 'a key pair of its own')
    const actions = proxy.central.messages('CP-1').map(({ text }) => JSON.parse(text)[2])
    assert.ok(!actions.includes('SignCertificate'))
    const metrics = await proxy.metrics()
    assert.equal(metrics.sum('ocpp_proxy_certificate_renewals_total', { result: 'seen' }), 1)
    const before = proxy.withCertificate(old)
    await assert.rejects(before.connect(), '[A03.FR.08] the old one has retired')
  })
}

const faults = ['bad-signature', 'foreign-cn', 'wrong-organization', 'weak-key', 'ca'] as const

test('[A02.FR.07][A02.FR.12][A03.FR.12] what a charge point does wrong leaves it with its old certificate', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    certificateAuthority: { ...localAuthority, requestsPerHour: 100 },
  })
  await proxy.register()
  const certificate = await proxy.pki.cpo.chargePoint()
  const chargePoint = proxy.withCertificate(certificate, honest(proxy))
  await chargePoint.connect()
  await chargePoint.boot()
  const renew = (body = {}) => boss.ask(proxy, 'POST', '/charge-points/CP-1/certificate', body)
  for (const request of faults) {
    chargePoint.behaveAboutCertificates({ request })
    const { status, body } = await renew()
    assert.deepEqual([request, status, body.error], [request, 409, 'request_rejected'])
  }
  assert.equal(await proxy.store.renewals.get('CP-1'), null)
  chargePoint.behaveAboutCertificates({ request: 'good' })
  for (const [signed, error] of [
    ['reject', 'refused'],
    ['error', 'refused'],
  ] as const) {
    chargePoint.behaveAboutCertificates({ signed })
    const { body } = await renew()
    assert.deepEqual([signed, body.error], [signed, error])
  }
  for (const trigger of ['Rejected', 'NotImplemented'] as const) {
    chargePoint.behaveAboutCertificates({ trigger })
    assert.equal((await renew()).status, 409)
  }
  // It works on with what it has, and the next renewal succeeds.
  chargePoint.behaveAboutCertificates({ trigger: 'Accepted', signed: 'obey', reconnects: false })
  const closed = chargePoint.closed()
  const renewed = renew({ setCpoName: true, reconnect: true, timeoutSeconds: 30 })
  await closed
  await chargePoint.connect()
  const { body } = await renewed
  assert.deepEqual(body, { identity: 'CP-1', ok: true, detail: 'it has connected with the new certificate' })
})

test('[A02.FR.08] an answer that is lost with the line: the new certificate counts once it is seen', async (t) => {
  const proxy = await startProxy(t, { certificateAuthority: localAuthority })
  await proxy.register()
  const certificate = await proxy.pki.cpo.chargePoint()
  const chargePoint = proxy.withCertificate(certificate, {
    ...honest(proxy),
    certificateBehaviour: { signed: 'drop-after' },
  })
  await chargePoint.connect()
  await chargePoint.boot()
  assert.equal(await chargePoint.renewCertificate(), true)
  await phase(proxy, 'seen', chargePoint)
})

test(
  '[A02.FR.03][A00.FR.601] a request that openssl made, and the CRL and OCSP of what it got',
  needsOpenssl,
  async (t) => {
    const proxy = await startProxy(t, {
      certificateAuthority: { local: { ...localAuthority.local, crlFile: 'data/cpo.crl' } },
    })
    await proxy.register()
    const folder = opensslFolder()
    folder.run(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'cp.key',
      '-subj',
      '/O=Example CPO/CN=SN-0001',
      '-out',
      'cp.csr',
    )
    const signed = Promise.withResolvers<string>()
    const chargePoint = proxy.withCertificate(await proxy.pki.cpo.chargePoint(), {
      commands: {
        CertificateSigned: ({ certificateChain }) => {
          signed.resolve(String(certificateChain))
          return { kind: 'result', payload: { status: 'Accepted' } }
        },
      },
    })
    await chargePoint.connect()
    await chargePoint.boot()
    const answer = await chargePoint.signCertificate(folder.read('cp.csr').toString())
    assert.partialDeepStrictEqual(answer, { kind: 'result', payload: { status: 'Accepted' } })
    folder.write('cp.pem', await signed.promise)
    folder.write('root.pem', proxy.pki.cpo.certificate)
    assert.match(folder.run('verify', '-CAfile', 'root.pem', 'cp.pem'), /OK/)

    const pki = `http://127.0.0.1:${proxy.port('admin')}/pki`
    const ask = async () => {
      const { stdout } = await run(
        'openssl',
        [
          'ocsp',
          '-issuer',
          'root.pem',
          '-cert',
          'cp.pem',
          '-url',
          `${pki}/local/ocsp`,
          '-CAfile',
          'root.pem',
        ],
        { cwd: folder.path('.') },
      )
      return stdout
    }
    assert.match(await ask(), /cp\.pem: good/)
    const [{ certificateFingerprint = '' } = {}] = await proxy.store.issued.list({ limit: 1 })
    await proxy.store.issued.revoke(certificateFingerprint, { at: Date.now(), reason: 'keyCompromise' })
    assert.match(await ask(), /cp\.pem: revoked/)
    folder.run('ocsp', '-issuer', 'root.pem', '-cert', 'cp.pem', '-reqout', 'request.der', '-no_nonce')
    const request = encodeURIComponent(folder.read('request.der').toString('base64'))
    const got = await fetch(`${pki}/local/ocsp/${request}`)
    assert.equal(got.headers.get('content-type'), 'application/ocsp-response')
    folder.write('answer.der', Buffer.from(await got.arrayBuffer()))
    assert.match(
      folder.run(
        'ocsp',
        '-respin',
        'answer.der',
        '-issuer',
        'root.pem',
        '-cert',
        'cp.pem',
        '-CAfile',
        'root.pem',
      ),
      /revoked/,
    )

    // The CRL is looked at once a second.
    await until(async () => {
      const crl = await fetch(`${pki}/local.crl`)
      assert.equal(crl.headers.get('content-type'), 'application/pkix-crl')
      folder.write('cpo.crl', Buffer.from(await crl.arrayBuffer()))
      folder.run('crl', '-inform', 'DER', '-in', 'cpo.crl', '-out', 'crl.pem')
      return /Serial Number/.test(folder.run('crl', '-in', 'crl.pem', '-noout', '-text'))
    })
    const checked = folder.try('verify', '-crl_check', '-CRLfile', 'crl.pem', '-CAfile', 'root.pem', 'cp.pem')
    assert.ok(!checked.ok && /certificate revoked/.test(checked.output), checked.output)
    for (const [path, options, status] of [
      ['other.crl', {}, 404],
      ['local/ocsp', { method: 'POST', body: 'x' }, 400],
      ['local/ocsp/!', {}, 400],
      ['local.pem', {}, 200],
    ] as const) {
      assert.equal((await fetch(`${pki}/${path}`, options)).status, status, path)
    }
  },
)
