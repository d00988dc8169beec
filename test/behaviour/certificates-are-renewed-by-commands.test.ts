import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { until } from '../support/elsewhere.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

async function setUp(t: TestContext) {
  const boss = operator(t)
  const certificateAuthority = { ...localAuthority, requestsPerHour: 100 }
  const proxy = await startProxy(t, { admin: boss.section, certificateAuthority })
  const chargePoint = async (identity: string) => {
    const serialNumber = `SN of ${identity}`
    await proxy.register(identity, { serialNumber, securityProfile: 3 })
    const one = proxy.withCertificate(await proxy.pki.cpo.chargePoint({ cn: serialNumber }), {
      ...{ identity, model: { serialNumber } },
      tls: { ca: [proxy.pki.serverRoot, proxy.pki.cpo.certificate] },
    })
    await one.connect()
    await one.boot()
    return one
  }
  return { proxy, chargePoint, command: commandLine(proxy, boss) }
}

test('certificates renew, requests and issued, through the proxy and on its store', async (t) => {
  const { proxy, chargePoint, command } = await setUp(t)
  const [first, second] = [await chargePoint('CP-1'), await chargePoint('CP-2')]
  first.behaveAboutCertificates({ reconnects: true })
  second.behaveAboutCertificates({ signed: 'reject' })

  await t.test(
    '[A02.FR.01] [A02.FR.13] renew: 0, and it has connected with the new certificate',
    async () => {
      const renewed = await command('certificates renew CP-1 --set-cpo-name --key-type ec --reconnect --json')
      assert.deepEqual([renewed.code, renewed.err], [0, ''])
      const detail = 'it has connected with the new certificate'
      assert.deepEqual(JSON.parse(renewed.out), { identity: 'CP-1', ok: true, detail })
      assert.equal(first.configuration.get('CpoName'), 'Example CPO')
      // The old one retires once it is heard over the new one.
      await first.heartbeat()
      await until(async () => (await proxy.store.renewals.get('CP-1'))?.phase === 'seen')
    },
  )

  await t.test('[A02.FR.07] renew: 1, and why, where it is refused or cannot be done', async () => {
    const refused = await command('certificates renew CP-2 --set-cpo-name')
    assert.deepEqual([refused.code, refused.out], [1, ''])
    assert.match(
      refused.err,
      /^error: CP-2: it answered Rejected; its old certificate stays valid \(refused\)$/m,
    )
    const json = await command('certificates renew CP-2 --json')
    assert.equal(json.code, 1)
    assert.partialDeepStrictEqual(JSON.parse(json.out), { identity: 'CP-2', ok: false, code: 'refused' })
    const otherKey = await command('certificates renew CP-2 --key-type rsa')
    assert.equal(otherKey.code, 1)
    assert.match(otherKey.err, /rsa was asked for \(request_rejected\)/)
    for (const identity of ['CP-9', '%00']) {
      const unknown = await command(`certificates renew ${identity}`)
      assert.equal(unknown.code, 1, identity)
      assert.match(unknown.err, /^error: /)
    }
  })

  await t.test('2 for what is used wrong, and nothing is asked for', async () => {
    const before = await proxy.store.renewals.get('CP-2')
    for (const line of [
      'renew',
      'renew CP-2 --key-type dsa',
      'renew CP-2 --timeout 0',
      'renew CP-2 --unknown',
      'requests --phase done',
      'requests CP-1',
      'issued --limit 0',
      'issued --expiring soon',
      'issued --expiring 0d',
    ]) {
      const { code, out, err } = await command(`certificates ${line}`)
      assert.deepEqual([code, out], [2, ''], line)
      assert.match(err, /^error: /, line)
    }
    assert.deepEqual(await proxy.store.renewals.get('CP-2'), before)
  })

  const lines = [
    'requests --json',
    'requests',
    'requests --phase refused --json',
    'requests --phase pending',
    'issued --json',
    'issued',
    'issued --identity CP-1 --json',
    'issued --revoked',
    'issued --expiring 400 --json',
    'issued --expiring 400d --json',
    'issued --expiring 1',
    'issued --expiring 36h',
    'issued --limit 1 --json',
  ]
  const outputs = async () => {
    const all: [line: string, out: unknown][] = []
    for (const line of lines) {
      const { code, out, err } = await command(`certificates ${line}`)
      assert.deepEqual([code, err], [0, ''], line)
      // The order of names in an object is nobody's promise.
      all.push([line, line.endsWith('--json') ? JSON.parse(out) : out])
    }
    return new Map(all)
  }
  const throughProxy = await outputs()
  const json = (line: string) => throughProxy.get(line)
  const text = (line: string) => String(throughProxy.get(line))

  await t.test('requests', () => {
    const all = json('requests --json') as { identity: string; phase: string; origin: string }[]
    assert.deepEqual(
      all.map(({ identity, phase, origin }) => [identity, phase, origin]),
      [
        ['CP-1', 'seen', 'operator'],
        ['CP-2', 'refused', 'operator'],
      ],
    )
    assert.deepEqual(json('requests --phase refused --json'), all.slice(1))
    assert.match(text('requests'), /^CP-2 +refused +ec +operator +.*old certificate stays valid$/m)
    assert.equal(text('requests --phase pending'), 'no charge point has asked for a certificate\n')
  })

  await t.test('issued', async () => {
    const all = json('issued --json') as { identity: string; fingerprint: string; subject: string }[]
    assert.deepEqual(
      all.map(({ identity }) => identity),
      ['CP-2', 'CP-2', 'CP-1'],
      'the newest first',
    )
    const [own] = json('issued --identity CP-1 --json') as typeof all
    assert.ok(own !== undefined)
    assert.deepEqual(own, all[2])
    const renewal = await proxy.store.renewals.get('CP-1')
    assert.equal(own.fingerprint, renewal?.certificateFingerprint)
    assert.match(text('issued'), new RegExp(`^CP-1 .* - +${own.fingerprint}$`, 'm'))
    assert.deepEqual(json('issued --expiring 400 --json'), all)
    assert.deepEqual(json('issued --expiring 400d --json'), all)
    for (const line of ['issued --expiring 1', 'issued --expiring 36h', 'issued --revoked'])
      assert.equal(text(line), 'no certificate was issued\n', line)
    assert.deepEqual(json('issued --limit 1 --json'), all.slice(0, 1))
  })

  await t.test('the store says the same when no proxy runs; renew cannot do without one', async () => {
    assert.equal(await proxy.stop(), 0)
    assert.deepEqual(await outputs(), throughProxy)
    for (const line of ['requests --phase done', 'issued --limit 0', 'renew CP-2'])
      assert.equal((await command(`certificates ${line}`)).code, 2, line)
  })
})
