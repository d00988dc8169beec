import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { TlsFacts, TlsLane, TlsVersion } from '../policy/facts.ts'

export type HandshakeOutcome =
  | {
      readonly ok: true
      readonly socket: TLSSocket
      readonly tls: TlsFacts
      /** With what else the client sent behind it as `issuerCertificate`; null: none. */
      readonly certificate: X509Certificate | null
      /** OpenSSL's verdict on the certificate, as Node names it; null: it agreed. */
      readonly opensslError: string | null
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** How one handshake is to be answered. */
export interface HandshakeOptions {
  readonly context: SecureContext
  readonly lane: TlsLane
  /** Ask for a client certificate (profile 3). Whether it will do is judged afterwards. */
  readonly requestCertificate: boolean
}

/**
 * What a TLS server of Node does behind its events, and no documented way offers. A tls.Server
 * cannot be used instead: from Node 24 on it reads the certificate once before it says
 * secureConnection, and with that what the client sent behind it is lost (RFC 5246 7.4.6).
 */
interface TlsInternals {
  readonly _handle: { verifyError(): { readonly code?: string } | null } | null
  /** From here on errors of the connection are emitted, not kept for the handshake. */
  _releaseControl(): boolean
}

/** Runs a handshake on an accepted socket; what was read before waits in `raw`. Never rejected. */
export function handshake(raw: Socket, options: HandshakeOptions): Promise<HandshakeOutcome> {
  // A dead socket would make no event, and its handshake would count for ever.
  if (raw.destroyed) return Promise.resolve(failed('ECONNRESET', 'closed before the handshake'))
  return new Promise((resolve) => {
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: options.context,
      requestCert: options.requestCertificate,
      rejectUnauthorized: false,
    })
    const settle = (outcome: HandshakeOutcome) => {
      socket.off('secure', onSecure)
      socket.off('error', onError)
      socket.off('close', onClose)
      socket.off('end', onEnd)
      // Node says what broke, and leaves the socket open.
      socket.on('error', () => socket.destroy())
      resolve(outcome)
    }
    const onSecure = () => {
      try {
        settle(secured(socket, options))
      } catch (error) {
        socket.destroy()
        settle(failed('node_unsupported', messageOf(error)))
      }
    }
    const onError = (error: NodeJS.ErrnoException) => settle(failed(error.code ?? 'unknown', error.message))
    const onClose = () => settle(failed('ECONNRESET', 'closed during the handshake'))
    // Half-open sockets are allowed, but nobody shakes hands with one hand.
    const onEnd = () => socket.destroy()
    socket.on('secure', onSecure)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('end', onEnd)
  })
}

function secured(socket: TLSSocket, { lane, requestCertificate }: HandshakeOptions): HandshakeOutcome {
  // First of all: Node hands out what came behind the certificate only once.
  const certificate = requestCertificate ? (socket.getPeerX509Certificate() ?? null) : null
  const internals = internalsOf(socket)
  // An error of Node, stack and all: only where there is something to judge.
  const verdict = certificate === null ? null : (internals._handle?.verifyError() ?? null)
  internals._releaseControl()
  return {
    ok: true,
    socket,
    certificate,
    // Without a certificate OpenSSL complains of a missing issuer, which helps nobody.
    opensslError: verdict === null ? null : (verdict.code ?? 'UNSPECIFIED'),
    tls: {
      version: versionOf(socket.getProtocol()),
      cipher: socket.getCipher().name,
      resumed: socket.isSessionReused(),
      lane,
    },
  }
}

/** Throws ProxyError `node_unsupported` on a Node that has changed inside: never guess about a certificate. */
function internalsOf(socket: TLSSocket): TlsInternals {
  const internals = socket as unknown as TlsInternals
  if (
    typeof internals._releaseControl === 'function' &&
    typeof internals._handle?.verifyError === 'function'
  ) {
    return internals
  }
  throw new ProxyError('node_unsupported', 'proxy', `TLS of Node ${process.version} is not what is known`)
}

function failed(code: string, message: string): HandshakeOutcome {
  return { ok: false, code, message }
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
