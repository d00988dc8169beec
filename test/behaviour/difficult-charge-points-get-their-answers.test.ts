import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { unknownActionAnswers } from '../../src/simulator/legacy-answers.ts'
import { frame, readFrames } from '../support/frames.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { behindHead, type RawClient, upgraded, upgradeRequest } from '../support/raw-client.ts'

type Message = readonly unknown[]

const timestamp = '2026-01-02T03:04:05Z'
const boot = [2, 'boot', 'BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' }]
const event = (id: string, type: unknown) => [2, id, 'SecurityEventNotification', { type, timestamp }]

/** A charge point whose frames are written by hand, after its BootNotification. */
async function begin(t: TestContext, proxy: TestProxy, identity: string) {
  const password = await proxy.register(identity)
  const to = { port: proxy.port('basic-auth-tls'), tls: {} }
  const client = await upgraded(to, upgradeRequest({ identity, password }))
  t.after(() => client.destroy())
  const messages = (): readonly Message[] =>
    readFrames(behindHead(client.heard)).map(({ payload }) => JSON.parse(payload.toString()) as Message)
  /** Sends all of them in one piece; as many answers as there are. */
  const send = async (...calls: readonly unknown[]) => {
    const before = messages().length
    client.write(Buffer.concat(calls.map((call) => frame(JSON.stringify(call)))))
    await client.until(() => messages().length >= before + calls.length)
    return messages().slice(before)
  }
  await send(boot)
  return { client, send, messages }
}

/** Waits for a ping to come back from the central system: nothing else was on its way. */
async function nothingElse(client: RawClient, count: number): Promise<void> {
  client.write(frame('end', { opcode: 9 }))
  await client.until((heard) => readFrames(behindHead(heard)).some(({ opcode }) => opcode === 10))
  assert.equal(readFrames(behindHead(client.heard)).length, count + 1)
}

const actionsAt = (proxy: TestProxy, identity: string) =>
  proxy.central.messages(identity).map(({ message }) => (message?.kind === 'call' ? message.action : message))

const typesOf = async (proxy: TestProxy, identity: string) => {
  const stored = await proxy.store.events.list({ identity, limit: 100, afterId: 0 })
  return stored.filter(({ origin }) => origin === 'charge-point').map(({ type }) => type)
}

const answerTo = (answers: readonly Message[], id: string) => answers.filter((answer) => answer[1] === id)

for (const unknownActions of unknownActionAnswers) {
  test(`in front of a central system that answers ${unknownActions}`, async (t) => {
    const proxy = await startProxy(t, { central: { unknownActions } })

    await t.test(
      '[A04.FR.03][A02.FR.12][N01.FR.01][L01.FR.01] pipelined CALLs, each its own answer',
      async (t) => {
        const { client, send, messages } = await begin(t, proxy, 'CP-1')
        const answers = await send(
          event('a', 'SettingSystemTime'),
          [2, 'b', 'Heartbeat', {}],
          [2, 'c', 'SignCertificate', { csr: 'PEM' }],
          [2, 'd', 'StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' }],
          [2, 'e', 'LogStatusNotification', { status: 'Uploading', requestId: 1 }],
          event('f', 'MemoryExhaustion'),
          [2, 'g', 'SignedFirmwareStatusNotification', { status: 'Installed', requestId: 1 }],
          [2, 'h', 'X-Telemetry', {}],
          event('i', 'StartupOfTheDevice'),
        )
        for (const [id, expected] of [
          ['a', [3, 'a', {}]],
          ['c', [3, 'c', { status: 'Rejected' }]],
          ['d', [3, 'd', {}]],
          ['e', [3, 'e', {}]],
          ['f', [3, 'f', {}]],
          ['g', [3, 'g', {}]],
          ['i', [3, 'i', {}]],
        ] as const) {
          assert.deepEqual(answerTo(answers, id), [expected])
        }
        assert.partialDeepStrictEqual(answerTo(answers, 'b'), [[3, 'b']])
        assert.deepEqual(
          answerTo(answers, 'h').map((answer) => answer.slice(0, 3)),
          [[4, 'h', unknownActions]],
        )
        await nothingElse(client, messages().length)
        const core = ['BootNotification', 'Heartbeat', 'StatusNotification', 'X-Telemetry']
        assert.deepEqual(actionsAt(proxy, 'CP-1'), core)
        assert.deepEqual(await typesOf(proxy, 'CP-1'), [
          'SettingSystemTime',
          'MemoryExhaustion',
          'StartupOfTheDevice',
        ])
      },
    )

    await t.test('[OCPP-J 4.1.4] one id for every CALL, one after the other and at once', async (t) => {
      const { client, send, messages } = await begin(t, proxy, 'CP-2')
      assert.deepEqual(await send(event('1', 'SettingSystemTime')), [[3, '1', {}]])
      const [heartbeat] = await send([2, '1', 'Heartbeat', {}])
      assert.ok('currentTime' in Object(heartbeat?.[2]))
      assert.deepEqual(await send(event('1', 'SettingSystemTime')), [[3, '1', {}]])
      const both = await send(
        event('7', 'MemoryExhaustion'),
        [2, '7', 'Heartbeat', {}],
        event('7', 'ResetOrReboot'),
      )
      assert.deepEqual(
        both.map(([kind, id]) => [kind, id]),
        [
          [3, '7'],
          [3, '7'],
          [3, '7'],
        ],
      )
      assert.equal(both.filter((answer) => 'currentTime' in Object(answer[2])).length, 1)
      await nothingElse(client, messages().length)
      assert.deepEqual(actionsAt(proxy, 'CP-2'), ['BootNotification', 'Heartbeat', 'Heartbeat'])
      // The same event with the same time is one that was repeated: confirmed again, kept once.
      const types = ['SettingSystemTime', 'MemoryExhaustion', 'ResetOrReboot']
      assert.deepEqual(await typesOf(proxy, 'CP-2'), types)
    })
  })
}

test('what charge points make of a security event', async (t) => {
  const proxy = await startProxy(t)

  await t.test('[A04.FR.03] a type that nobody knows is stored and confirmed', async (t) => {
    const { send } = await begin(t, proxy, 'CP-1')
    const types = ['VendorDoorOpened', 'x', 'T'.repeat(50), 'Gehäuse geöffnet ⚡', 'constructor', '__proto__']
    for (const type of types) assert.deepEqual(await send(event('1', type)), [[3, '1', {}]], type)
    assert.deepEqual(await typesOf(proxy, 'CP-1'), types)
    assert.deepEqual(actionsAt(proxy, 'CP-1'), ['BootNotification'])
    const counted = await proxy.metrics()
    const labels = { type: 'other', origin: 'charge-point' }
    assert.equal(counted.sum('ocpp_proxy_security_events_total', labels), types.length)
  })

  await t.test('[OCPP-J 4.2.3] what is malformed gets an error, and nobody else sees it', async (t) => {
    const { send } = await begin(t, proxy, 'CP-2')
    const action = 'SecurityEventNotification'
    for (const call of [
      [2, '1', action, {}],
      [2, '1', action, { type: 'T'.repeat(51), timestamp }],
      [2, '1', action, { type: '', timestamp }],
      [2, '1', action, { type: ['x'], timestamp }],
      [2, '1', action, { type: 'x', timestamp: 5 }],
      [2, '1', action, []],
      [2, '1', action, null],
      [2, '1', action, 'text'],
      [2, '1', action, {}, {}],
      [2, '1', 'SignCertificate', { csr: 5 }],
      [2, '1', 'LogStatusNotification', { status: null }],
      [2, '1', 'SignedFirmwareStatusNotification', { status: 'Installed', requestId: 'one' }],
    ]) {
      const [answer, ...more] = await send(call)
      assert.deepEqual([answer?.slice(0, 2), more], [[4, '1'], []], JSON.stringify(call))
    }
    assert.deepEqual(await send(event('2', 'SettingSystemTime')), [[3, '2', {}]])
    assert.deepEqual(await typesOf(proxy, 'CP-2'), ['SettingSystemTime'])
    assert.deepEqual(actionsAt(proxy, 'CP-2'), ['BootNotification'])
  })

  await t.test('[A04.FR.02] no confirmation while the store fails, and one afterwards', async (t) => {
    const { client, send, messages } = await begin(t, proxy, 'CP-3')
    const database = new DatabaseSync(join(proxy.pki.folder, 'data', 'proxy.db'), { timeout: 60_000 })
    t.after(() => database.close())
    database.exec(`create trigger no_space before insert on security_events
      begin select raise(abort, 'database or disk is full'); end`)
    const [refused] = await send(event('1', 'MemoryExhaustion'))
    assert.deepEqual(refused?.slice(0, 3), [4, '1', 'InternalError'])
    const [heartbeat] = await send([2, '2', 'Heartbeat', {}])
    assert.deepEqual(heartbeat?.slice(0, 2), [3, '2'])
    assert.deepEqual(await typesOf(proxy, 'CP-3'), [])

    database.exec('drop trigger no_space')
    // A charge point repeats what was not confirmed.
    assert.deepEqual(await send(event('3', 'MemoryExhaustion')), [[3, '3', {}]])
    assert.deepEqual(await typesOf(proxy, 'CP-3'), ['MemoryExhaustion'])
    await nothingElse(client, messages().length)
    assert.deepEqual(actionsAt(proxy, 'CP-3'), ['BootNotification', 'Heartbeat'])
  })
})
