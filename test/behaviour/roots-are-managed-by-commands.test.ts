import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { commandLine } from '../support/command-line.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

async function setUp(t: TestContext) {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  const command = commandLine(proxy, boss)
  const file = (name: string, text: string) => {
    const path = join(proxy.pki.folder, name)
    writeFileSync(path, text)
    return path
  }
  return { proxy, boss, command, file }
}

test('an operator lists, installs and deletes roots by commands, and reads them when no proxy runs', async (t) => {
  const { proxy, command, file } = await setUp(t)
  await proxy.register()
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await assertServed(proxy, chargePoint)
  const root = file('new.pem', (await makeAuthority({ name: 'The new root' })).certificate)

  await t.test('[M03.FR.01] roots', async () => {
    const asked = await command('certificates roots CP-1 --refresh')
    assert.equal(asked.code, 0, asked.err)
    assert.match(asked.out, /^CentralSystemRootCertificate: 1, as of /)
    assert.match(asked.out, /^ManufacturerRootCertificate: 0, as of /m)
  })
  await t.test('[M05.FR.01] install-root', async () => {
    const installed = await command(`certificates install-root CP-1 ${root}`)
    assert.deepEqual([installed.code, installed.err], [0, ''])
    assert.equal(chargePoint.roots.list('CentralSystemRootCertificate').length, 2)
  })
  await t.test('[M04.FR.01] delete-root', async () => {
    const deleted = await command(`certificates delete-root CP-1 --certificate ${root}`)
    assert.deepEqual([deleted.code, deleted.err], [0, ''])
    const [last] = chargePoint.roots.list('CentralSystemRootCertificate')
    assert.ok(last !== undefined)
    const kept = await command(`certificates delete-root CP-1 --serial ${last.serialNumber}`)
    assert.equal(kept.code, 1)
    assert.match(kept.err, /its last CentralSystemRootCertificate.*\(prerequisite\)/)
  })
  await t.test('[M03.FR.01] and the store tells of it when no proxy runs', async () => {
    assert.equal(await proxy.stop(), 0)
    const told = await command('certificates roots CP-1')
    assert.match(told.out, /^CentralSystemRootCertificate: 1, as of /, told.err)
  })
  assert.deepEqual(proxy.central.foreign('CP-1'), [])
})

test('[M05.FR.01] a campaign that was killed goes on with its root', async (t) => {
  const { proxy, command, file } = await setUp(t)
  for (const identity of ['CP-1', 'CP-2']) await proxy.register(identity, { securityProfile: 2 })
  const first = proxy.chargePoint('basic-auth-tls')
  await assertServed(proxy, first)
  const root = file('new.pem', (await makeAuthority({ name: 'The new root' })).certificate)
  const begun = await command(
    `campaign create install-root --certificate ${root} --type manufacturer --all --any-time --json`,
  )
  assert.equal(begun.code, 0, begun.err)
  const { id } = JSON.parse(begun.out)
  while ((await proxy.store.campaigns.counts(id)).done < 1) await first.heartbeat()
  proxy.process.signal('SIGKILL')
  await proxy.process.exit
  await proxy.start()
  const second = proxy.chargePoint('basic-auth-tls', { identity: 'CP-2' })
  await second.connect()
  await second.boot()
  await proxy.log.wait('the end', ({ campaign, state }) => campaign === id && state === 'finished')
  assert.equal(second.roots.list('ManufacturerRootCertificate').length, 1)
  assert.partialDeepStrictEqual(await proxy.store.campaigns.counts(id), { done: 2, failed: 0 })
})

test('[CWE-770] a list without an end changes nothing, and ends nothing but itself', async (t) => {
  const { proxy, boss } = await setUp(t)
  await proxy.register()
  const entry = { hashAlgorithm: 'SHA256', issuerNameHash: 'ab', issuerKeyHash: 'cd', serialNumber: '1' }
  let list: unknown[] = []
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    commands: {
      GetInstalledCertificateIds: () => ({
        kind: 'result',
        payload: { status: 'Accepted', certificateHashData: list },
      }),
    },
  })
  await assertServed(proxy, chargePoint)
  const refresh = (timeoutSeconds = 60) =>
    boss.ask(proxy, 'POST', '/charge-points/CP-1/root-certificates/refresh', { timeoutSeconds })
  for (const hostile of [
    Array.from({ length: 101 }, () => entry),
    [[[[[]]]]],
    [{ ...entry, serialNumber: '1'.repeat(10_000) }],
    [null, 1, 'x', true, {}],
    [{ ...entry, childCertificateHashData: Array.from({ length: 500 }, () => entry) }],
  ]) {
    list = hostile
    assert.partialDeepStrictEqual(await refresh(), { status: 409, body: { code: 'error_answer' } })
    assert.equal((await chargePoint.heartbeat()).kind, 'result')
  }
  list = Array.from({ length: 10_000 }, () => entry)
  // No charge point can send that much in one message: its answer does not come.
  const flooded = await refresh(5)
  assert.equal(flooded.status, 409)
  assert.deepEqual(await proxy.store.roots.inventory('CP-1'), [])
  list = [entry]
  if (!chargePoint.isOpen) await chargePoint.connect()
  assert.equal((await refresh()).status, 200, 'whoever comes to reason is heard')
})
