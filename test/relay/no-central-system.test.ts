import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noCentralSystem } from '../../src/relay/no-central-system.ts'
import { opcode } from '../../src/relay/opcode.ts'
import { Session, type SessionEnd, type SessionFacts } from '../../src/relay/session.ts'
import { answerWith, type UseCase } from '../../src/relay/use-case.ts'
import { Peer, socketPair, testContext } from './sockets.ts'
import { closePayload, testMask, textsOf } from './wire.ts'

const facts: SessionFacts = {
  identity: 'CP1',
  listener: 'test',
  profile: 2,
  protocol: 'ocpp1.6',
  address: '192.0.2.1',
  port: 1,
  certificate: null,
  serialNumber: null,
  credential: 'current',
  pendingUpgrade: null,
  stage: 'onboarding',
}

const answers: UseCase = {
  name: 'answers',
  watches: [{ direction: 'to-central-system', action: '*' }],
  onCall: ({ action }) => answerWith({ was: action }),
}

/** A session with nobody behind it. */
async function setUp(useCases: readonly UseCase[] = [answers]) {
  const { near, far } = await socketPair()
  const { context, clock } = testContext({ useCases })
  const { promise: ended, resolve } = Promise.withResolvers<SessionEnd>()
  const link = noCentralSystem(262_144)
  const session = new Session(facts, near, link, context, {
    started() {},
    refused() {},
    ended: (_session, end) => resolve(end),
  })
  session.start(Buffer.alloc(0))
  return { session, chargePoint: new Peer(far, testMask), clock, ended, link }
}

test('[A00.FR.806] CALLs are answered by use cases; answers that nobody waits for end here', async () => {
  const { chargePoint, session, ended } = await setUp()
  chargePoint.send('[3,"nobody asked",{}]', '[2,"1","Heartbeat",{}]', '[9,"unknown type"]')
  await chargePoint.untilFrames(1)
  assert.deepEqual(textsOf(chargePoint.frames), ['[3,"1",{"was":"Heartbeat"}]'])
  chargePoint.send('[2,"2","Unheard",{}]')
  await chargePoint.untilFrames(2)
  assert.equal(session.isOpen, true)
  chargePoint.socket.destroy()
  assert.partialDeepStrictEqual(await ended, { by: 'charge-point' })
})

test('[A00.FR.806] our own CALLs reach the charge point, and none goes to a central system', async () => {
  const { chargePoint, session, ended } = await setUp()
  const outcome = session.callChargePoint('ChangeConfiguration', { key: 'CpoName', value: 'X' })
  await chargePoint.untilFrames(1)
  const [, id] = JSON.parse(textsOf(chargePoint.frames)[0] ?? '') as [number, string]
  chargePoint.send(`[3,"${id}",{"status":"Accepted"}]`)
  assert.deepEqual(await outcome, { kind: 'result', payload: { status: 'Accepted' } })
  assert.partialDeepStrictEqual(await session.callCentralSystem('Heartbeat', {}), { kind: 'not-sent' })
  chargePoint.socket.destroy()
  await ended
})

test('[RFC 6455 5.5] pings have their pong, in both directions', async () => {
  const { chargePoint, session, clock, ended } = await setUp()
  const ofKind = (code: number) => chargePoint.frames.filter((one) => one.opcode === code)
  // Silence on the other side is asked about, and answered: it is no reason to end the session.
  for (let turn = 1; turn <= 3; turn += 1) {
    chargePoint.send({ opcode: opcode.ping, payload: `there ${turn}?` })
    await chargePoint.until(() => ofKind(opcode.pong).length === turn)
    assert.equal(ofKind(opcode.pong).at(-1)?.payload.toString(), `there ${turn}?`)
    clock.seconds += 10
    session.sweep({ idle: 5, pingTimeout: 5, refill: 0 })
    await chargePoint.until(() => ofKind(opcode.ping).length === turn)
  }
  assert.equal(session.isOpen, true)
  chargePoint.socket.destroy()
  await ended
})

test('[RFC 6455 7.1] either side closes, and both connections end', async () => {
  const first = await setUp()
  first.chargePoint.send({ opcode: opcode.close, payload: closePayload(1000, 'bye') })
  await first.chargePoint.until(() => first.chargePoint.isEnded)
  assert.equal(first.chargePoint.frames.at(-1)?.payload.readUInt16BE(0), 1000)
  first.chargePoint.socket.end()
  assert.deepEqual(await first.ended, { by: 'charge-point', code: 1000, text: 'bye' })
  assert.equal(first.link.socket.destroyed, true)

  const second = await setUp()
  second.session.end(1001, 'come again')
  await second.chargePoint.untilFrames(1)
  assert.equal(second.chargePoint.frames[0]?.payload.readUInt16BE(0), 1001)
  second.chargePoint.send({ opcode: opcode.close, payload: closePayload(1001, '') })
  await second.chargePoint.until(() => second.chargePoint.isEnded)
  second.chargePoint.socket.end()
  assert.deepEqual(await second.ended, { by: 'proxy', code: 1001, text: 'come again' })
})

test('[CWE-770] a session that is destroyed leaves nothing behind', async () => {
  const { session, link, ended, chargePoint } = await setUp()
  session.destroy()
  await ended
  assert.equal(link.socket.destroyed, true)
  await chargePoint.until(() => chargePoint.isClosed || chargePoint.isEnded)
  chargePoint.socket.destroy()
})
