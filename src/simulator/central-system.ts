import { once } from 'node:events'
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { type CallMessage, messageLimits, type Payload } from '../ocpp/message.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { type Answering, deliver } from './answering.ts'
import { createPeers, type Peers } from './central-system-peers.ts'
import {
  type CentralSystemRecords,
  type ConnectionRecord,
  createRecorder,
  type Recorder,
} from './central-system-records.ts'
import { createCsmsAnswers } from './csms-answers.ts'
import { answerSignCertificate, type SignCsr } from './csms-signing.ts'
import type { Answer, CallOutcome } from './endpoint.ts'
import type { EventListener, SimulatorEvent } from './event.ts'
import { createForeignRecords, type ForeignRecord } from './foreign.ts'
import { createLegacyAnswers, type UnknownActionAnswer } from './legacy-answers.ts'
import { createTraffic, type TrafficCounts } from './traffic.ts'
import { headerLines, judgeUpgrade, refuseUpgrade, type UpgradeRules } from './upgrade.ts'

export interface CentralSystemOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly host?: string
  /** What stands before the identity: '/ocpp' by default. */
  readonly path?: string
  /** Basic credentials that every connection must show; none are asked for by default. */
  readonly credentials?: { readonly username: string; readonly password: Uint8Array }
  readonly unknownActions?: UnknownActionAnswer
  /** Returns the HTTP status for an identity; 101 admits it, which is the default for everybody. */
  readonly acceptIdentities?: (identity: string) => number
  readonly subprotocols?: readonly string[]
  readonly subprotocolMismatch?: UpgradeRules['subprotocolMismatch']
  /** What happens when an identity that is connected comes again: the old one goes, HTTP 409, or both stay. */
  readonly duplicateIdentity?: 'replace' | 'refuse' | 'keep'
  /** Awaited before an upgrade is answered: lets a test hold a connection back. */
  readonly beforeUpgrade?: (identity: string) => Promise<void>
  /** Called in the moment a connection opens, before anything of it is read: the place to send early CALLs. */
  readonly onConnection?: (connection: ConnectionRecord) => void
  /** Takes precedence over the built-in answers; null leaves a CALL to them. */
  readonly answer?: (identity: string, call: CallMessage) => Answer | Promise<Answer> | null
  /** How answers are delivered, the built-in ones and those of `answer`; `prompt` by default. */
  readonly answering?: Answering | ((identity: string, call: CallMessage) => Answering)
  /** Milliseconds that a `late` answer takes; 1000 by default. */
  readonly lateMs?: number
  readonly bootStatus?: 'Accepted' | 'Pending' | 'Rejected'
  readonly heartbeatIntervalSeconds?: number
  /** Signs certificates of charging stations of OCPP 2.0.1; without it their requests are Rejected. */
  readonly sign?: SignCsr
  readonly callTimeoutMs?: number
  /** Connections, messages and closes that are remembered, each; 0 remembers nothing. */
  readonly historyLimit?: number
  /** Foreign messages that are remembered; `historyLimit` by default. */
  readonly foreignLimit?: number
  readonly onEvent?: EventListener
  readonly now?: () => Date
}

export interface CentralSystem extends CentralSystemRecords {
  /** Binds the port; `url` is what charge points append their identity to. @throws ProxyError `listen_failed`. */
  listen(): Promise<{ readonly port: number; readonly url: string }>
  /** Sends a CALL; `closed` when the charge point is not connected. */
  send(
    identity: string,
    action: string,
    payload: Payload,
    options?: { readonly timeoutMs?: number },
  ): Promise<CallOutcome>
  /** ChangeConfiguration; the status of the answer, or what came in its place. */
  changeConfiguration(identity: string, key: string, value: string): Promise<string>
  /** What it got that no central system of OCPP 1.6 without the extension should get. */
  foreign(identity?: string): readonly ForeignRecord[]
  /** How often that was so, forgotten ones included. */
  readonly foreignCount: number
  /** Every CALL and answer so far, over all charge points. */
  traffic(): TrafficCounts
  /** Writes text as it is, to see what a peer makes of it; false when not connected. */
  sendText(identity: string, text: string): boolean
  /** Closes the connection of a charge point; false when there is none. */
  disconnect(identity: string, code?: number, reason?: string): boolean
  /** Ends it without a close frame, as a crash would. */
  terminate(identity: string): boolean
  /** Stops reading, as a half-open peer would: nothing is answered any more, pings neither. */
  mute(identity: string): boolean
  /** Identities that are connected now. */
  identities(): readonly string[]
  /** Ends every connection (1001) and frees the port. */
  close(): Promise<void>
}

/**
 * A central system as they stand in the field: plain ws://, OCPP 1.6 Core, no idea of security. Where
 * `subprotocols` has ocpp2.0.1 and a charging station chose it, it answers as one of OCPP 2.0.1.
 */
export function createCentralSystem(options: CentralSystemOptions = {}): CentralSystem {
  const recorder = createRecorder(options.historyLimit ?? 1000)
  const legacyAnswer = createLegacyAnswers({
    unknownActions: options.unknownActions ?? 'NotImplemented',
    bootStatus: options.bootStatus ?? 'Accepted',
    heartbeatIntervalSeconds: options.heartbeatIntervalSeconds ?? 300,
    now: options.now ?? (() => new Date()),
  })
  const csmsAnswer = createCsmsAnswers({
    bootStatus: options.bootStatus ?? 'Accepted',
    heartbeatIntervalSeconds: options.heartbeatIntervalSeconds ?? 300,
    now: options.now ?? (() => new Date()),
  })
  const foreign = createForeignRecords(options.foreignLimit ?? options.historyLimit ?? 1000)
  const traffic = createTraffic()
  const onEvent = (event: SimulatorEvent): void => {
    foreign.event(event)
    options.onEvent?.(event)
  }

  async function answer(identity: string, call: CallMessage): Promise<Answer> {
    const is201 = peers.get(identity)?.socket.protocol === 'ocpp2.0.1'
    if (!is201) foreign.call(identity, call)
    const usual = is201 ? csmsAnswer : legacyAnswer
    const { answering = 'prompt', lateMs = 1000 } = options
    const how = typeof answering === 'function' ? answering(identity, call) : answering
    const own = (await options.answer?.(identity, call)) ?? signing(identity, call, is201)
    return deliver(own ?? usual(call), how, lateMs)
  }

  /** null: it is about something else, or nobody signs here. */
  function signing(identity: string, call: CallMessage, is201: boolean): Answer | null {
    const { sign } = options
    if (!is201 || sign === undefined || call.action !== 'SignCertificate') return null
    const note = (who: string, detail: string) => onEvent({ kind: 'note', identity: who, detail })
    return answerSignCertificate({ sign, send, note }, identity, call)
  }

  async function send(
    identity: string,
    action: string,
    payload: Payload,
    callOptions?: { readonly timeoutMs?: number },
  ): Promise<CallOutcome> {
    return peers.get(identity)?.endpoint.call(action, payload, callOptions) ?? { kind: 'closed' }
  }

  const peers = createPeers({
    recorder,
    onEvent,
    answer,
    callTimeoutMs: options.callTimeoutMs ?? 30_000,
    traffic,
    keepsOld: options.duplicateIdentity === 'keep',
  })
  const server = createUpgradeServer(options, recorder, peers)

  return {
    ...recorder.records,
    listen: () => server.listen(),
    send,
    async changeConfiguration(identity, key, value) {
      const outcome = await send(identity, 'ChangeConfiguration', { key, value })
      if (outcome.kind === 'result') return String(outcome.payload.status)
      return outcome.kind === 'error' ? outcome.code : outcome.kind
    },
    foreign: foreign.list,
    get foreignCount() {
      return foreign.count
    },
    traffic: traffic.counts,
    sendText(identity, text) {
      const peer = peers.get(identity)
      peer?.socket.send(text)
      return peer !== undefined
    },
    disconnect(identity, code = 1000, reason = '') {
      const peer = peers.get(identity)
      peer?.socket.close(code, reason)
      return peer !== undefined
    },
    terminate(identity) {
      const peer = peers.get(identity)
      peer?.socket.terminate()
      return peer !== undefined
    },
    mute(identity) {
      const peer = peers.get(identity)
      peer?.socket.pause()
      return peer !== undefined
    },
    identities: () => peers.identities(),
    async close() {
      await server.close()
      recorder.close()
    },
  }
}

interface UpgradeServer {
  listen(): Promise<{ readonly port: number; readonly url: string }>
  close(): Promise<void>
}

/** The HTTP side: judges upgrade requests and hands open WebSockets to the peers. */
function createUpgradeServer(options: CentralSystemOptions, recorder: Recorder, peers: Peers): UpgradeServer {
  const path = (options.path ?? '/ocpp').replace(/\/+$/, '')
  const onEvent = options.onEvent ?? (() => {})
  const rules: UpgradeRules = {
    path,
    credentials: options.credentials ?? null,
    acceptIdentities: options.acceptIdentities ?? (() => 101),
    subprotocols: options.subprotocols ?? ['ocpp1.6'],
    subprotocolMismatch: options.subprotocolMismatch ?? 'upgrade-and-close',
  }
  const upgrading = new Set<Duplex>()
  const http = createServer((_request, response) => {
    response.writeHead(426, STATUS_CODES[426], { Upgrade: 'websocket', Connection: 'close' }).end()
  })
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageLimits.textLength,
    perMessageDeflate: false,
    // The same choice as in judgeUpgrade: the client's order is its preference.
    handleProtocols: (offered) => [...offered].find((name) => rules.subprotocols.includes(name)) ?? false,
  })
  http.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head).catch((error: unknown) => {
      onEvent({ kind: 'note', identity: '-', detail: `upgrade failed: ${messageOf(error)}` })
      socket.destroy()
    })
  })

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    upgrading.add(socket)
    const forget = (): void => void upgrading.delete(socket)
    socket.on('error', forget).on('close', forget)
    const target = request.url ?? ''
    const verdict = judgeUpgrade(target, request.headers, rules)
    if (!verdict.ok) return refuse(socket, target, verdict.status, verdict.detail)
    const { identity, subprotocol } = verdict
    await options.beforeUpgrade?.(identity)
    if (socket.destroyed) return
    if (options.duplicateIdentity === 'refuse' && peers.get(identity) !== undefined) {
      return refuse(socket, target, 409, 'this charge point is connected already')
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      upgrading.delete(socket)
      if (subprotocol === null) return peers.reject(identity, webSocket, 1002, 'no common sub-protocol')
      peers.add(identity, webSocket)
      const record = {
        identity,
        url: target,
        headers: request.headers,
        headerLines: headerLines(request),
        subprotocol,
      }
      onEvent({ kind: 'connected', identity, detail: `sub-protocol ${subprotocol ?? 'none'}` })
      options.onConnection?.(record)
      recorder.addConnection(record)
    })
  }

  function refuse(socket: Duplex, target: string, status: number, detail: string): void {
    onEvent({ kind: 'refused', identity: target.slice(0, 200), detail: `HTTP ${status}: ${detail}` })
    refuseUpgrade(socket, status, detail)
  }

  return {
    async listen() {
      const host = options.host ?? '127.0.0.1'
      try {
        http.listen(options.port ?? 0, host)
        await once(http, 'listening')
      } catch (error) {
        throw new ProxyError('listen_failed', 'operator', `cannot listen: ${messageOf(error)}`, {
          cause: error,
        })
      }
      const { port } = http.address() as AddressInfo
      return { port, url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}${path}` }
    },
    async close() {
      const closed = http.listening ? once(http, 'close') : null
      // First the door, then the rooms: nobody comes in while the connections are being closed.
      http.close()
      for (const socket of upgrading) socket.destroy()
      await peers.close()
      http.closeAllConnections()
      await closed
    },
  }
}
