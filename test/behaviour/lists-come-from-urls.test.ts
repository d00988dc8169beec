import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { crlOf } from '../support/crl.ts'
import { foreignAuthority, shown, trustForeign } from '../support/foreign-authority.ts'
import { needsOpenssl, opensslAnswer } from '../support/openssl-ca.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { badResponder } from '../support/responders.ts'

test('CRLs are fetched from URLs', async (t) => {
  let answer: RequestListener = (_, response) => void response.writeHead(503).end()
  const server = await badResponder(t, (request, response) => answer(request, response))
  const url = `${server}/cpo.crl`
  const proxy = await startProxy(t, { revocation: { crl: [url], crlBytes: '64KiB' } })
  const { cpo } = proxy.pki
  await proxy.register('CP-1')
  const issued = await cpo.chargePoint()
  const refused = (reason: 'client_cert_revoked' | 'revocation_unknown', detail: RegExp) =>
    assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(issued)),
      client: closedBeforeHttp,
      detail,
    })
  const served = async () => {
    const chargePoint = proxy.withCertificate(issued)
    await assertServed(proxy, chargePoint)
    await chargePoint.close()
  }
  const serve = async (next: RequestListener) => {
    answer = next
    assert.equal(await proxy.hangUp(), 'reloaded')
  }

  await t.test('[A00.FR.704] while it cannot be had, nobody is vouched for', async () => {
    await refused('revocation_unknown', /status: the server answered with status 503/)
    assert.equal(
      (await proxy.metrics()).sum('ocpp_proxy_crl_next_update_timestamp_seconds', { name: url }),
      0,
    )
    await serve((_, response) => void response.end(Buffer.alloc(70_000)))
    await refused('revocation_unknown', /too_large/)
  })
  await t.test('[A00.FR.704] once it is there, it counts; behind a link of the same host, too', async () => {
    await serve((_, response) => void response.end(crlOf(cpo, [])))
    await served()
    await serve(({ url: path }, response) => {
      if (path === '/moved.crl') response.end(crlOf(cpo, [issued]))
      else response.writeHead(302, { location: '/moved.crl' }).end()
    })
    await refused('client_cert_revoked', /the CRL says/)
  })
  await t.test('[A00.FR.704][CWE-918] a failure, or a link to elsewhere, keeps what is known', async () => {
    await serve((_, response) => void response.writeHead(302, { location: 'http://localhost:1/a.crl' }).end())
    await proxy.log.wait(
      'the failure',
      ({ crl, detail }) => crl === url && /host_refused/.test(String(detail)),
    )
    await refused('client_cert_revoked', /the CRL says/)
  })
})

test('a responder that answers late ends what was admitted meanwhile', needsOpenssl, async (t) => {
  const proxy = await startProxy(t)
  const ca = foreignAuthority(t)
  ca.issue('late')
  ca.writeIndex([], { late: '260101000000Z,keyCompromise' })
  await proxy.register('CP-late', { serialNumber: 'late' })
  const waiting = Promise.withResolvers<[IncomingMessage, ServerResponse]>()
  const responder = await badResponder(t, (request, response) => waiting.resolve([request, response]))
  await trustForeign(proxy, ca, { ocsp: 'soft', responder, wait: '100ms', timeout: '30s' })

  await t.test('[A00.FR.702][A00.FR.704] soft: admitted, and ended by the answer', async () => {
    const ended = Promise.withResolvers<number>()
    const chargePoint = proxy.withCertificate(shown(ca, 'late'), {
      identity: 'CP-late',
      onEvent: (event) => {
        if (event.kind === 'disconnected') ended.resolve(event.code)
      },
    })
    await assertServed(proxy, chargePoint)
    const [request, response] = await waiting.promise
    response.end(opensslAnswer(ca, Buffer.concat(await request.toArray())))
    assert.equal(await ended.promise, 1008)
    const isIt = (line: object) => 'reason' in line && line.reason === 'client_cert_revoked'
    const line = await proxy.log.wait('the refusal', isIt)
    assert.match(String(line.detail), /^the session was open: the OCSP responder says: revoked/)
    assert.equal(line.identity, 'CP-late')
  })
})
