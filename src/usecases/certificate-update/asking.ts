import type { Logger } from '../../observe/log.ts'
import {
  type Authority,
  AuthorityError,
  type AuthorityRequest,
  type IssuedChain,
} from '../../pki/authority/authority.ts'
import { createSlots } from '../../pki/revocation/slots.ts'

/** An authority that failed is not taken for one that works until this has passed, in milliseconds. */
const downMs = 30_000
/** Requests that are with the authority at once, and that wait for that. */
const [atOnce, waiting] = [8, 20_000]

export type KeyType = 'rsa' | 'ec'

export interface AskingDeps {
  readonly authority: () => Authority | null
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Ends what is under way. */
  readonly stopping: AbortSignal
  /** It could be asked last time, or not; for the metric. */
  readonly told: (keyType: KeyType, isUp: boolean) => void
}

/** The authority, and what is known of its health. */
export interface Asking {
  /** Rejects with AuthorityError, and with nothing else. */
  issue(keyType: KeyType, request: AuthorityRequest): Promise<IssuedChain>
  isConfigured(): boolean
  /** Why nothing can be issued now, in words for operators; null: nothing is known that speaks against it. */
  problem(keyType?: KeyType): string | null
}

interface Down {
  readonly detail: string
  readonly until: number
}

/**
 * What cannot be asked is not promised to charge points (A02.FR.11): after a failure the authority counts
 * as down for a while, and the next request after that finds out. One for RSA may be down while that for
 * curves works.
 */
export function createAsking({ authority, log, now, stopping, told }: AskingDeps): Asking {
  const slots = createSlots(atOnce, waiting)
  const down = new Map<KeyType, Down>()
  let known: Authority | null = null

  /** Another one, after a reload: what was known says nothing about it. */
  function present(): Authority | null {
    const current = authority()
    if (current !== known) down.clear()
    known = current
    return current
  }

  function failed(keyType: KeyType, error: AuthorityError): void {
    if (error.failure !== 'unavailable' || stopping.aborted) return
    if (!down.has(keyType))
      log.warn({ keyType, err: error.message }, 'the certificate authority cannot be asked')
    down.set(keyType, { detail: error.message, until: now() + Math.max(downMs, error.retryAfterMs ?? 0) })
    told(keyType, false)
  }

  return {
    async issue(keyType, request) {
      const current = present()
      if (current === null) throw new AuthorityError('unavailable', 'no certificate authority is configured')
      try {
        const run = slots.run(() => current.issue(request, stopping))
        if (run === null) throw new AuthorityError('unavailable', 'too many requests wait for the authority')
        const chain = await run
        if (down.delete(keyType)) log.info({ keyType }, 'the certificate authority can be asked again')
        told(keyType, true)
        return chain
      } catch (cause) {
        const error = asAuthorityError(cause)
        if (current === known) failed(keyType, error)
        throw error
      }
    },
    isConfigured: () => present() !== null,
    problem(keyType) {
      if (present() === null) return 'no certificate authority is configured'
      for (const [type, { detail, until }] of down) {
        if ((keyType === undefined || type === keyType) && now() < until)
          return `the certificate authority cannot be asked: ${detail}`
      }
      return null
    },
  }
}

function asAuthorityError(cause: unknown): AuthorityError {
  if (cause instanceof AuthorityError) return cause
  return new AuthorityError('unavailable', 'the certificate authority failed', { cause })
}
