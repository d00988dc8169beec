import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { createLogger } from '../../../src/observe/log.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import { EventOutbox } from '../../../src/usecases/security-events/outbox.ts'
import { OwnSession } from '../../../src/usecases/security-events/own-session.ts'
import { memoryEvents, securityEvent } from '../../support/memory-events.ts'

type Message = readonly unknown[]

/** A central system that answers what `answers` says; every message is kept and can be awaited. */
async function centralSystem(
  context: TestContext,
  answers: (action: string, payload: Record<string, unknown>) => Record<string, unknown> | null,
) {
  const received: Message[] = []
  const sockets: WebSocket[] = []
  const urls: (string | undefined)[] = []
  const waiting: (() => void)[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket, request) => {
    sockets.push(socket)
    urls.push(request.url)
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString()) as Message
      received.push(message)
      if (message[0] === 2) {
        const answer = answers(String(message[2]), message[3] as Record<string, unknown>)
        if (answer !== null) socket.send(JSON.stringify([3, message[1], answer]))
      }
      for (const look of waiting.splice(0)) look()
    })
  })
  await once(server, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.terminate()
    server.close()
  })
  const until = async (fits: () => boolean) => {
    while (!fits()) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const { port } = server.address() as AddressInfo
  const infos = () =>
    received
      .filter(([, , action]) => action === 'SecurityEventNotification')
      .map((message) => (message[3] as { techInfo: string }).techInfo)
  return { received, sockets, urls, until, infos, url: `ws://127.0.0.1:${port}/ocpp/SECURITY-PROXY` }
}

function ownSession(context: TestContext, url: string, live: ReadonlySet<string> = new Set()) {
  const events = memoryEvents()
  const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
  const log = createLogger('silent')
  const outbox = new EventOutbox({
    events,
    metrics,
    log,
    wait: async () => true,
    wanted: () => true,
    settings: () => ({
      form: 'SecurityEventNotification',
      perMinute: 100,
      dataTransfer: { vendorId: 'V', messageId: 'M' },
    }),
  })
  const session = new OwnSession({
    events,
    outbox,
    isLive: (identity) => live.has(identity),
    target: () => ({
      identity: 'SECURITY-PROXY',
      url,
      headers: {},
      ca: undefined,
      connectTimeoutMs: 60_000,
      boot: { chargePointVendor: 'us', chargePointModel: 'proxy', firmwareVersion: '0' },
    }),
    log,
    random: () => 0,
    callTimeoutMs: () => 60_000,
  })
  context.after(() => session.close())
  const store = async (techInfo: string, identity: string | null = null) => {
    await events.append([securityEvent({ origin: 'proxy', techInfo, identity })])
    session.wake()
  }
  return { events, session, store }
}

const accepting = (action: string) =>
  action === 'BootNotification' ? { status: 'Accepted', interval: 300 } : {}

test('[A00.FR.323] refusals of strangers reach the central system over a session of the proxy', {
  timeout: 120_000,
}, async (context) => {
  const central = await centralSystem(context, accepting)
  const { events, session, store } = ownSession(context, central.url)
  await events.append([securityEvent({ techInfo: 'history' })])
  session.start()
  await central.until(() => central.received.length === 1)
  assert.deepEqual(central.urls, ['/ocpp/SECURITY-PROXY'])
  assert.deepEqual(central.received[0]?.slice(2), [
    'BootNotification',
    { chargePointVendor: 'us', chargePointModel: 'proxy', firmwareVersion: '0' },
  ])
  await store('stranger')
  await store('unproven', 'CP9')
  await central.until(() => central.infos().length === 2)
  assert.deepEqual(central.infos(), ['192.0.2.1: stranger', 'CP9: unproven'])
  assert.equal(events.cursors.has('central-system/CP9'), false, 'strangers leave nothing behind')
})

test('[principle 4] what a charge point has a session for goes there; one that is away has one cursor for both ways', {
  timeout: 120_000,
}, async (context) => {
  const central = await centralSystem(context, accepting)
  const { events, session, store } = ownSession(context, central.url, new Set(['CP1']))
  await events.append([securityEvent({ identity: 'CP2', techInfo: 'left over' })])
  await events.setCursor('central-system/CP2', 0)
  session.start()
  await central.until(() => central.received.length === 1)
  await store('its own', 'CP1')
  await store('while away', 'CP2')
  await store('stranger')
  await central.until(() => central.infos().length === 3)
  assert.deepEqual(central.infos(), ['CP2: left over', 'CP2: while away', '192.0.2.1: stranger'])
  assert.equal(events.cursors.get('central-system/CP2'), 3)
})

test('[OCPP-J 4.1] it answers every CALL that it does not support, and comes back when it was closed', {
  timeout: 120_000,
}, async (context) => {
  const central = await centralSystem(context, accepting)
  const { session, store } = ownSession(context, central.url)
  session.start()
  await central.until(() => central.received.length === 1)
  central.sockets[0]?.send(JSON.stringify([2, 'a', 'Reset', { type: 'Soft' }]))
  central.sockets[0]?.send(JSON.stringify([2, 'b', 'Dance', {}]))
  central.sockets[0]?.send('nonsense')
  await central.until(() => central.received.length === 3)
  assert.deepEqual(
    central.received.slice(1).map((message) => message.slice(0, 3)),
    [
      [4, 'a', 'NotSupported'],
      [4, 'b', 'NotImplemented'],
    ],
  )
  central.sockets[0]?.terminate()
  await store('meanwhile')
  await central.until(() => central.infos().length === 1)
  assert.equal(central.sockets.length, 2)
})

test('[OCPP 1.6 4.2] nothing is said while BootNotification is not accepted', {
  timeout: 120_000,
}, async (context) => {
  let isAsked = false
  const central = await centralSystem(context, (action) => {
    isAsked = action === 'BootNotification'
    return isAsked ? { status: 'Pending', interval: 300 } : {}
  })
  const { session, store } = ownSession(context, central.url)
  session.start()
  await central.until(() => isAsked)
  await store('stranger')
  central.sockets[0]?.ping()
  await once(central.sockets[0] as WebSocket, 'pong')
  assert.deepEqual(central.infos(), [])
})
