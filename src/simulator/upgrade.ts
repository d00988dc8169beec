import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** What the plain central system demands of an upgrade request. */
export interface UpgradeRules {
  /** What stands before the identity, without a slash at the end. */
  readonly path: string
  readonly credentials: { readonly username: string; readonly password: Uint8Array } | null
  /** Answers the HTTP status for an identity; 101 admits it (OCPP-J 1.6 3.2: 404 for a stranger). */
  readonly acceptIdentities: (identity: string) => number
  readonly subprotocols: readonly string[]
  /** OCPP-J 1.6 3.2: without a common sub-protocol complete the upgrade and close at once; or refuse it. */
  readonly subprotocolMismatch: 'upgrade-and-close' | 'refuse'
}

export type UpgradeVerdict =
  | { readonly ok: true; readonly identity: string; readonly subprotocol: string | null }
  | { readonly ok: false; readonly status: number; readonly detail: string }

/** Judges an upgrade request. Total: `url` and `headers` are what a peer sent. */
export function judgeUpgrade(url: string, headers: IncomingHttpHeaders, rules: UpgradeRules): UpgradeVerdict {
  const identity = identityOf(url, rules.path)
  if (identity === null) return refuse(404, 'no such path')
  if (identity === '') return refuse(400, 'the identity is not percent-encoded text')
  if (rules.credentials !== null && !authorized(headers.authorization, rules.credentials)) {
    return refuse(401, 'the credentials are missing or wrong')
  }
  const status = rules.acceptIdentities(identity)
  if (status !== 101) return refuse(status, 'this charge point is not known here')
  const subprotocol = commonSubprotocol(headers['sec-websocket-protocol'], rules.subprotocols)
  if (subprotocol === null && rules.subprotocolMismatch === 'refuse')
    return refuse(400, 'no common sub-protocol')
  return { ok: true, identity, subprotocol }
}

/** null: another path; empty: nothing that can be an identity. */
export function identityOf(url: string, path: string): string | null {
  const pathname = url.split(/[?#]/, 1)[0] ?? ''
  if (!pathname.startsWith(`${path}/`)) return null
  const encoded = pathname.slice(path.length + 1)
  if (encoded.includes('/')) return null
  try {
    return decodeURIComponent(encoded)
  } catch {
    return ''
  }
}

/** The first one that the client offers and we know (RFC 6455 4.2.2: the client's order is its preference). */
function commonSubprotocol(header: string | undefined, known: readonly string[]): string | null {
  const offered = (header ?? '').split(',').map((name) => name.trim())
  return offered.find((name) => known.includes(name)) ?? null
}

function authorized(
  header: string | undefined,
  credentials: { readonly username: string; readonly password: Uint8Array },
): boolean {
  const match = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '')
  if (match === null) return false
  const given = Buffer.from(match[1] ?? '', 'base64')
  const expected = Buffer.concat([Buffer.from(`${credentials.username}:`), credentials.password])
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** Answers an upgrade request with an HTTP status and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, detail: string): void {
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'Refused'}`,
    ...(status === 401 ? ['WWW-Authenticate: Basic realm="ocpp"'] : []),
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(detail)}`,
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${detail}`)
}

/** Header lines in order, names as the peer wrote them. */
export function headerLines(request: IncomingMessage): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    lines.push([request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? ''])
  }
  return lines
}

function refuse(status: number, detail: string): UpgradeVerdict {
  return { ok: false, status, detail }
}
