import type { IncomingMessage } from 'node:http'
import type { ReasonCode } from '../policy/reasons.ts'

/** A checked upgrade request. */
export interface UpgradeRequest {
  /** Request target as it came. */
  readonly target: string
  readonly key: string
  /** Sub-protocols in the order of the charge point. */
  readonly protocols: readonly string[]
  readonly authorization: string | undefined
  readonly userAgent: string | undefined
}

export type UpgradeResult =
  | { readonly ok: true; readonly request: UpgradeRequest }
  | { readonly ok: false; readonly reason: ReasonCode; readonly detail: string }

/** Header fields that must not come twice: two readers could each believe another one (CWE-444). */
const singleHeaders = [
  'host',
  'authorization',
  'sec-websocket-key',
  'sec-websocket-version',
  'upgrade',
  'content-length',
] as const
const maxProtocols = 16
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/

/** The rules of RFC 6455 4.2.1 for a request that Node has parsed already. Pure, total. */
export function readUpgradeRequest(
  message: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers' | 'headersDistinct'>,
): UpgradeResult {
  const { headers, headersDistinct } = message
  if (message.method !== 'GET') return malformed(`method ${String(message.method).slice(0, 16)}`)
  if (message.httpVersion !== '1.1') return malformed(`HTTP/${message.httpVersion}`)
  for (const name of singleHeaders) {
    if ((headersDistinct[name]?.length ?? 0) > 1) return malformed(`${name} comes twice`)
  }
  if (headers.host === undefined) return malformed('no Host')
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') {
    return malformed('an upgrade request with a body')
  }
  if (headers.upgrade?.trim().toLowerCase() !== 'websocket') return malformed('Upgrade is not websocket')
  const connection = (headers.connection ?? '').toLowerCase().split(',')
  if (!connection.some((option) => option.trim() === 'upgrade'))
    return malformed('Connection without Upgrade')
  const version = headers['sec-websocket-version']
  if (version !== '13') {
    return {
      ok: false,
      reason: 'websocket_version',
      detail: `Sec-WebSocket-Version ${version ?? 'absent'}`.slice(0, 80),
    }
  }
  const key = headers['sec-websocket-key'] ?? ''
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return malformed('Sec-WebSocket-Key is not 16 bytes of base64')
  const protocols = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '')
  if (protocols.length > maxProtocols || !protocols.every((protocol) => token.test(protocol))) {
    return malformed('Sec-WebSocket-Protocol is no list of tokens')
  }
  return {
    ok: true,
    request: {
      target: message.url ?? '',
      key,
      protocols,
      authorization: headers.authorization,
      userAgent: headers['user-agent'],
    },
  }
}

function malformed(detail: string): UpgradeResult {
  return { ok: false, reason: 'request_malformed', detail }
}
