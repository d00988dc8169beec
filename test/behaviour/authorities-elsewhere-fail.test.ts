import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import type { CertificateAnswer } from '../support/certificate-server.ts'
import { elsewhere, until } from '../support/elsewhere.ts'
import { needsOpenssl } from '../support/openssl-tool.ts'
import { chainFor } from '../support/remote-authority.ts'

const renewals = 'ocpp_proxy_certificate_renewals_total'
const up = 'ocpp_proxy_certificate_authority_up'

for (const kind of ['est', 'http'] as const) {
  const skip = kind === 'est' ? needsOpenssl : {}

  test(
    `[A02.FR.11] [A02.FR.12] [A03.FR.11] [A03.FR.12] ${kind}: down, slow and garbage may pass`,
    skip,
    async (t) => {
      const world = await elsewhere(t, kind)
      const { authority, boss, proxy, command, reload, signed, failures, inPhase } = world
      const [first, second] = [await world.chargePoint(), await world.chargePoint('CP-2')]
      const shown = async (words: RegExp) => {
        const { code, out } = await command('certificates requests --phase pending')
        assert.equal(code, 0)
        assert.match(out, words)
      }

      await t.test('down: the first request is Accepted, and waits; the next one is Rejected', async () => {
        authority.off()
        assert.equal(await first.renewCertificate(), true, 'nobody knew')
        await until(async () => (await failures()).length === 1)
        await shown(/^CP-1 +pending .*cannot be asked: /m)
        const [failure] = await failures()
        assert.match(failure?.techInfo ?? '', /waits: .* \[A02\.FR\.04\]$/)
        assert.equal((await proxy.metrics()).sum(up, { key_type: 'ec' }), 0)
        assert.equal(await second.renewCertificate(), false, 'what cannot be done is not promised')
        await until(async () => {
          const events = await proxy.store.events.list({ type: 'SignCertificateRejected', limit: 9 })
          return events.length === 1 && events[0]?.identity === 'CP-2'
        })
        const asked = await boss.ask(proxy, 'POST', '/charge-points/CP-2/certificate', {})
        assert.partialDeepStrictEqual(asked, { status: 409, body: { code: 'prerequisite' } })
        const { body } = await proxy.readiness()
        assert.ok(
          body.notes.some((note) => note.includes('authority cannot be asked')),
          body.notes.join(),
        )
      })

      await t.test('slow', async () => {
        authority.answer(() => {})
        authority.on()
        assert.equal(await reload('300ms'), 'reloaded')
        await inPhase('pending', /no answer within 300 ms/)
        await shown(/no answer within 300 ms/)
      })

      await t.test('garbage', async () => {
        authority.answer((_, response) => void response.end('<html>-----BEGIN CERTIFICATE-----'))
        assert.equal(await reload('30s'), 'reloaded')
        await inPhase('pending', /answered something that is no /)
        await shown(/answered something that is no /)
      })

      await t.test('nothing of it has reached the charge point, and one event told of it', async () => {
        assert.equal(signed(), 0)
        assert.equal((await first.heartbeat()).kind, 'result')
        assert.deepEqual(await proxy.store.denied.list({ limit: 9 }), [])
        assert.deepEqual(await proxy.store.issued.list({ limit: 9 }), [])
        assert.equal((await failures()).length, 1)
        assert.equal((await proxy.metrics()).sum(renewals, { result: 'failed' }), 0)
      })

      await t.test('it comes back: what waited is done, and the next request is taken', async () => {
        authority.answer(authority.honest)
        assert.equal(await reload('29s'), 'reloaded')
        await inPhase('accepted')
        assert.equal(signed(), 1)
        assert.equal((await proxy.metrics()).sum(up, { key_type: 'ec' }), 1)
        assert.equal(await second.renewCertificate(), true)
        await inPhase('accepted', /(?:)/, 'CP-2')
        await first.close()
        await first.connect()
        await first.heartbeat()
        await inPhase('seen')
      })
    },
  )

  test(
    `[A00.FR.404] [A00.FR.405] [A02.FR.04] [A02.FR.06] ${kind}: what it signs wrong reaches nobody`,
    skip,
    async (t) => {
      const world = await elsewhere(t, kind)
      const { authority, proxy, command, signed, failures, inPhase } = world
      const { answering, middle } = authority
      const stranger = await makeAuthority({ name: `${kind.toUpperCase()} root` })
      const chargePoint = await world.chargePoint()
      const refuses = (status: number): CertificateAnswer => {
        return (_, response) => void response.writeHead(status).end('no')
      }
      const wrong: readonly (readonly [words: string, answer: CertificateAnswer])[] = [
        ['issued_key_mismatch', answering(async () => (await middle.chargePoint()).chain)],
        ['client_cert_common_name', answering((csr) => chainFor(middle, csr, { cn: 'SN-0002' }))],
        ['client_cert_organization', answering((csr) => chainFor(middle, csr, { o: 'Another' }))],
        ['issued_short_lived', answering((csr) => chainFor(middle, csr, { days: 3 }))],
        ['client_cert_key_usage', answering((csr) => chainFor(middle, csr, { ku: ['cRLSign'] }))],
        ['client_cert_untrusted', answering((csr) => chainFor(stranger, csr))],
        ['answered 403', refuses(403)],
      ]
      for (const [index, [words, answer]] of wrong.entries()) {
        await t.test(words, async () => {
          authority.answer(answer)
          assert.equal(await chargePoint.renewCertificate(), true)
          await until(async () => (await failures()).length === index + 1)
          await inPhase('failed', new RegExp(words))
          const [event] = await failures()
          assert.match(event?.techInfo ?? '', new RegExp(`${words}.*the old one stays valid`))
          assert.equal((await proxy.metrics()).sum(renewals, { result: 'failed' }), index + 1)
        })
      }
      const { out } = await command('certificates requests --phase failed --json')
      const [shown] = JSON.parse(out)
      assert.partialDeepStrictEqual(shown, { identity: 'CP-1', attempts: 1, deliveries: 0 })
      assert.match(shown.detail, /answered 403/)
      assert.equal(signed(), 0)
      assert.deepEqual(await proxy.store.issued.list({ limit: 9 }), [])
      await chargePoint.close()
      await chargePoint.connect()
      assert.equal((await chargePoint.heartbeat()).kind, 'result', 'with its old certificate')

      authority.answer(authority.honest)
      assert.equal(await chargePoint.renewCertificate(), true)
      await inPhase('accepted')
      assert.equal(signed(), 1)
    },
  )
}
