const proxyV2 = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a])
const httpMethod = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH) /
const alertRecord = 21
const applicationDataRecord = 23

/**
 * Says in words for an operator what stands where a TLS record was expected. Needs one byte; the
 * more bytes there are, the better the guess. Never shows what the peer sent, for it may be a secret.
 */
export function notTlsProblem(bytes: Buffer): string {
  const first = bytes[0] ?? 0
  if (isSslV2(bytes)) return 'an SSLv2 ClientHello: the stack predates TLS, or starts in its SSLv2 form'
  if (httpMethod.test(bytes.toString('latin1', 0, Math.min(8, bytes.length))))
    return 'a plain HTTP request without TLS (ws:// instead of wss://)'
  if (bytes.length >= 4 && bytes.subarray(0, 4).equals(proxyV2))
    return 'a PROXY protocol header, but proxyProtocol is off here'
  if (bytes.length >= 6 && bytes.toString('latin1', 0, 6) === 'PROXY ')
    return 'a PROXY protocol header, but proxyProtocol is off here'
  if (first === alertRecord) return 'a TLS alert instead of a ClientHello'
  if (first === applicationDataRecord) return 'TLS application data instead of a ClientHello'
  return `first byte 0x${first.toString(16).padStart(2, '0')} is no TLS handshake record`
}

/** RFC 5246 appendix E.2: two length bytes with the high bit set, message type 1, version. */
function isSslV2(bytes: Buffer): boolean {
  const version = bytes[3]
  return bytes.length >= 4 && (bytes[0] ?? 0) >= 0x80 && bytes[2] === 1 && (version === 0 || version === 3)
}
