import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { closeCodeIn, readFrames } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { type ListenerName, listenerNames } from '../support/proxy-config.ts'
import { ask, behindHead, RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'
import { type Login, Octt, play } from './octt.ts'

/** What the tool shows on each listener. */
async function setUp(t: TestContext, subprotocolMismatch: string) {
  const listeners = Object.fromEntries(listenerNames.map((name) => [name, { subprotocolMismatch }]))
  const proxy = await startProxy(t, { listeners })
  const password = await proxy.register()
  const certificate = await proxy.pki.cpo.chargePoint()
  const loginOf = (listener: ListenerName): Login =>
    listener === 'mutual-tls' ? { certificate } : { password }
  const rawTo = (listener: ListenerName) => ({
    port: proxy.port(listener),
    ...(listener === 'basic-auth' ? {} : { tls: { cert: certificate.chain, key: certificate.key } }),
  })
  return { proxy, password, loginOf, rawTo, tool: new Octt(t, proxy) }
}

/** Served with `ocpp1.6`, whatever else is offered before it. */
function served(tool: Octt, listener: ListenerName, login: Login) {
  return [
    `[TC_088_CSMS][OCPP-J 3.1.2] ${listener}: of ocpp0.1 and ocpp1.6 the second one is chosen`,
    async () => {
      await tool.connect(listener, { ...login, protocols: ['ocpp0.1', 'ocpp1.6'] })
      await tool.boot()
      await tool.close()
    },
  ] as const
}

test('[TC_088_CSMS] subprotocolMismatch: reject, the default', async (t) => {
  const { proxy, password, loginOf, rawTo, tool } = await setUp(t, 'reject')
  for (const listener of listenerNames) {
    const login = loginOf(listener)
    await proxy.store.registry.update('CP-1', { securityProfile: null })
    await play(t, tool, [
      [
        `[TC_088_CSMS][OCPP-J 3.1.2] ${listener}: ocpp0.1 is not upgraded`,
        async () => {
          const seen = await tool.refused(listener, { ...login, protocols: ['ocpp0.1'] })
          assert.partialDeepStrictEqual(seen, { kind: 'http', status: 400 })
        },
      ],
      served(tool, listener, login),
    ])
  }
  await t.test('[TC_088_CSMS][OCPP-J 3.1.2] no sub-protocol at all is not upgraded either', async () => {
    const request = upgradeRequest({ password, protocols: null })
    assert.equal((await ask(rawTo('basic-auth'), request)).status, 400)
    await tool.quiet()
  })
})

test('[TC_088_CSMS] subprotocolMismatch: upgrade-and-close, by the letter of OCPP-J', async (t) => {
  const { proxy, password, loginOf, rawTo, tool } = await setUp(t, 'upgrade-and-close')
  for (const listener of listenerNames) {
    const login = loginOf(listener)
    await proxy.store.registry.update('CP-1', { securityProfile: null })
    await play(t, tool, [
      [
        `[TC_088_CSMS] ${listener}: for the tool the handshake with ocpp0.1 fails`,
        async () => {
          // RFC 6455 4.1: a client that offered sub-protocols and got none fails the connection.
          const seen = await tool.refused(listener, { ...login, protocols: ['ocpp0.1'] })
          assert.deepEqual(seen, { kind: 'error', message: 'Server sent no subprotocol' })
        },
      ],
      [
        `[TC_088_CSMS][OCPP-J 3.2] ${listener}: upgraded without a sub-protocol, and closed at once`,
        async () => {
          const client = await RawClient.connect(rawTo(listener))
          t.after(() => client.destroy())
          const credentials = listener === 'mutual-tls' ? {} : { password }
          client.write(upgradeRequest({ ...credentials, protocols: 'ocpp0.1' }))
          const heard = await client.until((bytes) => closeCodeIn(readFrames(behindHead(bytes))) !== null)
          const { status, headers } = readAnswer(heard)
          assert.equal(status, 101)
          assert.equal(headers['sec-websocket-protocol'], undefined)
          const frames = readFrames(behindHead(heard))
          assert.equal(frames.length, 1, 'nothing but the Close frame')
          assert.equal(closeCodeIn(frames), 1002)
        },
      ],
      served(tool, listener, login),
    ])
  }
})
