import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { FactoryChargePoint } from '../support/factory-charge-point.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

const got =
  (kind: 'sent' | 'received', message: 'call' | 'result', action: string) => (event: SimulatorEvent) =>
    event.kind === kind && event.message.kind === message && event.message.action === action

/** A02 in onboarding, as the charge point sees it; the proxy is killed in the moment of the step. */
const steps: readonly [name: string, isStep: (event: SimulatorEvent) => boolean][] = [
  ['it has heard Pending', got('received', 'result', 'BootNotification')],
  ['it has got CpoName', got('received', 'call', 'ChangeConfiguration')],
  ['it has got the trigger', got('received', 'call', 'ExtendedTriggerMessage')],
  ['it has sent its request', got('sent', 'call', 'SignCertificate')],
  ['its request was accepted', got('received', 'result', 'SignCertificate')],
  ['it has got the certificate, and its answer is lost', got('received', 'call', 'CertificateSigned')],
  ['it has taken the certificate', got('sent', 'result', 'CertificateSigned')],
  ['it was made to reconnect', ({ kind }) => kind === 'disconnected'],
]

test('[A00.FR.805] [A00.FR.806] [A02.FR.01] kill -9 at any step of an onboarding, and it is done all the same', {
  timeout: 900_000,
}, async (t) => {
  const proxy = await startProxy(t, {
    certificateAuthority: localAuthority,
    onboarding: { bootInterval: '1s', retry: { initial: '1s', max: '1s' } },
  })
  for (const [index, [name, isStep]] of steps.entries()) {
    await t.test(`killed when ${name}`, async () => {
      const [identity, other] = [`CP-C${index}`, `CP-P${index}`]
      const { promise: reached, resolve } = Promise.withResolvers<void>()
      const onEvent = (event: SimulatorEvent) => {
        if (!isStep(event)) return
        proxy.process.signal('SIGKILL')
        resolve()
      }
      const serialNumber = `SN of ${identity}`
      const expected = (via: 'certificate' | 'password') => expectedOnboarding(via, null, Date.now())
      await proxy.store.registry.add(identity, { serialNumber, onboarding: expected('certificate') })
      await proxy.register(other, { onboarding: expected('password') })
      const certificate = await proxy.pki.factory.chargePoint({ cn: serialNumber, o: 'Factory' })
      let isKilled = false
      const first = new FactoryChargePoint(proxy, {
        identity,
        serialNumber,
        certificate,
        simulator: { onEvent: (event) => (isKilled ? undefined : onEvent(event)) },
      })
      // One by password beside it, wherever that is by then.
      const second = new FactoryChargePoint(proxy, {
        identity: other,
        serialNumber: `SN of ${other}`,
        certificate: null,
        listener: 'basic-auth-tls',
      })
      first.begin()
      second.begin()
      await reached
      isKilled = true
      assert.equal(await proxy.process.exit, 'SIGKILL')
      await proxy.start()
      await Promise.all([first.accepted(), second.accepted()])
      for (const [who, profile] of [
        [identity, 3],
        [other, 2],
      ] as const) {
        assert.partialDeepStrictEqual(await proxy.store.registry.get(who), {
          onboarding: null,
          credentialChange: null,
          securityProfile: profile,
        })
        const boots = proxy.central
          .messages(who)
          .flatMap(({ message }) => (message?.kind === 'call' ? [message.action] : []))
        assert.equal(boots[0], 'BootNotification', 'the first thing that the central system heard of it')
      }
      await Promise.all([first.close(), second.close()])
    })
  }
})
