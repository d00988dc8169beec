import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpAuthority, type HttpAuthorityOptions } from '../../../src/pki/authority/http.ts'
import { splitPem } from '../../../src/pki/pem.ts'
import { makeAuthority } from '../../support/authority.ts'
import { readable } from '../../support/csr.ts'
import { chainFor, httpServer } from '../../support/remote-authority.ts'
import { secret } from '../../support/secrets.ts'
import { day, failureOf, issuerOf, localOf, patience, requestOf } from './setting.ts'

const token = secret('password', 'bearer-token-of-http-tests')

async function httpWorld() {
  const { root, middle, serve } = await httpServer()
  const sign = async (csr: string): Promise<string[]> => splitPem(await chainFor(middle, readable(csr)))
  const httpOf = (origin: string, changes: Partial<HttpAuthorityOptions> = {}) =>
    createHttpAuthority({
      name: 'front end',
      url: `${origin}/sign?profile=charger`,
      roots: [root.x509],
      minimumLifetimeMs: 31 * day,
      tls: { ca: [root.certificate], client: null },
      headers: { Authorization: 'Bearer {token}', 'X-Charge-Point': '{identity} {serialNumber} {unknown}' },
      secrets: { token: async () => `${token}\n` },
      timeoutMs: 60_000,
      now: Date.now,
      ...changes,
    })
  return { root, sign, serve, httpOf }
}

test('[A00.FR.703] [A00.FR.507] a request goes as PEM; text, JSON text and JSON list come back', async () => {
  const { sign, serve, httpOf, root } = await httpWorld()
  const forms: readonly ((chain: string[]) => string)[] = [
    (chain) => chain.join(''),
    // Root first, and text between: order and extras do not matter.
    (chain) => `subject=x\n${[root.certificate, ...chain.toReversed()].join('issuer=y\n')}`,
    (chain) => JSON.stringify({ certificate_chain: chain.join('') }),
    (chain) => ` ${JSON.stringify({ certificate_chain: chain })}`,
  ]
  for (const form of forms) {
    await using server = await serve((request, response) => {
      sign(request.body).then((chain) => response.writeHead(201).end(form(chain)))
    })
    const request = await requestOf({}, { identity: 'CP 1\r\nX: y' })
    const chain = await httpOf(server.origin).issue(request, patience)
    assert.equal(chain.certificates.length, 2)
    assert.equal(chain.pem, chain.certificates.map(String).join(''))
    const [seen] = server.seen
    assert.equal(`${seen?.method} ${seen?.url}`, 'POST /sign?profile=charger')
    assert.equal(seen?.body, request.csr.pem)
    assert.equal(seen?.headers.authorization, `Bearer ${token}`)
    assert.equal(seen?.headers['x-charge-point'], 'CP%201%0D%0AX%3A%20y SN-0001 {unknown}')
  }
})

test('[A02.FR.12] what is no chain, no answer, or no permission', async () => {
  const { serve, httpOf } = await httpWorld()
  const request = await requestOf()
  for (const body of [
    '',
    'hello',
    '{',
    '{"certificate_chain":5}',
    '{"certificate_chain":[1]}',
    '-----BEGIN CERTIFICATE-----',
  ]) {
    await using server = await serve((_, response) => response.end(body))
    assert.equal(
      (await failureOf(httpOf(server.origin).issue(request, patience))).failure,
      'unavailable',
      body,
    )
  }
  for (const [status, failure] of [
    [429, 'unavailable'],
    [422, 'rejected'],
    [502, 'unavailable'],
  ] as const) {
    await using server = await serve((_, response) =>
      response.writeHead(status, { 'retry-after': '7' }).end(),
    )
    const error = await failureOf(httpOf(server.origin).issue(request, patience))
    assert.deepEqual([error.failure, error.retryAfterMs], [failure, 7000])
    assert.ok(!error.message.includes(token))
  }
  const secrets = { token: () => Promise.reject(new Error('no such file')) }
  const unread = httpOf('https://localhost:1', { secrets })
  assert.match((await failureOf(unread.issue(request, patience))).message, /secret token .* cannot be read/)
  assert.throws(() => httpOf('', { url: 'ftp://x/' }), { code: 'authority_url' })
})

test('[A02.FR.06] a certificate of another root is not handed on', async () => {
  const { serve, httpOf } = await httpWorld()
  const request = await requestOf()
  const stranger = localOf(issuerOf(await makeAuthority({ name: 'HTTP root' })), { lifetimeMs: 90 * day })
  const { pem } = await stranger.authority.issue(request, patience)
  await using server = await serve((_, response) => response.end(pem))
  const error = await failureOf(httpOf(server.origin).issue(request, patience))
  assert.equal(error.failure, 'rejected')
  assert.match(error.message, /client_cert_untrusted/)
})
