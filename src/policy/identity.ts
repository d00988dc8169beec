import type { IdentityFacts } from './facts.ts'

/**
 * The identity of a charge point, parsed once and here only: a server that parses it twice can
 * authenticate one charge point and serve another.
 */

export type IdentityResult =
  | { readonly ok: true; readonly identity: IdentityFacts }
  | {
      readonly ok: false
      readonly reason: 'path_unknown' | 'identity_invalid' | 'request_malformed'
      readonly detail: string
    }

/** Our bound, in bytes of the decoded identity: OCPP-J 1.6 names none, OCPP 2.0.1 has 48 characters. */
export const maxIdentityBytes = 255

/** A request target longer than this is not looked at: three bytes for each of an identity, and a path. */
const maxTargetBytes = 4096

/** RFC 3986 3.3: what a path segment may hold as it is. */
const pathSegment = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/

/** Control characters, invisible formatting characters and line separators deceive logs and people. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * What is wrong with an identity (decoded), or null. The same rule holds for what an operator
 * registers and for what a charge point sends.
 */
export function identityProblem(identity: string): string | null {
  if (identity === '') return 'the identity is empty'
  if (Buffer.byteLength(identity) > maxIdentityBytes) return `the identity is over ${maxIdentityBytes} bytes`
  if (deceptive.test(identity)) return 'the identity holds control or invisible characters'
  if (identity.includes('/')) return 'the identity holds a slash'
  if (identity === '.' || identity === '..') return 'the identity is a relative path segment'
  return null
}

/**
 * Reads the identity from the request target: the listener's path, "/", and one segment
 * (OCPP-J 3.1.1). A query is refused: it is no part of an identity, and a central system might read
 * something into it that was never checked. Total: never throws.
 */
export function parseIdentity(rawPath: string, listenerPath: string): IdentityResult {
  const malformed = targetProblem(rawPath)
  if (malformed !== null) return { ok: false, reason: 'request_malformed', detail: malformed }

  const prefix = listenerPath === '/' ? '' : listenerPath
  if (rawPath === prefix) return invalid('the path holds no identity')
  if (!rawPath.startsWith(`${prefix}/`)) {
    return { ok: false, reason: 'path_unknown', detail: 'the path does not start with that of the listener' }
  }
  const encoded = rawPath.slice(prefix.length + 1)
  const slash = encoded.indexOf('/')
  if (slash === encoded.length - 1 && slash > 0) return invalid('the path ends with a slash')
  if (slash >= 0) {
    return {
      ok: false,
      reason: 'path_unknown',
      detail: 'more than one segment follows the path of the listener',
    }
  }
  if (!pathSegment.test(encoded)) return invalid('the identity is not percent-encoded correctly')

  const identity = decodeOnce(encoded)
  if (identity === null) return invalid('the identity is not UTF-8')
  const problem = identityProblem(identity)
  return problem === null ? { ok: true, identity: { identity, encoded } } : invalid(problem)
}

/** RFC 9112 3.2: only the origin form is served; RFC 3986 keeps fragments out of requests. */
function targetProblem(target: string): string | null {
  if (!target.startsWith('/')) return 'the request target is not in origin form'
  if (target.length > maxTargetBytes) return 'the request target is too long'
  if (!/^[\x21-\x7e]*$/.test(target)) return 'the request target holds bytes that must be percent-encoded'
  if (target.includes('?')) return 'the request target has a query'
  if (target.includes('#')) return 'the request target has a fragment'
  return null
}

function decodeOnce(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}

function invalid(detail: string): IdentityResult {
  return { ok: false, reason: 'identity_invalid', detail }
}

/**
 * The identity of the proxy's own session with the central system, which no charge point may have: it
 * could speak in the proxy's name there, and end its session. null: there is no such session.
 */
export function reservedIdentity(events: {
  readonly toCentralSystem: string
  readonly ownSession?: { readonly identity: string }
}): string | null {
  return events.toCentralSystem === 'off' ? null : (events.ownSession?.identity ?? null)
}

/** What is wrong with an identity that is the reserved one, or null. A CiString: its case does not count. */
export function reservedProblem(identity: string, reserved: string | null): string | null {
  if (reserved === null || identity.toLowerCase() !== reserved.toLowerCase()) return null
  return `${JSON.stringify(identity)} is the identity of the proxy's own session (securityEvents.ownSession.identity)`
}
