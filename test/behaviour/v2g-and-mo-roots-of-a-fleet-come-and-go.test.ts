import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { makeAuthority } from '../support/authority.ts'
import { both, startCsms201 } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'

const settings = {
  canary: 0,
  perMinute: 1000,
  onlyIdle: false,
  retryAfterMs: 1000,
  attempts: 2,
  maxFailures: 9,
}
const types = ['V2GRootCertificate', 'MORootCertificate'] as const

test('campaigns install and delete roots of ISO 15118, in both forms', async (t) => {
  const boss = operator(t)
  const csms = await startCsms201(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url: csms.url },
  })
  const fleet = new Map<string, ChargePoint>()
  const join = async (identity: string, options: object) => {
    await proxy.register(identity)
    const chargePoint = proxy.chargePoint('basic-auth-tls', { identity, ...options })
    await chargePoint.connect()
    await chargePoint.boot()
    fleet.set(identity, chargePoint)
  }
  const plugAndCharge = true
  await join('CP-1', { plugAndCharge, rootBehaviour: { form: 'leading-zeros' } })
  await join('CP-2', {
    ...{ plugAndCharge, roots: { hashAlgorithm: 'SHA512' } },
    rootBehaviour: { form: 'upper' },
  })
  await join('CP-3', { plugAndCharge, subprotocols: ['ocpp2.0.1'], roots: { hashAlgorithm: 'SHA384' } })
  await join('CP-4', {})
  const [root, other] = [await makeAuthority({ name: 'a root' }), await makeAuthority({ name: 'another' })]

  /** How each charge point ended. */
  const campaign = async (kind: string, certificateType: string, certificate: string) => {
    const body = { kind, selection: { all: true }, settings, root: { certificateType, certificate } }
    const made = await boss.ask(proxy, 'POST', '/campaigns', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const { id } = made.body
    const isOver = (line: { msg?: unknown; campaign?: unknown; state?: unknown }) =>
      line.msg === 'campaign' && line.campaign === id && line.state === 'finished'
    await proxy.log.wait(`the end of ${id}`, isOver)
    const { body: ended } = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
    return (ended.items as { state: string; code: string | null }[]).map(({ state, code }) =>
      `${state} ${code ?? ''}`.trim(),
    )
  }
  const counts = (type: (typeof types)[number] | 'CentralSystemRootCertificate') =>
    [...fleet.values()].map(({ roots }) => roots.list(type).length)
  const kept = async (type: string) =>
    Promise.all(
      ['CP-1', 'CP-2', 'CP-3'].map(
        async (identity) =>
          (await proxy.store.roots.inventory(identity)).find(
            ({ certificateType }) => certificateType === type,
          )?.roots.length,
      ),
    )
  // Who has no ISO 15118 says so, and is not asked again.
  const done = ['done', 'done', 'done', 'failed not_supported']

  for (const type of types) {
    await t.test(`[M05.FR.01] [M05.FR.02] ${type} is installed`, async () => {
      assert.deepEqual(await campaign('install-root', type, root.certificate), done)
      assert.deepEqual(await campaign('install-root', type, other.certificate), done)
      assert.deepEqual(counts(type), [2, 2, 2, 0])
      assert.deepEqual(await kept(type), [2, 2, 2])
    })
  }
  for (const type of types) {
    await t.test(
      `[M04.FR.01] [M04.FR.02] [M04.FR.07] ${type} goes, under the algorithm and in the form of each`,
      async () => {
        assert.deepEqual(await campaign('delete-root', type, root.certificate), done)
        assert.deepEqual(counts(type), [1, 1, 1, 0])
        assert.deepEqual(await kept(type), [1, 1, 1])
        // Once more: there is nothing left to do.
        assert.deepEqual(await campaign('delete-root', type, root.certificate), done)
        assert.deepEqual(counts(type), [1, 1, 1, 0])
      },
    )
  }
  await t.test('the roots of the other domain are as they were', () => {
    assert.deepEqual(counts('CentralSystemRootCertificate'), [1, 1, 1, 1])
  })
  await t.test('the central systems saw none of it', () => {
    assert.doesNotMatch(
      JSON.stringify([...proxy.centralEvents, ...csms.calls]),
      /RootCertificate|DataTransfer/,
    )
  })
})
