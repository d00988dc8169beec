/** RFC 9110 7.6.1: headers of the connection itself are not a configuration's. */
const reserved: ReadonlySet<string> = new Set([
  ...['connection', 'upgrade', 'host', 'keep-alive', 'proxy-connection', 'proxy-authenticate'],
  ...['proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'content-length'],
])

/** What is wrong with a name of a header that a configuration sets; null: nothing. */
export function headerNameProblem(name: string): string | null {
  const lower = name.toLowerCase()
  // RFC 9110 5.6.2, token
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name)) return 'is no valid name of an HTTP header'
  return reserved.has(lower) || lower.startsWith('sec-websocket-')
    ? 'belongs to the connection and is set by the proxy'
    : null
}
