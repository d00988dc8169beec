import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { statusPointers } from '../../src/pki/authority/pointers.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { patient } from '../support/foreign-authority.ts'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { badResponder } from '../support/responders.ts'

const fleet = Array.from({ length: 60 }, (_, index) => `CP-${index}`)

test('a fleet that comes back at once does not queue behind a slow responder', async (t) => {
  const open: ServerResponse[] = []
  let asked = 0
  const responder = await badResponder(t, (_, response) => {
    asked += 1
    open.push(response)
  })
  const wait = '1s'
  const proxy = await startProxy(t, {
    revocation: { ocsp: 'soft', responder, wait, timeout: '60s' },
    limits: { perAddressPerMinute: 100_000 },
  })
  const certificates = new Map<string, Awaited<ReturnType<typeof proxy.pki.cpo.chargePoint>>>()
  for (const identity of fleet) {
    await proxy.register(identity, { serialNumber: `SN-${identity}` })
    certificates.set(identity, await proxy.pki.cpo.chargePoint({ cn: `SN-${identity}` }))
  }
  const connect = (identity: string) => {
    const issued = certificates.get(identity)
    assert.ok(issued !== undefined)
    return proxy.withCertificate(issued, { identity })
  }

  await t.test('[A00.FR.702] everybody is served, although no request has had its answer', async () => {
    const chargePoints = fleet.map(connect)
    await Promise.all(chargePoints.map((chargePoint) => assertServed(proxy, chargePoint)))
    // With one request after the other it would be sixty times as long; so many at a time wait for nobody.
    assert.ok(asked <= 8, `${asked} requests at once`)
    assert.ok(open.every(({ writableEnded }) => !writableEnded))
    const metrics = await proxy.metrics()
    const late = { method: 'ocsp', result: 'timeout' }
    assert.equal(metrics.sum('ocpp_proxy_revocation_checks_total', late), fleet.length)
    await Promise.all(chargePoints.map((chargePoint) => chargePoint.close()))
  })

  await t.test('[A00.FR.702][A00.FR.704] hard: everybody is refused as soon, and nobody hangs', async () => {
    assert.equal(await proxy.reload({ revocation: { ocsp: 'hard' } }), 'reloaded')
    const seen = await Promise.all(fleet.slice(1).map((identity) => refusalOf(connect(identity))))
    for (const one of seen) assert.partialDeepStrictEqual(one, closedBeforeHttp)
    await assertRefused(proxy, {
      reason: 'revocation_unknown',
      listener: 'mutual-tls',
      attempt: () => refusalOf(connect('CP-0')),
      client: closedBeforeHttp,
      detail: /OCSP: timeout, the answer did not come in time/,
    })
  })

  await t.test('[A00.FR.702] one event tells of them all', async () => {
    const events = await proxy.store.events.list({ type: 'RevocationNotProven', limit: 9 })
    assert.equal(events.length, 1)
  })
})

test('[CWE-918] a certificate cannot make the proxy ask whom it likes', async (t) => {
  let asked = 0
  const inner = await badResponder(t, (_, response) => {
    asked += 1
    response.end()
  })
  const proxy = await startProxy(t, { revocation: { ...patient, ocsp: 'hard', hosts: ['ocsp.example.com'] } })
  await proxy.register('CP-1')
  const issued = await proxy.pki.cpo.chargePoint({
    overrides: { extensions: statusPointers({ ocsp: `${inner}/`, crl: null }) },
  })
  await assertRefused(proxy, {
    reason: 'revocation_unknown',
    listener: 'mutual-tls',
    attempt: () => refusalOf(proxy.withCertificate(issued)),
    client: closedBeforeHttp,
    detail: /OCSP: host_refused, the host 127\.0\.0\.1 is not allowed/,
  })
  // The host is allowed now, and its address is one of the machine itself.
  assert.equal(await proxy.reload({ revocation: { hosts: ['127.0.0.1'] } }), 'reloaded')
  await assertRefused(proxy, {
    reason: 'revocation_unknown',
    listener: 'mutual-tls',
    attempt: () => refusalOf(proxy.withCertificate(issued)),
    client: closedBeforeHttp,
    detail: /OCSP: address_refused/,
  })
  assert.equal(asked, 0)
  assert.equal(
    await proxy.reload({ revocation: { hosts: ['127.0.0.1'], networks: ['127.0.0.0/8'] } }),
    'reloaded',
  )
  await assertRefused(proxy, {
    reason: 'revocation_unknown',
    listener: 'mutual-tls',
    attempt: () => refusalOf(proxy.withCertificate(issued)),
    client: closedBeforeHttp,
    detail: /OCSP: unreadable/,
  })
  assert.equal(asked, 1)
})
