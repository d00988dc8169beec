import type { PeerView } from '../../policy/reasons.ts'
import { ConnectRefusal } from '../../simulator/refusal.ts'

/** What a refused client saw, in the words of the table of reasons. Null: it was not refused. */
export type Seen = PeerView | null

const afterHandshake = 'closed after handshake, before HTTP'

/** Runs an attempt to connect. Throws what is no refusal. */
export async function refusalSeen(connect: () => Promise<unknown>): Promise<Seen> {
  try {
    await connect()
    return null
  } catch (error) {
    if (error instanceof ConnectRefusal) return viewOf(error)
    throw error
  }
}

function viewOf({ httpStatus, tlsAlert, closeCode, stage, detail }: ConnectRefusal): PeerView {
  if (closeCode !== null) return { kind: 'websocket', code: closeCode }
  if (httpStatus !== null) return { kind: 'http', status: httpStatus }
  if (tlsAlert !== null) return { kind: 'tls-alert', alert: tlsAlert }
  if (stage === 'tls' && detail === afterHandshake) return { kind: 'close-before-http' }
  return { kind: 'reset' }
}

/** Content type of a TLS record, and the alerts that the demo provokes (RFC 8446 5.1, 6). */
const alertRecord = 21
const alertNames: Readonly<Record<number, string>> = {
  40: 'handshake_failure',
  50: 'decode_error',
  70: 'protocol_version',
}

/** The same for bytes that a raw client read until the connection ended. */
export function viewOfBytes(bytes: Buffer): PeerView {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(bytes.toString('latin1', 0, 16))?.[1]
  if (status !== undefined) return { kind: 'http', status: Number(status) }
  const alert = bytes[0] === alertRecord ? (bytes[6] ?? 0) : 0
  return alert === 0 ? { kind: 'reset' } : { kind: 'tls-alert', alert: alertNames[alert] ?? String(alert) }
}

/** For people. */
export function describeView(view: Seen): string {
  if (view === null) return 'no refusal'
  switch (view.kind) {
    case 'reset':
      return 'connection ended'
    case 'tls-alert':
      return `alert ${view.alert}`
    case 'close-before-http':
      return 'closed before HTTP'
    case 'http':
      return `HTTP ${view.status}`
    case 'websocket':
      return `close ${view.code}`
  }
}
