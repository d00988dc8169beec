import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'
import { serveBy } from '../support/server-certificate.ts'

const certificateType = 'CentralSystemRootCertificate'
const path = '/charge-points/CP-1/root-certificates'

test('a charge point with AdditionalRootCertificateCheck goes from one root to the next', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  await proxy.register()
  const old = await makeAuthority({ name: 'Old server root' })
  const next = await old.intermediate({ name: 'Next server root' })
  const stranger = await makeAuthority({ name: 'A root of somebody else' })
  await serveBy(proxy, old)
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    tls: { ca: old.certificate },
    roots: { additionalCheck: true, hashAlgorithm: 'SHA384' },
    rootBehaviour: { form: 'leading-zeros' },
  })
  await assertServed(proxy, chargePoint)

  const ask = (rest: string, body: object) => boss.ask(proxy, 'POST', `${path}${rest}`, body)
  const count = async () => {
    assert.partialDeepStrictEqual(await ask('/refresh', { certificateType }), { status: 200 })
    const [inventory] = await proxy.store.roots.inventory('CP-1')
    return inventory?.roots.length
  }
  const again = async () => {
    await chargePoint.close()
    await chargePoint.connect()
    assert.equal((await chargePoint.heartbeat()).kind, 'result')
  }

  await t.test('[M05.FR.10] what the old root has not signed is not sent', async () => {
    for (const [body, code] of [
      [{ certificate: next.certificate }, /root_old_unknown/],
      [{ certificate: stranger.certificate, oldRoot: old.certificate }, /root_not_signed_by_old/],
    ] as const) {
      const { status, body: told } = await ask('', { certificateType, ...body })
      assert.equal(status, 409)
      assert.equal(told.code, 'prerequisite')
      assert.match(String(told.detail), code)
    }
    assert.equal(await count(), 1)
  })

  await t.test(
    '[M05.FR.09][M05.FR.12] what it has signed is installed, and the old one is kept',
    async () => {
      const { status, body } = await ask('', { certificateType, certificate: next.certificate })
      assert.deepEqual([status, body.ok], [200, true], JSON.stringify(body))
      assert.equal(await count(), 2)
    },
  )

  await t.test('[M05.FR.14] the server still shows the old root: it comes back by that', async () => {
    await again()
    assert.equal(await count(), 2)
    await chargePoint.events.flush()
    const type = 'InvalidCentralSystemCertificate'
    const events = await proxy.store.events.list({ type, limit: 9 })
    assert.equal(events.length, 1, 'the new root was tried first')
  })

  await t.test('[M05.FR.13] the server shows the new root: the old one is gone', async () => {
    await serveBy(proxy, next)
    await again()
    assert.equal(await count(), 1)
    const told = await boss.ask(proxy, 'GET', path)
    assert.match(JSON.stringify(told.body), /Next server root/)
    assert.doesNotMatch(JSON.stringify(told.body), /Old server root/)
  })

  await t.test(
    '[M05.FR.01] one that is there is a success; the central system has seen nothing of it',
    async () => {
      const { body } = await ask('', { certificateType, certificate: next.certificate })
      assert.match(String(body.detail), /has this root certificate already/)
      assert.deepEqual(proxy.central.foreign('CP-1'), [])
      const texts = proxy.central.messages('CP-1').map(({ text }) => text)
      assert.ok(
        texts.every((text) => !/Certificate|GetConfiguration|configurationKey/.test(text)),
        texts.join('\n'),
      )
      const notes = await proxy.store.events.list({ identity: 'CP-1', limit: 100 })
      assert.ok(notes.some(({ techInfo }) => techInfo?.startsWith(`${certificateType} installed and listed`)))
    },
  )
})
