import type { Logger } from '../observe/log.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { type PeerView, type ReasonCode, reasons } from '../policy/reasons.ts'
import type { GateConnection } from './connection.ts'
import { answerHttp, endSoon, type Refusals } from './refusal.ts'
import { statusHeaders } from './upgrade-answer.ts'

const reset: PeerView = { kind: 'reset' }

/** TLS 1.0 record, alert, fatal, decode_error (RFC 8446 6): for what OpenSSL never got to see. */
const decodeErrorAlert = Buffer.from([21, 3, 1, 0, 2, 2, 50])

/** Ends connections at the gate: noted in one place, and said to the peer as the table of reasons has it. */
export class Refuser {
  readonly #refusals: Refusals
  readonly #log: Logger

  constructor(refusals: Refusals, log: Logger) {
    this.#refusals = refusals
    this.#log = log
  }

  /** `view` stands in for what the table says, where the stage of the connection asks for it. */
  refuse(
    connection: GateConnection,
    reason: ReasonCode,
    detail: string,
    view: PeerView = reasons[reason].peer,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (connection.isSettled) return
    this.#refusals.noteConnection(connection, reason, detail, 'enforce')
    connection.leave()
    const { socket, listener, facts } = connection
    // Without a finished handshake HTTP would be plain text on a TLS port.
    const speaksHttp = listener.tls === undefined || facts.tls !== null
    const said: PeerView = view.kind === 'http' && !speaksHttp ? reset : view
    switch (said.kind) {
      case 'reset':
        socket.destroy()
        connection.raw.destroy()
        break
      case 'tls-alert':
        if (said.alert === 'decode_error' && connection.facts.hello === null)
          connection.raw.write(decodeErrorAlert)
        endSoon(socket)
        break
      case 'close-before-http':
      case 'websocket':
        endSoon(socket)
        break
      case 'http':
        answerHttp(socket, said.status, peerText(reason, said.status), { ...statusHeaders(said), ...headers })
        break
      default:
        said satisfies never
    }
  }

  /** A check found something and is in report mode: counted, and admitted. */
  report(connection: GateConnection, reason: ReasonCode, detail: string): void {
    this.#refusals.noteConnection(connection, reason, detail, 'report')
  }

  /** A connection could not even be accepted: the process is out of descriptors or memory. */
  acceptFailed(listener: string, error: Error): void {
    this.#log.error({ err: messageOf(error), listener }, 'a connection could not be accepted')
  }

  /** Something broke on our side: the connection ends, and the operator hears of it. */
  failed(connection: GateConnection, error: unknown): void {
    const reason = reasonOf(error)
    if (reason !== null) {
      // Before the request is read there is nobody to answer in HTTP.
      const view = connection.facts.identity === null ? reset : reasons[reason].peer
      this.refuse(connection, reason, messageOf(error), view, { 'Retry-After': '10' })
      return
    }
    this.#log.error({ err: messageOf(error), listener: connection.listener.name }, 'a connection failed')
    connection.leave()
    // Once there is an identity HTTP is spoken: the charge point can be told to come back later.
    if (connection.facts.identity !== null) {
      answerHttp(connection.socket, 503, 'unavailable', { 'Retry-After': '10' })
      return
    }
    connection.socket.destroy()
    connection.raw.destroy()
  }
}

/** What is kept, or who keeps it, is at fault, and an operator can tell which: nothing broke here. */
function reasonOf(error: unknown): ReasonCode | null {
  if (!(error instanceof ProxyError)) return null
  if (error.code === 'unseal_failed') return 'upstream_password_unreadable'
  if (error.code.startsWith('store_')) return 'store_unavailable'
  return error.code.startsWith('lease_') ? 'lease_unavailable' : null
}

/**
 * What a refused peer may read: the code of the reason, but nothing that tells an unknown identity
 * from a wrong password (CWE-204).
 */
function peerText(reason: ReasonCode, status: number): string {
  const { peer, stage } = reasons[reason]
  const hides =
    (peer.kind === 'http' && peer.status === 401) || (stage === 'authentication' && status === 404)
  return hides ? 'authentication failed' : reason
}
