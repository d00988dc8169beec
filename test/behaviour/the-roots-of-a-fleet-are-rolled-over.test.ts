import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'
import { serveBy } from '../support/server-certificate.ts'

const certificateType = 'CentralSystemRootCertificate'
const settings = {
  canary: 0,
  perMinute: 1000,
  onlyIdle: false,
  retryAfterMs: 1000,
  attempts: 2,
  maxFailures: 9,
}

test('a new root is installed on a fleet, the servers change, and the old root goes', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const [old, next] = [await makeAuthority({ name: 'Old root' }), await makeAuthority({ name: 'New root' })]
  await serveBy(proxy, old)
  const identities = ['CP-1', 'CP-2', 'CP-3']
  const forms = ['lower', 'upper', 'leading-zeros'] as const
  const algorithms = ['SHA256', 'SHA384', 'SHA512'] as const
  const fleet: ChargePoint[] = []
  for (const [index, identity] of identities.entries()) {
    await proxy.register(identity)
    const chargePoint = proxy.chargePoint('basic-auth-tls', {
      identity,
      tls: { ca: old.certificate },
      roots: { hashAlgorithm: algorithms[index] ?? 'SHA256' },
      rootBehaviour: { form: forms[index] ?? 'lower' },
    })
    await assertServed(proxy, chargePoint)
    fleet.push(chargePoint)
  }

  /** How each charge point ended. */
  const campaign = async (kind: string, root: object) => {
    const selection = { all: true }
    const made = await boss.ask(proxy, 'POST', '/campaigns', { kind, selection, settings, root })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const { id } = made.body
    await proxy.log.wait(
      `the end of ${id}`,
      ({ msg, campaign, state }) => msg === 'campaign' && campaign === id && state === 'finished',
    )
    const items = await boss.ask(proxy, 'GET', `/campaigns/${id}/charge-points`)
    return (items.body.items as { identity: string; state: string; code: string | null }[]).map(
      ({ identity, state, code }) => `${identity} ${state} ${code ?? ''}`.trim(),
    )
  }
  const done = identities.map((identity) => `${identity} done`)
  const roots = async () =>
    Promise.all(
      identities.map(async (identity) => {
        const inventories = await proxy.store.roots.inventory(identity)
        return inventories.find((one) => one.certificateType === certificateType)?.roots.length
      }),
    )

  await t.test('[M04.FR.07] the only root of a charge point is taken by no campaign', async () => {
    const ended = await campaign('delete-root', { certificateType, certificate: old.certificate })
    assert.ok(
      ended.every((one) => !one.endsWith('done')),
      ended.join(', '),
    )
    assert.ok(ended.some((one) => one.endsWith('failed prerequisite')))
    assert.deepEqual(
      fleet.map(({ roots }) => roots.list(certificateType).length),
      [1, 1, 1],
    )
  })

  await t.test(
    '[M05.FR.01][M05.FR.02] the new root is on every charge point, beside the old one',
    async () => {
      assert.deepEqual(
        await campaign('install-root', { certificateType, certificate: next.certificate }),
        done,
      )
      assert.deepEqual(await roots(), [2, 2, 2])
    },
  )

  await t.test('[M04.FR.07] while the servers lead to the old root, it stays', async () => {
    const ended = await campaign('delete-root', { certificateType, certificate: old.certificate })
    assert.ok(
      ended.some((one) => one.endsWith('failed prerequisite')),
      ended.join(', '),
    )
    assert.ok(!ended.some((one) => one.endsWith('done')), ended.join(', '))
    const path = '/charge-points/CP-1/root-certificates/delete'
    const answer = await boss.ask(proxy, 'POST', path, { certificateType, certificate: old.certificate })
    assert.equal(answer.status, 409)
    assert.match(String(answer.body.detail), /shows a certificate .* that leads to this root/)
    assert.deepEqual(await roots(), [2, 2, 2])
  })

  await t.test('[M05.FR.02] the servers show the new root, and all come back', async () => {
    await serveBy(proxy, next)
    for (const chargePoint of fleet) {
      await chargePoint.close()
      await chargePoint.connect()
      assert.equal((await chargePoint.heartbeat()).kind, 'result')
    }
  })

  await t.test(
    '[M04.FR.02][M04.FR.07] the old root goes, under the algorithm and in the form of each',
    async () => {
      assert.deepEqual(await campaign('delete-root', { certificateType, certificate: old.certificate }), done)
      assert.deepEqual(await roots(), [1, 1, 1])
      assert.deepEqual(await campaign('delete-root', { certificateType, certificate: old.certificate }), done)
      for (const chargePoint of fleet) {
        await chargePoint.close()
        await chargePoint.connect()
        assert.equal((await chargePoint.heartbeat()).kind, 'result')
      }
    },
  )

  await t.test('the central system has seen none of it', () => {
    for (const identity of identities) {
      assert.deepEqual(proxy.central.foreign(identity), [])
      const texts = proxy.central.messages(identity).map(({ text }) => text)
      assert.ok(texts.every((text) => !/[Cc]ertificate/.test(text)))
    }
  })
})
