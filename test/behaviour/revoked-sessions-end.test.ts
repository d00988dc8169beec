import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { writeCrlFile } from '../support/crl.ts'
import { operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

const reason = 'client_cert_revoked'

/** A session that is served, and what its charge point hears of its end. */
async function session(
  proxy: TestProxy,
  identity: string,
  issued: Parameters<TestProxy['withCertificate']>[0],
) {
  const ended = Promise.withResolvers<{ code: number; reason: string }>()
  const chargePoint: ChargePoint = proxy.withCertificate(issued, {
    identity,
    onEvent: (event) => {
      if (event.kind === 'disconnected') ended.resolve({ code: event.code, reason: event.reason })
    },
  })
  await assertServed(proxy, chargePoint)
  return { chargePoint, ended: ended.promise }
}

test('a session ends when its certificate is revoked', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { revocation: { crl: ['cpo.crl'] }, admin: boss.section })
  const { folder, cpo } = proxy.pki
  const certificates = []
  for (const number of [1, 2, 3, 4]) {
    await proxy.register(`CP-${number}`, { serialNumber: `SN-${number}` })
    certificates.push(await cpo.chargePoint({ cn: `SN-${number}` }))
  }
  const [first, second, third, fourth] = certificates
  assert.ok(first !== undefined && second !== undefined && third !== undefined && fourth !== undefined)
  writeCrlFile(folder, 'cpo.crl', cpo, [])
  assert.equal(await proxy.hangUp(), 'reloaded')

  /** What is to be known of an end, on every side. */
  const assertEnded = async (
    identity: string,
    what: RegExp,
    ended: Promise<{ code: number; reason: string }>,
    upstream: Promise<unknown>,
  ) => {
    assert.deepEqual(await ended, { code: 1008, reason })
    await upstream
    const isIt = (line: object) =>
      'reason' in line && line.reason === reason && 'identity' in line && line.identity === identity
    await proxy.log.wait(`the refusal of ${identity}`, isIt)
    const [kept] = await proxy.store.rejections.list({ identity, limit: 1 })
    assert.partialDeepStrictEqual(kept, { reason, mode: 'enforce', stage: 'certificate', profile: 3 })
    assert.match(kept?.detail ?? '', what)
    assert.equal(kept?.event, 'InvalidChargePointCertificate')
  }

  await t.test('[A00.FR.704] by a CRL: after the reload, and the others go on', async () => {
    const [one, two] = [await session(proxy, 'CP-1', first), await session(proxy, 'CP-2', second)]
    const upstream = proxy.central.nextClose({ identity: 'CP-1' })
    writeCrlFile(folder, 'cpo.crl', cpo, [first])
    assert.equal(await proxy.hangUp(), 'reloaded')
    await assertEnded('CP-1', /^the session was open: the CRL says: revoked/, one.ended, upstream)
    assert.equal((await two.chargePoint.status(1, 'Charging')).kind, 'result')
    await assertRefused(proxy, {
      reason,
      listener: 'mutual-tls',
      attempt: () => refusalOf(proxy.withCertificate(first)),
      client: closedBeforeHttp,
    })
    await two.chargePoint.close()
  })

  await t.test('[A00.FR.702] by the operator, by charge point', async () => {
    const { ended } = await session(proxy, 'CP-2', second)
    const upstream = proxy.central.nextClose({ identity: 'CP-2' })
    const answer = await boss.ask(proxy, 'POST', '/denied-certificates', { identity: 'CP-2', note: 'stolen' })
    assert.equal(answer.status, 201)
    await assertEnded('CP-2', /on the local deny list: stolen$/, ended, upstream)
  })

  await t.test('[A00.FR.702] by another process that has the store open', async () => {
    const { ended } = await session(proxy, 'CP-3', third)
    const upstream = proxy.central.nextClose({ identity: 'CP-3' })
    const { serialNumber } = third.x509
    const target = { kind: 'serial', serialNumber, issuer: null } as const
    const entry = {
      target,
      note: 'lost',
      by: 'operator',
      identity: null,
      at: Date.now(),
      expiresAt: null,
    } as const
    await proxy.store.denied.add(entry)
    await assertEnded('CP-3', /on the local deny list: lost$/, ended, upstream)
    await proxy.store.denied.remove(target)
    const { chargePoint } = await session(proxy, 'CP-3', third)
    await chargePoint.close()
  })

  await t.test('[A00.FR.403] when its certificate expires', async () => {
    /** It ends so soon that it may have ended before it is shown, on a busy machine: then one that lasts longer. */
    const brief = async (lifeMs: number): Promise<ReturnType<typeof session>> => {
      const notAfter = Math.ceil(Date.now() / 1000) * 1000 + lifeMs
      const issued = await cpo.chargePoint({ cn: 'SN-4', notBefore: notAfter - 3_600_000, notAfter })
      try {
        return await session(proxy, 'CP-4', issued)
      } catch (error) {
        if (Date.now() < notAfter) throw error
        return brief(lifeMs * 3)
      }
    }
    const { ended } = await brief(2000)
    assert.deepEqual(await ended, { code: 1008, reason: 'client_cert_expired' })
    const isIt = ({ reason, identity }: { reason?: unknown; identity?: unknown }) =>
      reason === 'client_cert_expired' && identity === 'CP-4'
    await proxy.log.wait('the refusal', isIt)
  })

  await t.test('[A00.FR.704] keep: it goes on, and is reported once', async () => {
    await proxy.allNoted()
    assert.equal(await proxy.reload({ revocation: { liveSessions: { revoked: 'keep' } } }), 'reloaded')
    const from = proxy.log.all.length
    const { chargePoint } = await session(proxy, 'CP-4', fourth)
    for (const _ of [1, 2]) {
      writeCrlFile(folder, 'cpo.crl', cpo, [first, fourth])
      assert.equal(await proxy.hangUp(), 'reloaded')
    }
    const isIt = (line: object) => 'reason' in line && line.reason === reason
    await proxy.log.wait('a report', isIt, from)
    assert.equal((await chargePoint.status(1, 'Available')).kind, 'result')
    await proxy.allNoted()
    const kept = await proxy.store.rejections.list({ identity: 'CP-4', reason, limit: 9 })
    assert.deepEqual(
      kept.map(({ mode }) => mode),
      ['report'],
    )
    await chargePoint.close()
  })
})
