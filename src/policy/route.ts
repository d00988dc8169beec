/** Which plain HTTP request goes where. Pure and total: a request target is the sender's to choose. */

export interface RouteRule {
  /** Without a slash at its end. */
  readonly path: string
  readonly methods: readonly string[]
}

export type RouteMatch<Route> =
  /** `rest`: what follows the path of the route, query included, as it came. */
  | { readonly kind: 'route'; readonly route: Route; readonly rest: string }
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly detail: string }

const maxTargetBytes = 4096

/**
 * The route with the longest path that the target is, or is below of. The path is compared as it came:
 * what two servers could read in two ways (dot segments, empty segments, encoded slashes) is malformed
 * (CWE-22, CWE-436).
 */
export function matchRoute<Route extends RouteRule>(
  routes: readonly Route[],
  method: string,
  target: string,
): RouteMatch<Route> {
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  const problem = targetProblem(target, path)
  if (problem !== null) return { kind: 'malformed', detail: problem }
  let best: Route | null = null
  for (const route of routes) {
    if (path !== route.path && !path.startsWith(`${route.path}/`)) continue
    if (best === null || route.path.length > best.path.length) best = route
  }
  if (best === null) return { kind: 'none' }
  if (!best.methods.includes(method)) return { kind: 'method', allowed: best.methods }
  return { kind: 'route', route: best, rest: target.slice(best.path.length) }
}

/** What two servers could read in two ways (CWE-22, CWE-436); null: nothing. `path` is `target` without its query. */
export function targetProblem(target: string, path: string): string | null {
  if (!target.startsWith('/')) return 'the request target is not in origin form'
  if (target.length > maxTargetBytes) return 'the request target is too long'
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes('#') || target.includes('\\'))
    return 'the request target holds characters that must be percent-encoded'
  if (/%(?![0-9A-Fa-f]{2})/.test(target)) return 'the request target is not percent-encoded correctly'
  if (/%(?:2f|5c|00)/i.test(path)) return 'the path holds an encoded slash or NUL'
  const segments = path.slice(1).split('/')
  // One at the end is a slash at the end.
  if (segments.slice(0, -1).includes('')) return 'the path holds an empty segment'
  // Java servers take off what stands behind a semicolon first (RFC 3986 3.3): `..;x` is `..` to them.
  if (segments.some((one) => /^(?:\.|%2e){1,2}(?:$|;|%3b)/i.test(one))) return 'the path holds a dot segment'
  return null
}

/**
 * Why the body of a request cannot be passed on as it is; null: it can. Another coding than chunked would be
 * taken off by nobody (RFC 9112 6.1), and HTTP/1.0 has none (CWE-444).
 */
export function bodyProblem(
  { 'transfer-encoding': coding }: Readonly<Record<string, string | string[] | undefined>>,
  httpVersion: string,
): string | null {
  if (coding === undefined) return null
  if (httpVersion !== '1.1') return 'a transfer coding, which HTTP/1.0 does not have'
  return String(coding).trim().toLowerCase() === 'chunked' ? null : 'a transfer coding other than chunked'
}

/** RFC 9112 3.2; null: nothing is wrong. `hosts`: how many Host fields there are. */
export function hostProblem(hosts: number, httpVersion: string): string | null {
  if (hosts > 1) return 'more than one Host'
  return hosts === 0 && httpVersion === '1.1' ? 'no Host' : null
}

/** What a client may say about a file; everything else (credentials, hops, what proxies set) stays here. */
const passedHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'digest',
  'content-digest',
  'repr-digest',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'range',
  'user-agent',
])

/** Of the header fields of a request (names in lower case), those that go on. */
export function passedRequestHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && passedHeaders.has(name)) passed[name] = value
  }
  return passed
}

/** RFC 9110 7.6.1: of an answer, what speaks of the hop behind us, and names what else does. */
export function hopHeaders(connection: string | undefined): readonly string[] {
  const named = (connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  return [
    'connection',
    'keep-alive',
    'proxy-connection',
    'upgrade',
    'proxy-authenticate',
    'alt-svc',
    ...named,
  ]
}
