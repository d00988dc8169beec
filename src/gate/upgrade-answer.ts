import { type PeerView, type ReasonCode, reasons } from '../policy/reasons.ts'
import { closeFrame } from '../relay/close-codes.ts'
import { acceptOf } from '../relay/upgrade-answer.ts'
import type { LivePolicy } from './listener.ts'

/** The answer that accepts an upgrade (RFC 6455 4.2.2), with the sub-protocol of the central system. */
export function acceptingAnswer(key: string, protocol: string): string {
  return `${switching(key)}Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`
}

/** Accepts without a sub-protocol and closes at once (OCPP-J 3.2). */
export function closingAnswer(key: string): Buffer {
  const head = Buffer.from(`${switching(key)}\r\n`)
  return Buffer.concat([head, closeFrame(1002, 'no common sub-protocol', false)])
}

function switching(key: string): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    '',
  ].join('\r\n')
}

/** What a refused peer sees once HTTP is spoken, whatever the stage that the reason belongs to. */
export function httpView(reason: ReasonCode, policy: LivePolicy): PeerView {
  const view = reasons[reason].peer
  const { securityProfile } = policy.listener
  // OCPP-J 3.2. On profile 3 the certificate has proven who asks, so there is nothing to hide.
  if (reason === 'charge_point_unknown' && securityProfile === 3) return http(404)
  // On profile 0 nobody proves anything: known or not, all look the same from outside (CWE-204).
  if (securityProfile === 0 && reasons[reason].stage === 'authentication') return http(404)
  if (reason === 'capacity') return http(503)
  return view.kind === 'http' ? view : http(403)
}

/** Header fields that belong to a status. */
export function statusHeaders(view: PeerView): Readonly<Record<string, string>> {
  if (view.kind !== 'http') return {}
  switch (view.status) {
    case 401:
      // RFC 7617; A00.FR.202: asked for before any upgrade.
      return { 'WWW-Authenticate': 'Basic realm="ocpp", charset="UTF-8"' }
    case 409:
    case 502:
    case 503:
    case 504:
      return { 'Retry-After': '10' }
    case 426:
      return { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }
    default:
      return {}
  }
}

function http(status: number): PeerView {
  return { kind: 'http', status }
}
