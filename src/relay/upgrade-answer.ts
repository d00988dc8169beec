import { hash } from 'node:crypto'

const headEnd = '\r\n\r\n'
/** RFC 6455 1.3. */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What a server says to an upgrade request. `rest` is what followed its head. */
export type UpgradeAnswer =
  | { readonly kind: 'open'; readonly protocol: string | null; readonly rest: Buffer }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly headers: ReadonlyMap<string, string>
      readonly rest: Buffer
    }
  | { readonly kind: 'invalid'; readonly problem: string; readonly rest: Buffer }

/** The Sec-WebSocket-Accept that belongs to a key (RFC 6455 4.2.2). */
export function acceptOf(key: string): string {
  return hash('sha1', key + acceptGuid, 'base64')
}

/** Null: the head is not whole yet. Checks of RFC 6455 4.1, after a 101. */
export function readUpgradeAnswer(
  bytes: Buffer,
  maxBytes: number,
  key: string,
  offered: readonly string[],
): UpgradeAnswer | null {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return bytes.length > maxBytes ? invalid('the head of the answer is too long') : null
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)
  if (match === null) return invalid('the answer is not HTTP/1.1')
  const headers = readHeaders(lines)
  if (headers === null) return invalid('the answer has a malformed header line')
  const status = Number(match[1])
  // A copy: what follows the head outlives the memory it was read into.
  const rest = Buffer.from(bytes.subarray(end + headEnd.length))
  if (status !== 101) return { kind: 'refused', status, headers, rest }
  const problem = handshakeProblem(headers, key, offered)
  if (problem !== null) return invalid(problem)
  return { kind: 'open', protocol: headers.get('sec-websocket-protocol') ?? null, rest }
}

/** RFC 9110 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function readHeaders(lines: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 0 || !token.test(line.slice(0, colon)) || /[\r\n]/.test(line)) return null
    const name = line.slice(0, colon).toLowerCase()
    const value = withoutSpaceAround(line, colon + 1)
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

/** A regular expression would need quadratic time for what a hostile server sends. */
function withoutSpaceAround(line: string, from: number): string {
  let start = from
  let end = line.length
  while (start < end && isSpace(line.charCodeAt(start))) start += 1
  while (end > start && isSpace(line.charCodeAt(end - 1))) end -= 1
  return line.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function handshakeProblem(
  headers: ReadonlyMap<string, string>,
  key: string,
  offered: readonly string[],
): string | null {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'a 101 without Upgrade: websocket'
  const connection =
    headers
      .get('connection')
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? []
  if (!connection.includes('upgrade')) return 'a 101 without Connection: Upgrade'
  if (headers.get('sec-websocket-accept') !== acceptOf(key)) return 'a 101 with a wrong Sec-WebSocket-Accept'
  if (headers.has('sec-websocket-extensions')) return 'a 101 with an extension that nobody offered'
  const protocol = headers.get('sec-websocket-protocol')
  if (protocol !== undefined && !offered.includes(protocol))
    return 'a 101 with a sub-protocol that nobody offered'
  return null
}

function invalid(problem: string): UpgradeAnswer {
  return { kind: 'invalid', problem, rest: Buffer.alloc(0) }
}
