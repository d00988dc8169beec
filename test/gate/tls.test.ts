import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import tls from 'node:tls'
import type { ListenerConfig, TlsConfig } from '../../src/config/schema.ts'
import { judgeChain, PresentedCertificates, readChain } from '../../src/gate/certificate-check.ts'
import { type HandshakeOptions, type HandshakeOutcome, handshake } from '../../src/gate/handshake.ts'
import { createTlsContexts, type TlsContexts } from '../../src/gate/tls-contexts.ts'
import { loadTlsMaterial } from '../../src/gate/tls-material.ts'
import { createCertificateCache } from '../../src/pki/certificate.ts'
import { createSignatureCache } from '../../src/pki/signature.ts'
import { listen } from '../relay/central.ts'
import { socketPair } from '../relay/sockets.ts'
import { makeAuthority } from '../support/authority.ts'
import { aHello } from './facts.ts'

const folder = mkdtempSync(join(tmpdir(), 'gate-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const root = await makeAuthority()
const middle = await root.intermediate()
const one = await root.server('ecdsa', ['localhost'])
const other = await root.server('ecdsa', ['other'])

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const files = {
  certificate: file('one.pem', one.chain),
  key: file('one.key', one.key),
  otherKey: file('other.key', other.key),
  root: file('root.pem', root.certificate),
  text: file('text.pem', 'no PEM at all\n'),
  broken: file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
}

function tlsConfig(more: object = {}): TlsConfig {
  return {
    certificates: [{ certificate: files.certificate, key: files.key }],
    legacy: false,
    minVersion: 'TLSv1.2',
    ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_AES_128_GCM_SHA256'],
    compat: { missingSignatureAlgorithms: false },
    ...more,
  } as unknown as TlsConfig
}

const listener = (securityProfile: number) => ({ name: 'test', securityProfile }) as unknown as ListenerConfig

async function contextsOf(config: TlsConfig, profile = 2): Promise<TlsContexts> {
  return createTlsContexts(listener(profile), config, await loadTlsMaterial(config))
}

function optionsOf(contexts: TlsContexts, requestCertificate = false): HandshakeOptions {
  return { ...contexts.choose(aHello), requestCertificate }
}

test('files that cannot be read are named, all of them at once', async () => {
  const config = tlsConfig({
    certificates: [{ certificate: join(folder, 'none.pem'), key: join(folder, 'none.key') }],
    clientCertificates: { trust: [files.text, files.broken], factory: [join(folder, 'gone.pem')] },
  })
  await assert.rejects(loadTlsMaterial(config), (error: Error & { code?: string }) => {
    assert.deepEqual([error.name, error.code], ['ProxyError', 'tls_material'])
    for (const name of ['none.pem', 'none.key', 'text.pem: holds no certificate', 'broken.pem', 'gone.pem'])
      assert.ok(error.message.includes(name), `${name} in ${error.message}`)
    return true
  })
})

test('a key that belongs to another certificate, and what is no PEM, are clear errors without the key', async () => {
  const pairs = [
    { certificate: files.certificate, key: files.otherKey },
    { certificate: files.text, key: files.key },
    { certificate: files.certificate, key: files.text },
  ]
  for (const pair of pairs) {
    await assert.rejects(
      contextsOf(tlsConfig({ certificates: [pair] })),
      (error: Error & { code?: string }) => {
        assert.deepEqual([error.name, error.code], ['ProxyError', 'tls_context'])
        assert.match(error.message, /^listener test: /)
        assert.ok(!error.message.includes('PRIVATE'))
        return true
      },
    )
  }
})

test('[A00.FR.324] the hello chooses the lane; the compatibility context is for TLS 1.2 alone', async () => {
  const contexts = await contextsOf(tlsConfig({ legacy: true, compat: { missingSignatureAlgorithms: true } }))
  const legacy = contexts.choose({ ...aHello, highestVersion: 'TLSv1' })
  const modern = contexts.choose(aHello)
  const compat = contexts.choose({ ...aHello, highestVersion: 'TLSv1.2', signatureAlgorithms: null })
  assert.deepEqual([legacy.lane, modern.lane, compat.lane], ['legacy', 'modern', 'modern'])
  assert.equal(new Set([legacy.context, modern.context, compat.context]).size, 3)
  const without = await contextsOf(tlsConfig())
  assert.equal(without.choose({ ...aHello, highestVersion: 'TLSv1' }).lane, 'modern')
})

/** One handshake over loopback; `socket` is the client's, `session` what it may resume later. */
async function shakeHands(
  serverOptions: HandshakeOptions,
  options: tls.ConnectionOptions = {},
): Promise<{ outcome: HandshakeOutcome; session: Buffer | null }> {
  const server: Server = createServer()
  const port = await listen(server)
  const accepted = once(server, 'connection')
  let session: Buffer | null = null
  const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  client.on('session', (ticket) => {
    session = ticket
  })
  const [raw] = (await accepted) as [Socket]
  raw.on('error', () => {})
  try {
    const outcome = await handshake(raw, serverOptions)
    if (outcome.ok) {
      outcome.socket.on('error', () => {})
      // Tickets come before the first data, and are told when they are read.
      outcome.socket.write('x')
      await once(client, 'data')
      if (session === null && !outcome.tls.resumed)
        await once(client, 'session', { signal: AbortSignal.timeout(60_000) })
    }
    return { outcome, session }
  } finally {
    client.destroy()
    raw.destroy()
    server.close()
  }
}

test('a handshake tells what was negotiated: fails loudly if Node changes inside', async () => {
  const contexts = await contextsOf(tlsConfig())
  const { outcome } = await shakeHands(optionsOf(contexts))
  assert.ok(outcome.ok)
  assert.deepEqual([outcome.certificate, outcome.opensslError], [null, null])
  assert.deepEqual(outcome.tls, {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    resumed: false,
    lane: 'modern',
  })
})

test('a handshake that fails, is reset, half closed, or never was, is settled', {
  timeout: 120_000,
}, async () => {
  const contexts = await contextsOf(tlsConfig())
  const failed = await shakeHands(optionsOf(contexts), {
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
    maxVersion: 'TLSv1.2',
  })
  assert.equal(failed.outcome.ok ? 'ok' : failed.outcome.code, 'ERR_SSL_NO_SHARED_CIPHER')
  for (const end of [
    (near: Socket, _far: Socket) => near.destroy(),
    (_near: Socket, far: Socket) => far.resetAndDestroy(),
    (_near: Socket, far: Socket) => far.end(),
  ]) {
    const { near, far } = await socketPair()
    near.on('error', () => {})
    far.on('error', () => {})
    const running = handshake(near, optionsOf(contexts))
    end(near, far)
    assert.equal((await running).ok, false)
    near.destroy()
    far.destroy()
  }
  const { near, far } = await socketPair()
  near.destroy()
  assert.deepEqual(await handshake(near, optionsOf(contexts)), {
    ok: false,
    code: 'ECONNRESET',
    message: 'closed before the handshake',
  })
  far.destroy()
})

test('what breaks after the handshake ends the socket', { timeout: 120_000 }, async () => {
  const contexts = await contextsOf(tlsConfig())
  const { near, far } = await socketPair()
  near.on('error', () => {})
  const client = tls.connect({ socket: far, rejectUnauthorized: false })
  client.on('error', () => {})
  const [outcome] = await Promise.all([handshake(near, optionsOf(contexts)), once(client, 'secureConnect')])
  assert.ok(outcome.ok)
  // An error comes before it, and is no surprise here.
  const closed = new Promise((resolve) => outcome.socket.once('close', resolve))
  outcome.socket.resume()
  // A record that no key of this connection made.
  far.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 7)]))
  await closed
  client.destroy()
  far.destroy()
})

test('[design 4] tickets resume, until they are rotated', { timeout: 120_000 }, async () => {
  const contexts = await contextsOf(tlsConfig())
  const resumed = async (session: Buffer | null) => {
    const { outcome } = await shakeHands(optionsOf(contexts), session === null ? {} : { session })
    return outcome.ok && outcome.tls.resumed
  }
  const { session } = await shakeHands(optionsOf(contexts))
  assert.ok(session !== null)
  assert.equal(await resumed(session), true)
  contexts.rotateTickets()
  assert.equal(await resumed(session), false)
})

const now = Date.now()

/** Judges what a charge point presents; a session resumes the one before. */
async function presented(
  client: tls.ConnectionOptions,
  memory: PresentedCertificates,
  contexts: TlsContexts,
) {
  const certificates = createCertificateCache(10)
  const trust = contexts.material.trust ?? { cpo: [], factory: [] }
  const { outcome, session } = await shakeHands(optionsOf(contexts, true), client)
  assert.ok(outcome.ok)
  const result = readChain(
    outcome,
    memory,
    trust,
    now,
    (each) => certificates.factsOf(each),
    createSignatureCache(10),
  )
  return { result, session, resumed: outcome.tls.resumed }
}

test('[A00.FR.402][A00.FR.403] chains: none, a good one, one over an intermediate, a strange one', {
  timeout: 120_000,
}, async () => {
  const contexts = await contextsOf(
    tlsConfig({ clientCertificates: { trust: [files.root], factory: [] } }),
    3,
  )
  const memory = new PresentedCertificates(100)
  const from = async (client: tls.ConnectionOptions) => presented(client, memory, contexts)

  const none = await from({})
  assert.equal(none.result.ok ? 'ok' : none.result.reason, 'client_cert_missing')

  const direct = await root.chargePoint({ cn: 'SN-1' })
  const good = await from({ cert: direct.chain, key: direct.key })
  assert.ok(good.result.ok)
  assert.deepEqual([good.result.chain.anchor, good.result.chain.leaf.commonNames], ['cpo', ['SN-1']])
  assert.deepEqual(
    judgeChain(good.result.chain, ['Example CPO'], now, () => 'enforce'),
    [],
  )

  const below = await middle.chargePoint({ cn: 'SN-2' })
  const full = await from({ cert: below.chain, key: below.key })
  assert.ok(full.result.ok && full.result.chain.anchor === 'cpo' && !full.resumed)
  // What is resumed comes without its intermediates, and is judged over the same path.
  const again = await from({ cert: below.chain, key: below.key, session: full.session ?? Buffer.alloc(0) })
  assert.ok(again.resumed)
  assert.ok(again.result.ok && again.result.chain.anchor === 'cpo', 'a resumed session has its path')
  assert.deepEqual(
    judgeChain(again.result.chain, ['Example CPO'], now, () => 'enforce'),
    [],
  )

  const stranger = await (await makeAuthority({ name: 'Stranger' })).chargePoint({ cn: 'SN-3' })
  const strange = await from({ cert: stranger.chain, key: stranger.key })
  assert.ok(strange.result.ok && strange.result.chain.anchor === null)
  const [finding] = judgeChain(strange.result.chain, ['Example CPO'], now, () => 'enforce')
  assert.equal(finding?.reason, 'client_cert_untrusted')
})

test('report mode finds more than the first; enforce ends it; a factory certificate is never on report', async () => {
  const leaf = {
    ...(await import('./facts.ts')).aLeaf,
    organizationNames: ['Other'],
    notAfter: now - 1,
    notBefore: 0,
  }
  const chain = { leaf, issuers: [], anchor: 'cpo', pathProblem: null, opensslError: null } as const
  const reasonsOf = (mode: 'enforce' | 'report') =>
    judgeChain(chain, ['Example CPO'], now, () => mode).map(({ reason }) => reason)
  assert.deepEqual(reasonsOf('enforce'), ['client_cert_expired'])
  assert.ok(reasonsOf('report').includes('client_cert_organization'))
  const factory = judgeChain({ ...chain, anchor: 'factory' }, ['Example CPO'], now, () => 'off')
  assert.deepEqual(
    factory.map(({ reason, mode }) => [reason, mode]),
    [['client_cert_organization', 'enforce']],
  )
})
