import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import type { TlsFacts, TlsLane, TlsVersion } from '../policy/facts.ts'

export type HandshakeOutcome =
  | { readonly ok: true; readonly socket: TLSSocket; readonly tls: TlsFacts }
  | { readonly ok: false; readonly code: string; readonly message: string }

type Waiting = (outcome: HandshakeOutcome) => void

/**
 * Runs the handshakes of accepted sockets. `attach` is for every TLS server that is made; `run`
 * hands a socket to one of them.
 */
export class Handshakes {
  readonly #waiting = new WeakMap<Socket, Waiting>()

  attach(server: Server, lane: TlsLane): void {
    server.on('secureConnection', (socket) => {
      this.#settle(socket, {
        ok: true,
        socket,
        tls: {
          version: versionOf(socket.getProtocol()),
          cipher: socket.getCipher().name,
          resumed: socket.isSessionReused(),
          lane,
        },
      })
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#settle(socket, { ok: false, code: error.code ?? 'unknown', message: error.message })
    })
  }

  /** Never rejected. The bytes read before are waiting in `raw` and go first. */
  run(server: Server, raw: Socket): Promise<HandshakeOutcome> {
    // A dead socket would make no event, and its handshake would count for ever.
    if (raw.destroyed) return Promise.resolve({ ok: false, code: 'ECONNRESET', message: 'closed before' })
    return new Promise((resolve) => {
      this.#waiting.set(raw, resolve)
      server.emit('connection', raw)
    })
  }

  #settle(socket: TLSSocket, outcome: HandshakeOutcome): void {
    const raw = rawSocketOf(socket)
    const resolve = raw === undefined ? undefined : this.#waiting.get(raw)
    if (raw === undefined || resolve === undefined) {
      // Nobody waits for it: whatever it is, it does not get in.
      socket.destroy()
      return
    }
    this.#waiting.delete(raw)
    resolve(outcome)
  }
}

/**
 * The TCP socket under a TLS socket. Node keeps it in a property that its documentation does not
 * name, and offers no other way from the events of a tls.Server to the connection they are about.
 */
function rawSocketOf(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent
}

function versionOf(protocol: string | null): TlsVersion {
  switch (protocol) {
    case 'TLSv1':
    case 'TLSv1.1':
    case 'TLSv1.2':
    case 'TLSv1.3':
      return protocol
    default:
      // Nothing that we admit: the check of the negotiated version refuses it.
      return 'SSLv3'
  }
}
