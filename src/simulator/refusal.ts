import type { IncomingHttpHeaders } from 'node:http'
import { messageOf, ProxyError } from '../policy/error.ts'
import { receivedAlert } from './tls-alert.ts'

/** How far a connection came. */
export const connectStages = ['tcp', 'tls', 'http', 'websocket'] as const
export type ConnectStage = (typeof connectStages)[number]

/** Events that a charge point raises about its central system (A00.FR.309, A00.FR.315, A00.FR.322). */
export type ChargePointSecurityEvent =
  | 'InvalidCentralSystemCertificate'
  | 'InvalidTLSVersion'
  | 'InvalidTLSCipherSuite'

/** What the refused side saw, as exactly as Node can tell. */
export interface RefusalSeen {
  readonly stage: ConnectStage
  readonly detail: string
  /** System, OpenSSL or HTTP parser code, such as ECONNREFUSED or CERT_HAS_EXPIRED. */
  readonly errorCode: string | null
  /** Name of the alert that the peer sent (RFC 8446 6), such as protocol_version. */
  readonly tlsAlert: string | null
  readonly httpStatus: number | null
  readonly httpHeaders: IncomingHttpHeaders | null
  /** The first 16 KiB. */
  readonly body: string | null
  /** WebSocket close code, where a close frame ended the attempt. */
  readonly closeCode: number | null
  /** Set when it is the charge point that refuses. */
  readonly securityEvent: ChargePointSecurityEvent | null
}

/** A connection that did not come about. */
export class ConnectRefusal extends ProxyError implements RefusalSeen {
  readonly stage: ConnectStage
  readonly detail: string
  readonly errorCode: string | null
  readonly tlsAlert: string | null
  readonly httpStatus: number | null
  readonly httpHeaders: IncomingHttpHeaders | null
  readonly body: string | null
  readonly closeCode: number | null
  readonly securityEvent: ChargePointSecurityEvent | null

  constructor(
    seen: Partial<RefusalSeen> & Pick<RefusalSeen, 'stage' | 'detail'>,
    options?: { cause?: unknown },
  ) {
    const ownDoing = seen.securityEvent !== undefined && seen.securityEvent !== null
    super(
      'connect_refused',
      ownDoing ? 'charge-point' : 'central-system',
      `${seen.stage}: ${seen.detail}`,
      options,
    )
    this.name = 'ConnectRefusal'
    this.stage = seen.stage
    this.detail = seen.detail
    this.errorCode = seen.errorCode ?? null
    this.tlsAlert = seen.tlsAlert ?? null
    this.httpStatus = seen.httpStatus ?? null
    this.httpHeaders = seen.httpHeaders ?? null
    this.body = seen.body ?? null
    this.closeCode = seen.closeCode ?? null
    this.securityEvent = seen.securityEvent ?? null
  }

  /** For JSON lines: what was seen, without the stack. */
  seen(): RefusalSeen {
    const { stage, detail, errorCode, tlsAlert, httpStatus, httpHeaders, body, closeCode, securityEvent } =
      this
    return { stage, detail, errorCode, tlsAlert, httpStatus, httpHeaders, body, closeCode, securityEvent }
  }
}

/**
 * Puts an error of a socket in words. `stage` is where the attempt stood, `secure` whether TLS is in use.
 * With TLS 1.3 a client is done with its handshake before the server has judged its certificate, so that a
 * refusal arrives while the client waits for HTTP: it still belongs to TLS.
 */
export function refusalOf(error: unknown, stage: ConnectStage, secure: boolean): ConnectRefusal {
  if (error instanceof ConnectRefusal) return error
  const errorCode = codeOf(error)
  const message = messageOf(error)
  const tlsAlert = receivedAlert(message)
  const known = { errorCode, tlsAlert }
  if (tlsAlert !== null) {
    return new ConnectRefusal({ ...known, stage: 'tls', detail: `alert ${tlsAlert}` }, { cause: error })
  }
  if (stage === 'http' && isConnectionLoss(errorCode)) {
    return secure
      ? new ConnectRefusal({ ...known, stage: 'tls', detail: 'closed after handshake, before HTTP' })
      : new ConnectRefusal({ ...known, stage: 'tcp', detail: 'closed before HTTP' })
  }
  if (stage === 'tls' && isConnectionLoss(errorCode)) {
    return new ConnectRefusal({ ...known, stage, detail: 'closed during handshake' }, { cause: error })
  }
  const securityEvent = stage === 'tls' ? eventOf(errorCode) : null
  return new ConnectRefusal({ ...known, stage, detail: message, securityEvent }, { cause: error })
}

/** OpenSSL's reasons for not liking what a server chose. */
function eventOf(errorCode: string | null): ChargePointSecurityEvent | null {
  switch (errorCode) {
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_WRONG_SSL_VERSION':
      return 'InvalidTLSVersion'
    case 'ERR_SSL_WRONG_CIPHER_RETURNED':
    case 'ERR_SSL_UNKNOWN_CIPHER_RETURNED':
      return 'InvalidTLSCipherSuite'
    default:
      return null
  }
}

function isConnectionLoss(code: string | null): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
