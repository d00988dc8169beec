import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

const expected = (certificate: string | null = null) => expectedOnboarding('certificate', certificate, 1)

test('a factory certificate is let in to onboarding, where it is expected, and to nothing else', async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s' },
    // What is not enforced for certificates of the operator is, all the same, for those of a manufacturer.
    admission: {
      checks: {
        client_cert_organization: 'report',
        client_cert_common_name: 'report',
        client_cert_shared: 'report',
      },
    },
  })
  await proxy.register('CP-1')
  await proxy.register('CP-2', { serialNumber: 'SN-2', onboarding: expected() })
  await proxy.register('CP-3', { serialNumber: 'SN-3', onboarding: expected('00'.repeat(32)) })
  const { factory } = proxy.pki
  const refused = async (
    identity: string,
    cn: string,
    reason: 'client_cert_organization' | 'client_cert_common_name',
    detail: RegExp,
  ) => {
    const issued = await factory.chargePoint({ cn, o: 'Factory' })
    await assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(issued, { identity })),
      client: closedBeforeHttp,
      record: { identity: null, event: 'InvalidChargePointCertificate' },
      detail,
    })
  }

  await t.test('[A00.FR.406] not of a charge point that is not expected in onboarding', () =>
    refused('CP-1', 'SN-0001', 'client_cert_organization', /"CP-1" is not registered for onboarding/),
  )
  await t.test('[A00.FR.803] not another one than that of the list of the manufacturer', () =>
    refused('CP-3', 'SN-3', 'client_cert_organization', /another factory certificate is registered/),
  )
  await t.test('[A00.FR.405] not of a serial number that nobody has registered', () =>
    refused('CP-9', 'SN-9', 'client_cert_common_name', /no charge point with serial number "SN-9"/),
  )

  await t.test(
    '[A00.FR.405] [CWE-297] not for another identity, which would get its certificate',
    async () => {
      const issued = await factory.chargePoint({ cn: 'SN-2', o: 'Factory' })
      await assertRefused(proxy, {
        reason: 'client_cert_common_name',
        listener: 'mutual-tls',
        attempt: () => refusalOf(proxy.withCertificate(issued, { identity: 'CP-1' })),
        client: { stage: 'http', httpStatus: 403 },
        record: { identity: 'CP-1' },
        detail: /not the registered serial number/,
      })
    },
  )

  await t.test('[A00.FR.501] [A00.FR.403] the other rules hold as for everybody', async () => {
    const expired = await factory.chargePoint({
      cn: 'SN-2',
      o: 'Factory',
      notBefore: Date.now() - 9e9,
      notAfter: Date.now() - 1e9,
    })
    await assertRefused(proxy, {
      reason: 'client_cert_expired',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(expired, { identity: 'CP-2' })),
      client: closedBeforeHttp,
      record: { identity: null },
    })
  })

  await t.test('[A00.FR.806] and in onboarding nothing reaches the central system', async () => {
    const issued = await factory.chargePoint({ cn: 'SN-2', o: 'Factory' })
    const chargePoint = proxy.withCertificate(issued, { identity: 'CP-2' })
    const before = proxy.centralEvents.length
    await chargePoint.connect()
    assert.partialDeepStrictEqual(await chargePoint.boot(), {
      kind: 'result',
      payload: { status: 'Pending', interval: 1 },
    })
    const codes = []
    for (const outcome of [
      await chargePoint.heartbeat(),
      await chargePoint.authorize(),
      await chargePoint.status(1, 'Available'),
      await chargePoint.startTransaction(),
      await chargePoint.call('NoSuchAction', {}),
    ])
      codes.push(outcome.kind === 'error' ? outcome.code : outcome.kind)
    assert.deepEqual(new Set(codes), new Set(['SecurityError']))
    const event = { type: 'TamperDetectionActivated', timestamp: new Date().toISOString() }
    assert.partialDeepStrictEqual(await chargePoint.call('SecurityEventNotification', event), {
      kind: 'result',
    })
    const stored = await proxy.store.events.list({ identity: 'CP-2', type: event.type, limit: 9 })
    assert.equal(stored.length, 1, 'a security event is kept as always')
    const metrics = await proxy.metrics()
    assert.equal(metrics.sum('ocpp_proxy_onboarding_sessions'), 1)
    assert.equal(metrics.sum('ocpp_proxy_upstream_connect_duration_seconds_count'), 0, 'nobody was dialled')
    assert.deepEqual(proxy.centralSaw(before), [], 'the central system saw nothing')
    await chargePoint.close()
  })

  await t.test('[A00.FR.404] [A00.FR.603] a certificate of the operator is served beside it', async () => {
    await assertServed(proxy, proxy.withCertificate(await proxy.pki.cpo.chargePoint()))
  })
})

test('who is one too many in onboarding comes again later', async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { sessions: 1 },
  })
  for (const identity of ['CP-1', 'CP-2'])
    await proxy.register(identity, { serialNumber: `SN of ${identity}`, onboarding: expected() })
  const shown = (identity: string) => proxy.pki.factory.chargePoint({ cn: `SN of ${identity}`, o: 'Factory' })
  const first = proxy.withCertificate(await shown('CP-1'), { identity: 'CP-1' })
  await first.connect()
  const second = await shown('CP-2')
  await t.test('[CWE-770]', async () => {
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(second, { identity: 'CP-2' })),
      client: { stage: 'http', httpStatus: 503 },
      record: { identity: 'CP-2' },
      detail: /1 charge points are in onboarding already/,
    })
    await first.close()
    await proxy.log.wait(
      'its end',
      ({ msg, identity }) => msg === 'charge point disconnected' && identity === 'CP-1',
    )
    await proxy.withCertificate(second, { identity: 'CP-2' }).connect()
  })
})
