import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { RPCClient } from 'ocpp-rpc'
import { generateKey, privateKeyPem } from '../../src/pki/keys.ts'
import type { RootHashData } from '../../src/policy/root-certificate.ts'
import { makeAuthority } from '../support/authority.ts'
import { bootAndCharge, both, foreignStation, startCsms201 } from '../support/csms-201.ts'
import { makeCsr, readable } from '../support/csr.ts'
import { operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { chainFor } from '../support/remote-authority.ts'
import { secret } from '../support/secrets.ts'
import { hashDataOf } from '../usecases/root-certificates/setting.ts'

const keys = await generateKey({ type: 'ec', curve: 'P-256' })
const key = secret('private key', privateKeyPem(keys.privateKey))
const csr = await makeCsr({ keys })
const request = { csr, certificateType: 'ChargingStationCertificate' }

type Signed = { readonly certificateChain: string; readonly certificateType?: string }

/** What comes by CertificateSigned; it is accepted. */
function signedFor(client: RPCClient): Promise<Signed> {
  return new Promise((resolve) => {
    client.handle('CertificateSigned', async ({ params }) => {
      resolve(params as Signed)
      return { status: 'Accepted' }
    })
  })
}

async function comesBack(
  t: Parameters<typeof foreignStation>[0],
  proxy: TestProxy,
  { certificateChain }: Signed,
) {
  const client = foreignStation(t, proxy, 'mutual-tls', { certificate: { chain: certificateChain, key } })
  await client.connect()
  assert.partialDeepStrictEqual(await bootAndCharge(client), { status: 'Accepted' })
  return client
}

test('ocpp-rpc as charging station and as central system: certificates and roots in OCPP 2.0.1', async (t) => {
  const boss = operator(t)
  const csms = await startCsms201(t)
  const settings = (certificates: string) => ({
    admin: boss.section,
    listeners: { 'mutual-tls': both },
    certificateAuthority: localAuthority,
    centralSystem201: { url: csms.url, certificates },
    messages: { schema: 'enforce' },
  })
  const proxy = await startProxy(t, settings('serve'))
  await proxy.register()
  const first = await proxy.pki.cpo.chargePoint()

  await t.test(
    '[A02.FR.04][A02.FR.11][A03.FR.11] served: SignCertificate, CertificateSigned, profile 3 again',
    async (t) => {
      const client = foreignStation(t, proxy, 'mutual-tls', { certificate: first })
      const signed = signedFor(client)
      await client.connect()
      assert.deepEqual(await client.call('SignCertificate', request), { status: 'Accepted' })
      const given = await signed
      assert.equal(given.certificateType, 'ChargingStationCertificate')
      await proxy.log.wait(
        'its answer',
        ({ msg, answer }) => msg === 'CertificateSigned' && answer === 'accepted',
      )
      await client.close()
      const again = await comesBack(t, proxy, given)
      assert.ok(!csms.calls.some(({ action }) => action === 'SignCertificate'))
      await proxy.log.wait('the new one', ({ msg }) => msg === 'a new certificate of a charge point was seen')
      await again.close()
      await assert.rejects(foreignStation(t, proxy, 'mutual-tls', { certificate: first }).connect())
    },
  )

  await t.test('[M03.FR.01][M05.FR.01][M05.FR.02] an operator installs a root, natively', async (t) => {
    const client = foreignStation(t, proxy, 'mutual-tls', { certificate: await proxy.pki.cpo.chargePoint() })
    const root = await makeAuthority({ name: 'Another root' })
    const asked: unknown[] = []
    let held: RootHashData | null = null
    client.handle('GetVariables', async ({ params }) => ({
      getVariableResult: (params as { getVariableData: object[] }).getVariableData.map((one) => ({
        ...one,
        attributeStatus: 'UnknownVariable',
      })),
    }))
    client.handle('GetInstalledCertificateIds', async ({ params }) => {
      asked.push(params)
      return held === null
        ? { status: 'NotFound' }
        : {
            status: 'Accepted',
            certificateHashDataChain: [{ certificateType: 'CSMSRootCertificate', certificateHashData: held }],
          }
    })
    client.handle('InstallCertificate', async ({ params }) => {
      asked.push(params)
      held = hashDataOf(root)
      return { status: 'Accepted' }
    })
    await client.connect()
    const body = { certificateType: 'CentralSystemRootCertificate', certificate: root.certificate }
    const answer = await boss.ask(proxy, 'POST', '/charge-points/CP-1/root-certificates', body)
    assert.equal(answer.body.ok, true, JSON.stringify(answer.body))
    const wanted = { certificateType: ['CSMSRootCertificate'] }
    assert.partialDeepStrictEqual(asked, [wanted, { certificateType: 'CSMSRootCertificate' }, wanted])
    await client.close()
  })

  await t.test(
    '[A02.FR.04][A03.FR.04] passed: the central system signs, and both messages go through',
    async (t) => {
      assert.equal(await proxy.reload(settings('pass')), 'reloaded')
      const client = foreignStation(t, proxy, 'mutual-tls', {
        certificate: await proxy.pki.cpo.chargePoint(),
      })
      const signed = signedFor(client)
      const link = csms.next()
      await client.connect()
      const other = await generateKey({ type: 'ec', curve: 'P-256' })
      const passed = { ...request, csr: await makeCsr({ keys: other }) }
      assert.deepEqual(await client.call('SignCertificate', passed), { status: 'Accepted' })
      assert.deepEqual(csms.calls.at(-1), { action: 'SignCertificate', payload: passed })
      const certificateChain = await chainFor(proxy.pki.cpo, readable(passed.csr))
      const answer = await (await link).call('CertificateSigned', { certificateChain })
      assert.deepEqual(answer, { status: 'Accepted' })
      assert.deepEqual(await signed, { certificateChain })
      const gone = once(client, 'close')
      await client.close()
      await gone
      const renewed = { chain: certificateChain, key: secret('private key', privateKeyPem(other.privateKey)) }
      const again = foreignStation(t, proxy, 'mutual-tls', { certificate: renewed })
      await again.connect()
      await again.close()
    },
  )
})
