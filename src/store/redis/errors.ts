import { messageOf, ProxyError } from '../../policy/error.ts'

/** First words of the errors of a server (its documentation, "RESP protocol"), and what they mean here. */
const told: Readonly<Record<string, readonly [code: string, message: string]>> = {
  NOAUTH: ['store_denied', 'it wants a user and a password'],
  WRONGPASS: ['store_denied', 'the user or the password is wrong'],
  NOPERM: ['store_denied', 'the user may not run a command or use a key or channel that is needed'],
  OOM: ['store_full', 'its memory is full'],
  READONLY: ['store_read_only', 'it is a read-only replica'],
  MISCONF: ['store_io', 'it cannot write to its disk'],
  NOREPLICAS: ['store_unavailable', 'it has not enough replicas to write'],
  LOADING: ['store_unavailable', 'it is loading its data'],
  BUSY: ['store_unavailable', 'it runs a script that does not end'],
  TRYAGAIN: ['store_unavailable', 'a slot is being moved'],
  CLUSTERDOWN: ['store_unavailable', 'the cluster is down'],
  MASTERDOWN: ['store_unavailable', 'its primary is away'],
}

/** The codes that mean that the store is away, and that trying again later may help. */
export const unavailable = 'store_unavailable'

/**
 * What the store throws instead of an error of the client library, whose text may quote a command with
 * all that it carried, and which has the command as a property: neither is passed on, as message or cause.
 */
export function redisError(error: unknown, isClosed: boolean): ProxyError {
  if (error instanceof ProxyError) return error
  if (isClosed) return new ProxyError('store_closed', 'proxy', 'store: it was closed')
  const text = messageOf(error)
  const word = /^[A-Z]{2,20}(?= )/.exec(text)?.[0]
  const known = word === undefined ? undefined : told[word]
  if (known !== undefined) return failure(...known)
  if (word === 'WRONGTYPE') return failure('store_corrupt', 'a key holds another kind of value than ours')
  if (word !== undefined) return failure('store_failed', `it answered with an error (${word})`)
  return failure(unavailable, awayText(error, text))
}

/** System errors name host and port, which no one has to hide. */
function awayText(error: unknown, text: string): string {
  if (/timed out|timeout/i.test(text)) return 'it does not answer in time'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? `it cannot be reached (${code})` : 'it cannot be reached'
}

function failure(code: string, message: string): ProxyError {
  return new ProxyError(code, 'operator', `store redis: ${message}`)
}

export function corrupt(what: string): ProxyError {
  return new ProxyError('store_corrupt', 'operator', `the store holds an unexpected value in ${what}`)
}
