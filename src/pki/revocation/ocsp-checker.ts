import { messageOf } from '../../policy/error.ts'
import type { OcspOutcome } from '../../policy/revocation.ts'
import { type CertIdHash, certIdKey, type RevocationSubject } from './cert-id.ts'
import type { Fetch, FetchProblemCode } from './fetch.ts'
import { judgeOcspResponse, type OcspResult } from './ocsp.ts'
import { type CurrentAnswer, createOcspCache, type OcspCacheOptions, type OcspFailure } from './ocsp-cache.ts'
import { encodeOcspRequest, ocspHttpRequest } from './ocsp-request.ts'
import type { ResponderProblem } from './ocsp-responder.ts'
import { createResponders, type ResponderLimits, type ResponderState } from './ocsp-responders.ts'
import { revocationSources } from './sources.ts'

/** Keeps answers as they were signed: they are verified again when they come back. May be shared. */
export interface OcspAnswerStore {
  get(key: string): Promise<Buffer | null>
  /** `until`: milliseconds since the epoch, after which the answer is of no use. */
  put(key: string, answer: Buffer, until: number): Promise<void>
}

export interface OcspCheckerOptions extends OcspCacheOptions, ResponderLimits {
  /** The configured responder, in place of those that certificates name. */
  readonly responder: string | null
  readonly method: 'get' | 'post'
  readonly certIdHash: CertIdHash
  /** Length of the nonce, 0 for none: many responders answer from a store and ignore it. */
  readonly nonceBytes: number
  readonly requireNonce: boolean
  /** How long a connection waits for an answer; the request goes on. Milliseconds, like all times here. */
  readonly budgetMs: number
  readonly skewMs: number
  readonly maxAgeMs: number
}

/** For a fleet of 10,000 behind one responder. */
export const defaultOcspOptions = {
  responder: null,
  method: 'post',
  certIdHash: 'sha256',
  nonceBytes: 0,
  requireNonce: false,
  budgetMs: 2000,
  skewMs: 5 * 60_000,
  maxAgeMs: 24 * 60 * 60_000,
  maxEntries: 20_000,
  shortMs: 60_000,
  unknownMs: 60_000,
  retryMs: 30_000,
  concurrency: 8,
  maxWaiting: 2000,
} as const satisfies OcspCheckerOptions

export interface OcspCheckerDependencies {
  readonly fetch: Fetch
  readonly store: OcspAnswerStore | null
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to call it off. */
  readonly startTimer: (ms: number, callback: () => void) => () => void
  readonly randomBytes: (length: number) => Buffer
  /** Asked about the delegate of each answer, also of those that are kept: it may have been revoked since. */
  readonly responderProblem: ResponderProblem
  /** An answer came, perhaps after everybody had stopped waiting: live sessions can be judged again. */
  readonly onAnswer: (subject: RevocationSubject, outcome: OcspOutcome) => void
  /** The store failed; answers are still held in memory. */
  readonly onStoreError: (error: unknown) => void
}

export interface OcspChecker {
  /**
   * What the responder says of a certificate whose path is verified: from memory, from the store, or
   * by asking; within `budgetMs`. One request is under way for a certificate at a time. Never rejects.
   */
  check(subject: RevocationSubject): Promise<OcspOutcome>
  /** Ends the requests under way; later checks know only what is in memory. */
  close(): void
}

/** Failures of the responder, not of one certificate: the others need not find them out again. */
const responderFailures: ReadonlySet<string> = new Set<FetchProblemCode>(['timeout', 'network', 'status'])

/** See `OcspChecker`. */
export function createOcspChecker(options: OcspCheckerOptions, deps: OcspCheckerDependencies): OcspChecker {
  const cache = createOcspCache(options)
  const respondersBy = createResponders(options)
  const inFlight = new Map<string, Promise<OcspOutcome>>()
  const closing = new AbortController()
  const state = { options, deps, cache, closing: closing.signal }

  /** Joins or begins the work for one certificate: never more than there are connections. Never rejects. */
  const start = (inquiry: Inquiry): Promise<OcspOutcome> => {
    const { key, url } = inquiry
    const running = inFlight.get(key)
    if (running !== undefined) return running
    const work = find(state, respondersBy(url), inquiry)
      .catch((error: unknown) => fail(state, key, 'internal', messageOf(error)))
      .finally(() => inFlight.delete(key))
    inFlight.set(key, work)
    return work
  }

  return {
    async check(subject) {
      const url = options.responder ?? revocationSources(subject.certificate).ocsp[0]
      if (url === undefined) return { kind: 'none' }
      const key = certIdKey(subject)
      const current = await believed(state, key, subject)
      const late = cache.recentFailure(key, deps.now())
      const open = late === null && !closing.signal.aborted
      if (current !== null) {
        if (current.refresh && open) void start({ key, url, subject, renews: true })
        return current.outcome
      }
      if (late !== null) return cache.outcomeOf(key, late)
      if (!open) return cache.outcomeOf(key, { code: 'closed', detail: 'the proxy ends' })
      return withinBudget(start({ key, url, subject, renews: false }), deps, options.budgetMs, () =>
        cache.outcomeOf(key, { code: 'timeout', detail: 'the answer did not come in time' }),
      )
    },
    close() {
      closing.abort()
    },
  }
}

interface State {
  readonly options: OcspCheckerOptions
  readonly deps: OcspCheckerDependencies
  readonly cache: ReturnType<typeof createOcspCache>
  readonly closing: AbortSignal
}

/** One certificate that is asked about. */
interface Inquiry {
  readonly key: string
  readonly url: string
  readonly subject: RevocationSubject
  /** What is known still counts: what the store has is no news. */
  readonly renews: boolean
}

/** The answer in memory that counts now, unless who signed it is not believed any more. Never rejects. */
async function believed(
  { cache, deps }: State,
  key: string,
  { issuer }: RevocationSubject,
): Promise<CurrentAnswer | null> {
  const current = cache.current(key, deps.now())
  if (current === null || current.delegate === null) return current
  try {
    if ((await deps.responderProblem(current.delegate, issuer)) === null) return current
    cache.forget(key)
  } catch {
    // Whoever asks anew is told why.
  }
  return null
}

/** In the store first; a responder that is away or overrun is not asked. */
async function find(state: State, responder: ResponderState, inquiry: Inquiry): Promise<OcspOutcome> {
  const stored = inquiry.renews ? null : await findStored(state, inquiry)
  if (stored !== null) return stored
  const { deps, options } = state
  const failed = (code: string, detail: string): OcspOutcome =>
    state.cache.outcomeOf(inquiry.key, { code, detail })
  const isDown = (): boolean => deps.now() < responder.downUntil
  const down = (): OcspOutcome => failed('responder_down', 'the responder failed a moment ago')
  if (isDown()) return down()
  // Those who waited while it failed need not find that out each by itself.
  const answer = responder.slots.run(async () => (isDown() ? down() : ask(state, responder, inquiry)))
  return answer ?? failed('overloaded', `${options.maxWaiting} certificates wait for the responder`)
}

async function findStored({ deps, cache, options }: State, inquiry: Inquiry): Promise<OcspOutcome | null> {
  try {
    const der = (await deps.store?.get(inquiry.key)) ?? null
    if (der === null) return null
    const result = await judge(deps, options, der, inquiry.subject, null)
    // One that counts by the tolerance of clocks only is asked for anew.
    if (result.status === 'problem' || (result.nextUpdate ?? 0) <= deps.now()) return null
    cache.keep(inquiry.key, result, deps.now())
    return cache.current(inquiry.key, deps.now())?.outcome ?? null
  } catch (error) {
    deps.onStoreError(error)
    return null
  }
}

async function ask(
  state: State,
  responder: ResponderState,
  { key, url, subject }: Inquiry,
): Promise<OcspOutcome> {
  const { deps, options, cache } = state
  const nonce = options.nonceBytes === 0 ? null : deps.randomBytes(options.nonceBytes)
  const request = encodeOcspRequest(subject, { certIdHash: options.certIdHash, nonce })
  const method = nonce === null ? options.method : 'post'
  const fetched = await deps.fetch(ocspHttpRequest(url, request, method), state.closing)
  if (!fetched.ok) {
    if (responderFailures.has(fetched.code)) responder.downUntil = deps.now() + options.retryMs
    return fail(state, key, fetched.code, fetched.detail)
  }
  responder.downUntil = 0
  const result = await judge(deps, options, fetched.body, subject, nonce)
  if (result.status === 'problem') return fail(state, key, result.code, result.detail)
  const until = cache.keep(key, result, deps.now())
  const outcome = cache.current(key, deps.now())?.outcome ?? { kind: 'none' }
  // "unknown" ends soon, and without an end an answer is newer wherever it is asked for.
  if (result.status !== 'unknown' && result.nextUpdate !== null)
    deps.store?.put(key, fetched.body, until).catch(deps.onStoreError)
  deps.onAnswer(subject, outcome)
  return outcome
}

/** With the revocation of a delegate. Rejects when that cannot be looked up. */
async function judge(
  { now, responderProblem }: OcspCheckerDependencies,
  { skewMs, maxAgeMs, requireNonce }: OcspCheckerOptions,
  der: Buffer,
  subject: RevocationSubject,
  nonce: Buffer | null,
): Promise<OcspResult> {
  const rules = { now: now(), skewMs, maxAgeMs, requireNonce, nonce }
  const result = judgeOcspResponse(der, subject, rules)
  if (result.status === 'problem' || result.delegate === null) return result
  const detail = await responderProblem(result.delegate, subject.issuer)
  return detail === null ? result : { status: 'problem', code: 'responder_not_authorized', detail }
}

function fail({ cache, deps }: State, key: string, code: string, detail: string): OcspOutcome {
  const failure: OcspFailure = { code, detail }
  cache.keepFailure(key, failure, deps.now())
  return cache.outcomeOf(key, failure)
}

/** The work, or what is said in its place when it takes longer; it goes on then. */
function withinBudget(
  work: Promise<OcspOutcome>,
  deps: OcspCheckerDependencies,
  budgetMs: number,
  late: () => OcspOutcome,
): Promise<OcspOutcome> {
  return new Promise((resolve) => {
    const callOff = deps.startTimer(budgetMs, () => resolve(late()))
    void work.then((outcome) => {
      callOff()
      resolve(outcome)
    })
  })
}
