import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChargePoint, createChargePoint } from '../../src/simulator/charge-point.ts'
import { localAuthority } from '../support/proxy-config.ts'
import { secret } from '../support/secrets.ts'
import { World } from './world.ts'

type At = readonly [method: string, number: number, when: 'before' | 'after']

/**
 * The writes of A02 in their order; killed right behind each, and before the first. In two worlds: each process
 * of one is 40 s further ahead of time, and OpenSSL, which is not, would soon find new certificates not valid yet.
 */
const halves: readonly (readonly At[])[] = [
  [
    ['renewals.begin', 1, 'before'],
    ['renewals.begin', 1, 'after'],
    ['issued.record', 1, 'after'],
    ['renewals.step', 1, 'after'],
    ['renewals.step', 2, 'after'],
  ],
  [
    ['registry.claimKey', 1, 'after'],
    ['renewals.step', 3, 'after'],
    ['denied.add', 1, 'after'],
    ['renewals.step', 4, 'after'],
  ],
]

const patienceMs = 120_000

/** A charge point on profile 3 that comes back on its own, to whatever process runs then. */
async function chargePointOf(world: World, identity: string): Promise<ChargePoint> {
  const serialNumber = `SN-${identity}`
  await world.store.registry.add(identity, { serialNumber, securityProfile: 3 })
  const { chain, key } = await world.pki.cpo.chargePoint({ cn: serialNumber })
  const chargePoint = createChargePoint({
    identity,
    url: 'wss://127.0.0.1:1/ocpp',
    profileUrls: {
      get 3() {
        return world.url('mutual-tls')
      },
    },
    securityProfile: 3,
    model: { serialNumber },
    cpoName: 'Example CPO',
    tls: {
      certificate: chain,
      key: secret('private key', key),
      ca: [world.pki.serverRoot, world.pki.cpo.certificate],
    },
    backoff: { initialMs: 20, maxMs: 100 },
    certificateBehaviour: { reconnects: true },
    // Every process of this world is further ahead of time than the one before.
    now: () => new Date(Date.now() + 3_600_000),
  })
  world.after(() => chargePoint.close())
  void chargePoint.run({ transact: false })
  await served(chargePoint)
  return chargePoint
}

async function until(what: string, fits: () => Promise<boolean> | boolean): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs)
  while (!(await fits())) {
    assert.ok(!signal.aborted, `${what} did not come`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const served = (chargePoint: ChargePoint) =>
  until('its service', async () => chargePoint.isOpen && (await chargePoint.heartbeat()).kind === 'result')

for (const [half, moments] of halves.entries())
  test(`[A02.FR.08][A02.FR.09][A02.FR.11] kill -9 at every step of a renewal (${half + 1}): the charge point comes in, and the renewal can be repeated`, async (t) => {
    const world = await World.open(t, {
      config: () => ({ certificateAuthority: { ...localAuthority, requestsPerHour: 100 } }),
    })
    const renew = (identity: string) =>
      world.post(`/charge-points/${identity}/certificate`, { timeoutSeconds: 20, preflight: false })

    let recover: (() => Promise<void>) | null = null
    for (const [number, [method, count, when]] of moments.entries()) {
      await t.test(`killed ${when} ${method} ${count}`, async () => {
        const identity = `CP${number}`
        await world.start([{ about: identity, method, number: count, when }])
        await recover?.()
        const chargePoint = await chargePointOf(world, identity)
        await world.count()
        await world.orDeath(renew(identity))
        assert.equal(await world.died(), 'SIGKILL')
        recover = () => recovered(chargePoint)
      })
    }
    await t.test('and the last one comes in as well', async () => {
      await world.start([])
      await recover?.()
      assert.equal(await world.ended(), 0)
    })

    /** It is served with what it has, whatever that is; then it gets another certificate, which ends all others. */
    async function recovered(chargePoint: ChargePoint): Promise<void> {
      const { identity } = chargePoint
      await served(chargePoint)
      let answer: unknown
      await until('the repeated renewal', async () => {
        answer = await renew(identity)
        return typeof answer === 'object' && answer !== null && Reflect.get(answer, 'ok') === true
      })
      await until(
        'the new certificate',
        async () => (await world.store.renewals.get(identity))?.phase === 'seen',
      )
      const alive = await world.store.issued.list({ identity, revoked: false, limit: 9 })
      const present = (await world.store.renewals.get(identity))?.certificateFingerprint
      assert.deepEqual(
        alive.map(({ certificateFingerprint }) => certificateFingerprint),
        [present],
      )
      await chargePoint.close()
    }
  })
