import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { buildChain } from '../../src/pki/chain.ts'
import { privateKeyPem } from '../../src/pki/keys.ts'
import type { Credentials } from '../../src/pki/profiles.ts'
import { issueWrongCertificate, wrongCertificateKinds } from '../../src/pki/wrong-certificates.ts'
import {
  checkCommonName,
  checkCommonNameForm,
  checkKeys,
  checkKeyUsage,
  checkOpenssl,
  checkOrganization,
  checkPath,
  checkSerialNumber,
  checkSignatures,
  checkValidity,
  opensslReasons,
} from '../../src/policy/certificate.ts'
import type { ChainFacts } from '../../src/policy/facts.ts'
import type { ReasonCode } from '../../src/policy/reasons.ts'
import { makeAuthority } from '../support/authority.ts'

const root = await makeAuthority()
const server = await root.server('ecdsa')

/** The chain of a client certificate as our gate would see it: OpenSSL's code and our own path. */
async function judge(client: Credentials, presented: readonly string[] = []): Promise<ChainFacts> {
  const listener = createServer({
    key: server.key,
    cert: server.certificate,
    ca: [root.certificate],
    requestCert: true,
    rejectUnauthorized: false,
    ciphers: 'DEFAULT@SECLEVEL=2',
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const seen = once(listener, 'secureConnection')
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: [root.certificate],
    cert: [client.certificate.toString(), ...presented].join(''),
    key: privateKeyPem(client.privateKey),
    // The client must be willing to send what the server is to refuse.
    ciphers: 'DEFAULT@SECLEVEL=0',
    maxVersion: 'TLSv1.2',
  })
  socket.on('error', () => {})
  try {
    const [accepted] = (await seen) as [TLSSocket]
    accepted.on('error', () => {})
    const peer = accepted.getPeerX509Certificate()
    assert.ok(peer, 'the client certificate arrived')
    const code = accepted.authorizationError as string | Error | null
    const chain = buildChain(peer, [], { cpo: [root.x509], factory: [] }, Date.now())
    accepted.destroy()
    return { ...chain, opensslError: code ? String(code) : null }
  } finally {
    socket.destroy()
    listener.close()
  }
}

function reasonsOf(chain: ChainFacts): ReasonCode[] {
  const { leaf } = chain
  const verdicts = [
    checkPath(chain),
    checkValidity(chain, Date.now()),
    checkKeys(chain),
    checkSignatures(chain),
    checkSerialNumber(leaf),
    checkKeyUsage(leaf),
    checkOrganization(leaf, ['Example CPO']),
    checkCommonNameForm(leaf),
    checkCommonName(leaf, 'SN-0001'),
  ]
  return verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict.reason]))
}

test('[A00.FR.403] an honest certificate: OpenSSL and our own path agree, and no rule objects', async () => {
  const chain = await judge((await root.chargePoint()).credentials)
  assert.equal(chain.opensslError, null)
  assert.deepEqual(reasonsOf(chain), [])
  assert.deepEqual(checkOpenssl(chain, []), { ok: true })
})

const requirements = {
  client_cert_untrusted: 'A00.FR.403',
  client_cert_expired: 'A00.FR.403',
  client_cert_not_yet_valid: 'A00.FR.403',
  client_cert_weak_key: 'A00.FR.502',
  client_cert_weak_signature: 'A00.FR.504',
  client_cert_no_serial: 'A00.FR.508',
  client_cert_key_usage: 'A00.FR.512',
  client_cert_organization: 'A00.FR.404',
  client_cert_common_name: 'A00.FR.405',
  client_cert_common_name_form: 'A00.FR.511',
} as const

for (const kind of wrongCertificateKinds) {
  test(`[${requirements[kind]}] ${kind}: exactly this reason, and it explains OpenSSL's code if there is one`, async () => {
    const victim = { root: root.credentials, organization: 'Example CPO', serialNumber: 'SN-0001' }
    const wrong = await issueWrongCertificate(kind, victim, Date.now())
    const chain = await judge(wrong)
    // A name that is no serial number is not the registered one either.
    const also = kind === 'client_cert_common_name_form' ? ['client_cert_common_name'] : []
    assert.deepEqual(reasonsOf(chain), [kind, ...also])
    if (chain.opensslError === null) return
    assert.ok(opensslReasons(chain.opensslError).includes(kind), chain.opensslError)
    assert.deepEqual(checkOpenssl(chain, [kind]), { ok: true }, 'on report it admits')
    assert.equal(checkOpenssl(chain, []).ok, false, 'and without a reason it stands')
  })
}

test('[A00.FR.403] an expired certificate of a stranger is untrusted, whatever OpenSSL says last', async () => {
  const stranger = await makeAuthority({ name: 'Stranger' })
  const expired = await stranger.chargePoint({ notBefore: Date.now() - 2e9, notAfter: Date.now() - 1e9 })
  const chain = await judge(expired.credentials)
  assert.deepEqual(reasonsOf(chain), ['client_cert_untrusted', 'client_cert_expired'])
})
