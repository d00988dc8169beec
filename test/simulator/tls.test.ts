import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { SecureVersion, TLSSocket, TlsOptions } from 'node:tls'
import { type CentralSystem, createCentralSystem } from '../../src/simulator/central-system.ts'
import {
  type ChargePoint,
  type ChargePointOptions,
  createChargePoint,
} from '../../src/simulator/charge-point.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { ConnectRefusal } from '../../src/simulator/refusal.ts'
import { cipherString } from '../../src/simulator/tls-options.ts'
import { makeAuthority, sharedAuthority } from '../support/authority.ts'
import { openTlsFront, type TlsFront } from './tls-front.ts'

interface Stage {
  readonly central: CentralSystem
  readonly front: TlsFront
  readonly chargePoint: ChargePoint
  readonly make: (options?: Partial<ChargePointOptions>) => ChargePoint
}

/** The two simulators with a TLS server of our authority between them. */
async function stage(
  t: TestContext,
  server: TlsOptions = {},
  options: Partial<ChargePointOptions> = {},
  admit?: (socket: TLSSocket) => boolean,
): Promise<Stage> {
  const authority = await sharedAuthority()
  const issued = await authority.server('ecdsa')
  const central = createCentralSystem()
  const { port } = await central.listen()
  const front = await openTlsFront({ cert: issued.chain, key: issued.key, ...server }, port, admit)
  const made: ChargePoint[] = []
  const make: Stage['make'] = (more = {}) => {
    const chargePoint = createChargePoint({
      url: `wss://localhost:${front.port}/ocpp`,
      identity: 'CP-1',
      securityProfile: 2,
      backoff: { initialMs: 1, maxMs: 10 },
      ...options,
      ...more,
      tls: { ca: authority.certificate, ...options.tls, ...more.tls },
    })
    made.push(chargePoint)
    return chargePoint
  }
  t.after(async () => {
    for (const chargePoint of made) await chargePoint.close()
    await front.close()
    await central.close()
  })
  return { central, front, chargePoint: make(), make }
}

async function refusal(chargePoint: ChargePoint): Promise<ConnectRefusal> {
  try {
    await chargePoint.connect()
  } catch (error) {
    assert.ok(error instanceof ConnectRefusal, String(error))
    return error
  }
  throw new Error('the connection was not refused')
}

test('[A00.FR.307] [A00.FR.308] a charge point boots over TLS with the password of profile 2', async (t) => {
  const password = { bytes: Buffer.from('00112233445566778899aabbccddeeff', 'hex'), form: 'raw' } as const
  const { central, chargePoint } = await stage(t, {}, { password })
  const [connection] = await Promise.all([central.nextConnection(), chargePoint.connect()])
  assert.ok(connection.headers.authorization?.startsWith('Basic '))
  assert.equal(chargePoint.tls?.version, 'TLSv1.3')
  assert.equal((await chargePoint.boot()).kind, 'result')
})

for (const [version, cipher] of [
  ['TLSv1', 'AES128-SHA'],
  ['TLSv1.1', 'AES128-SHA'],
  ['TLSv1.2', 'AES128-GCM-SHA256'],
] as const satisfies readonly (readonly [SecureVersion, string])[]) {
  test(`[A00.FR.318] [A00.FR.324] ${version} with ${cipher}`, async (t) => {
    const authority = await sharedAuthority()
    const rsa = await authority.server('rsa')
    const server = {
      cert: rsa.chain,
      key: rsa.key,
      minVersion: 'TLSv1',
      ciphers: `${cipher}:@SECLEVEL=0`,
    } as const
    // Below TLS 1.2 the suite is the charge point's own choice.
    const ciphers = version === 'TLSv1.2' ? { ciphers: cipher } : {}
    const { front, chargePoint } = await stage(t, server, { tls: { maxVersion: version, ...ciphers } })
    await chargePoint.connect()
    assert.deepEqual(chargePoint.tls, { version, cipher, resumed: false })
    assert.equal(front.seen[0]?.version, version)
    assert.equal((await chargePoint.boot()).kind, 'result')
  })
}

test('the security level is lowered for TLS 1.0 and 1.1 only', () => {
  assert.equal(cipherString({ maxVersion: 'TLSv1' }), 'AES128-SHA:@SECLEVEL=0')
  assert.equal(cipherString({ minVersion: 'TLSv1.1', ciphers: 'X' }), 'X:@SECLEVEL=0')
  assert.equal(cipherString({ maxVersion: 'TLSv1', ciphers: 'X:@SECLEVEL=1' }), 'X:@SECLEVEL=1')
  assert.equal(cipherString({ minVersion: 'TLSv1.2', ciphers: 'X' }), 'X')
  assert.ok(!cipherString({}).includes('SECLEVEL'))
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session is resumed with ${maxVersion}, by the same charge point and by another`, async (t) => {
    const { front, chargePoint, make } = await stage(t, {}, { tls: { maxVersion } })
    await chargePoint.connect()
    assert.equal(chargePoint.tls?.resumed, false)
    await chargePoint.boot()
    await chargePoint.close()
    const ticket = chargePoint.session
    assert.ok(ticket !== null)
    await chargePoint.connect()
    assert.equal(chargePoint.tls?.resumed, true)
    const other = make({ identity: 'CP-2', tls: { session: ticket } })
    await other.connect()
    assert.equal(other.tls?.resumed, true)
    const fresh = make({ identity: 'CP-3', resume: false, tls: { session: ticket } })
    await fresh.connect()
    assert.equal(fresh.tls?.resumed, false)
    assert.deepEqual(
      front.seen.map(({ resumed }) => resumed),
      [false, true, true, false],
    )
  })
}

test('[A00.FR.401] a client certificate is shown on profile 3 only, RSA or EC, in any PEM form', async (t) => {
  const authority = await sharedAuthority()
  const ec = await authority.chargePoint({ cn: 'SN-EC' })
  const rsa = await authority.chargePoint({ cn: 'SN-RSA', key: 'rsa' })
  const { front, make } = await stage(t, { requestCert: true, ca: authority.certificate })
  const sec1 = createPrivateKey(ec.key).export({ type: 'sec1', format: 'pem' }).toString()
  const pkcs1 = createPrivateKey(rsa.key).export({ type: 'pkcs1', format: 'pem' }).toString()
  const pkcs8 = createPrivateKey(rsa.key).export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const [certificate, key] of [
    [ec.chain, sec1],
    [rsa.chain, pkcs1],
    [rsa.chain, pkcs8],
  ] as const) {
    const chargePoint = make({ securityProfile: 3, tls: { certificate, key } })
    await chargePoint.connect()
    await chargePoint.close()
  }
  assert.deepEqual(
    front.seen.map(({ subject }) => /CN=(.*)/.exec(subject ?? '')?.[1]),
    ['SN-EC', 'SN-RSA', 'SN-RSA'],
  )
  const silent = await refusal(make({ securityProfile: 2, tls: { certificate: ec.chain, key: ec.key } }))
  assert.equal(silent.stage, 'tls')
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`[A00.FR.003] who does not ask for the certificate is not on profile 3: it hangs up, ${version}`, async (t) => {
    const authority = await sharedAuthority()
    const { chain, key } = await authority.chargePoint({ cn: 'SN-1' })
    const own: Partial<ChargePointOptions> = { securityProfile: 3, tls: { certificate: chain, key } }
    const asking = { requestCert: true, ca: authority.certificate, maxVersion: version }
    await t.test('not asked: no HTTP request reaches the server', async (t) => {
      const { central, chargePoint } = await stage(t, { maxVersion: version }, own)
      const seen = await refusal(chargePoint)
      assert.partialDeepStrictEqual(seen.seen(), { stage: 'tls', errorCode: 'PROFILE_MISMATCH' })
      assert.deepEqual(central.connections(), [])
    })
    await t.test('asked, and resumed without being asked again: served', async (t) => {
      const { front, make } = await stage(t, asking, own)
      const first = make()
      await first.connect()
      await first.heartbeat()
      const session = first.session
      await first.close()
      assert.ok(session !== null)
      await make({ tls: { ...own.tls, session } }).connect()
      assert.deepEqual(
        front.seen.map(({ resumed }) => resumed),
        [false, true],
      )
    })
  })
}

test('[A00.FR.402] a certificate refused under TLS 1.3 is told apart from HTTP', async (t) => {
  const stranger = await (await makeAuthority({ name: 'Stranger' })).chargePoint()
  const authority = await sharedAuthority()
  const tls = { certificate: stranger.chain, key: stranger.key }
  const { chargePoint } = await stage(
    t,
    { requestCert: true, rejectUnauthorized: false, ca: authority.certificate },
    { securityProfile: 3, tls },
    (socket) => socket.authorized,
  )
  const seen = await refusal(chargePoint)
  assert.equal(seen.stage, 'tls')
  assert.equal(seen.detail, 'closed after handshake, before HTTP')
  assert.equal(seen.httpStatus, null)
})

test('[A00.FR.307] [A00.FR.309] [A00.FR.310] [A00.FR.411] [A00.FR.413] [A00.FR.414] a server of another root is refused, and the event is sent later', async (t) => {
  const other = await makeAuthority({ name: 'Other root' })
  const bad = await other.server('ecdsa')
  const good = await stage(t)
  const bad1 = await openTlsFront({ cert: bad.chain, key: bad.key }, 1)
  t.after(() => bad1.close())
  let attempts = 0
  const chargePoint = good.make({
    // The first connection goes to the false server.
    profileUrls: {
      get 2() {
        attempts += 1
        const port = attempts === 1 ? bad1.port : good.front.port
        return `wss://localhost:${port}/ocpp`
      },
    },
  })
  const seen = await refusal(chargePoint)
  assert.equal(seen.stage, 'tls')
  assert.equal(seen.side, 'charge-point')
  assert.equal(seen.securityEvent, 'InvalidCentralSystemCertificate')
  await chargePoint.connect()
  const sent = good.central.nextMessage({ action: 'SecurityEventNotification' })
  await chargePoint.boot()
  const { message } = await sent
  assert.equal(message?.kind === 'call' && message.payload.type, 'InvalidCentralSystemCertificate')
})

test('[A00.FR.308] [A00.FR.412] a server with another name or an expired certificate is refused', async (t) => {
  const authority = await sharedAuthority()
  const named = await authority.server('ecdsa', ['other.example.com'])
  const { make } = await stage(t, { cert: named.chain, key: named.key })
  const wrongName = await refusal(make())
  assert.equal(wrongName.errorCode, 'ERR_TLS_CERT_ALTNAME_INVALID')
  assert.equal(wrongName.securityEvent, 'InvalidCentralSystemCertificate')
  await make({ tls: { servername: 'other.example.com' } }).connect()

  const day = 86_400_000
  const dates = { notBefore: Date.now() - 3 * day, notAfter: Date.now() - day }
  const expired = await authority.server('ecdsa', ['localhost'], dates)
  const second = await stage(t, { cert: expired.chain, key: expired.key })
  const seen = await refusal(second.chargePoint)
  assert.equal(seen.errorCode, 'CERT_HAS_EXPIRED')
  assert.equal(seen.securityEvent, 'InvalidCentralSystemCertificate')
})

test('[A00.FR.314] an alert of the server is told by its name', async (t) => {
  const old = await stage(t, { minVersion: 'TLSv1.2' }, { tls: { maxVersion: 'TLSv1.1' } })
  const version = await refusal(old.chargePoint)
  assert.deepEqual(
    [version.stage, version.tlsAlert, version.securityEvent],
    ['tls', 'protocol_version', null],
  )

  const suites = await stage(
    t,
    { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' },
    { tls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } },
  )
  const suite = await refusal(suites.chargePoint)
  assert.deepEqual([suite.stage, suite.tlsAlert], ['tls', 'handshake_failure'])

  const authority = await sharedAuthority()
  const required = await stage(t, { requestCert: true, ca: authority.certificate })
  const missing = await refusal(required.chargePoint)
  assert.deepEqual([missing.stage, missing.tlsAlert], ['tls', 'certificate_required'])
})

test('[A00.FR.315] [A00.FR.419] a server that is too old raises InvalidTLSVersion, whichever side notices', async (t) => {
  const raised: string[] = []
  const onEvent = (event: SimulatorEvent): void => {
    if (event.kind === 'security-event') raised.push(event.type)
  }
  const server = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
  const old = await stage(t, server, { onEvent })
  const byServer = await refusal(old.chargePoint)
  assert.deepEqual(
    [byServer.stage, byServer.tlsAlert, byServer.side],
    ['tls', 'protocol_version', 'central-system'],
  )

  // A server may know no alert for this, and choose TLS 1.0 with AES128-SHA.
  const port = await answeringPort(t, () => serverHello(0x0301, 0x002f))
  const byClient = await refusal(old.make({ url: `wss://localhost:${port}/ocpp` }))
  assert.deepEqual([byClient.stage, byClient.tlsAlert, byClient.side], ['tls', null, 'charge-point'])
  assert.equal(byClient.securityEvent, 'InvalidTLSVersion')
  assert.deepEqual(raised, ['InvalidTLSVersion', 'InvalidTLSVersion'])
})

test('[A00.FR.322] [A00.FR.426] a server that chooses a suite which was not offered raises InvalidTLSCipherSuite', async (t) => {
  const port = await answeringPort(t, () => serverHello(0x0303, 0x0005))
  const { make } = await stage(t)
  const seen = await refusal(make({ url: `wss://localhost:${port}/ocpp` }))
  assert.deepEqual([seen.stage, seen.securityEvent], ['tls', 'InvalidTLSCipherSuite'])
})

/** The record of a ServerHello without extensions (RFC 5246 7.4.1.3). */
function serverHello(version: number, suite: number): Buffer {
  const words = (...values: readonly number[]): Buffer =>
    Buffer.from(values.flatMap((value) => [value >> 8, value & 255]))
  const body = Buffer.concat([
    words(version),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    words(suite),
    Buffer.from([0]),
  ])
  const hello = Buffer.concat([Buffer.from([2, 0, 0, body.length]), body])
  return Buffer.concat([Buffer.from([22]), words(version, hello.length), hello])
}

/** A TCP port that answers the first bytes with its own; with none it closes. */
async function answeringPort(t: TestContext, answer: () => Buffer): Promise<number> {
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer()))
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  t.after(() => tcp.close())
  return (tcp.address() as AddressInfo).port
}

test('a server that is not TLS, and one that closes during the handshake', async (t) => {
  let answer = ''
  const port = await answeringPort(t, () => Buffer.from(answer))
  const chargePoint = createChargePoint({
    url: `wss://localhost:${port}/ocpp`,
    identity: 'CP-1',
    securityProfile: 2,
  })
  const closed = await refusal(chargePoint)
  assert.deepEqual([closed.stage, closed.detail], ['tls', 'closed during handshake'])
  answer = 'HTTP/1.1 400 Bad Request\r\n\r\n'
  const plain = await refusal(chargePoint)
  assert.deepEqual([plain.stage, plain.errorCode], ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER'])
})

test("options that OpenSSL does not take are the operator's mistake", async () => {
  const chargePoint = createChargePoint({
    url: 'wss://localhost:1/ocpp',
    identity: 'CP-1',
    securityProfile: 2,
    tls: { ciphers: 'NO-SUCH-SUITE' },
  })
  await assert.rejects(chargePoint.connect(), { code: 'tls_options', side: 'operator' })
})
