import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { BoundedMap } from '../policy/bounded-map.ts'
import { ProxyError } from '../policy/error.ts'
import type { AdminDeps } from './deps.ts'

/** A refused token is noted once in this time for an address, with how many there were. */
const noteEveryMs = 60_000
const maxAddresses = 1000
/** ... and so many in this time for all addresses: an attacker may have more of them than that. */
const maxNotes = 60

export interface TokenCheck {
  /** Throws ProxyError `api_disabled` or `token_refused`. */
  check(request: FastifyRequest): void
  /** Was it checked with the token that is configured now? For streams that live on. */
  stillHolds(request: FastifyRequest): boolean
}

/** Bearer token (RFC 6750 2.1), compared as hashes: neither length nor a first difference shows (CWE-208). */
export function createTokenCheck(deps: Pick<AdminDeps, 'token' | 'note' | 'log' | 'now'>): TokenCheck {
  const key = randomBytes(32)
  const hash = (token: Buffer) => createHmac('sha256', key).update(token).digest()
  const refused = new BoundedMap<string, { until: number; count: number }>(maxAddresses)
  const window = { until: 0, notes: 0 }

  function isRight(request: FastifyRequest, token: string): boolean {
    // A header is bytes, which Node shows as latin1; the token file is UTF-8.
    const presented = /^bearer +(\S(?:.*\S)?) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const isSame = timingSafeEqual(hash(Buffer.from(presented, 'latin1')), hash(Buffer.from(token)))
    return isSame && presented !== ''
  }

  /** An event for each would let a stranger fill the log (CWE-400). */
  function noteRefusal({ ip, headers }: FastifyRequest): void {
    const at = deps.now()
    const known = refused.get(ip)
    const count = (known?.count ?? 0) + 1
    if (at >= window.until) Object.assign(window, { until: at + noteEveryMs, notes: 0 })
    if ((known !== undefined && at < known.until) || window.notes >= maxNotes) {
      refused.set(ip, { until: known?.until ?? 0, count })
      return
    }
    window.notes += 1
    refused.set(ip, { until: at + noteEveryMs, count: 0 })
    const what = headers.authorization === undefined ? 'no token' : 'a wrong token'
    const techInfo = `admin API: ${what}${count > 1 ? `, ${count} refusals since the last note` : ''}`
    deps.note({ type: 'AdminTokenRefused', identity: null, techInfo, address: ip })
    deps.log.warn({ address: ip, refusals: count }, 'a request of the admin API had no right token')
  }

  return {
    check(request) {
      const token = deps.token()
      if (token === null) {
        throw new ProxyError(
          'api_disabled',
          'operator',
          'the admin API is off: no token is configured (admin.tokenFile)',
        )
      }
      if (isRight(request, token)) return
      noteRefusal(request)
      throw new ProxyError('token_refused', 'operator', 'the token is missing or wrong')
    },
    stillHolds(request) {
      const token = deps.token()
      return token !== null && isRight(request, token)
    },
  }
}
