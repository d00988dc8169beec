import type { X509Certificate } from 'node:crypto'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { messageOf } from '../../policy/error.ts'
import type { Fetch } from '../revocation/fetch.ts'
import type { OcspAnswerStore } from '../revocation/ocsp-checker.ts'
import { ocspHttpRequest, ocspRequestFor } from '../revocation/ocsp-request.ts'
import type { ResponderProblem } from '../revocation/ocsp-responder.ts'
import { createResponders, type ResponderState } from '../revocation/ocsp-responders.ts'
import { certIdOf, type OcspRequestData, ocspHostKey, ocspRequestKey } from './ocsp-request-data.ts'
import { issuerOf, type JudgedStatus, judgeStatus, weekMs } from './status-answer.ts'

/**
 * The OCSP status of V2G certificates, which charge points hand to vehicles (M06). Knows nothing of the
 * message that asks: OCPP 1.6 wraps it in DataTransfer, OCPP 2.0.1 has it natively.
 */
export interface CertificateStatus {
  /** The DER of an OCSPResponse (RFC 6960), from the cache or the responder; within the budget. Never rejected. */
  ask(data: OcspRequestData): Promise<StatusOutcome>
  /** Ends the requests under way. */
  close(): void
}

export type StatusOutcome =
  | { readonly ok: true; readonly response: Buffer; readonly status: 'good' | 'revoked' | 'unknown' }
  | { readonly ok: false; readonly detail: string }

export interface CertificateStatusOptions {
  /** For one question, whatever it waits for. Milliseconds. */
  readonly budgetMs: number
  readonly issuers: readonly X509Certificate[]
}

export interface CertificateStatusDeps {
  /** Judges hosts and addresses: the URL is what a charge point says. */
  readonly fetch: Fetch
  readonly store: OcspAnswerStore
  /** No CRL of these authorities is kept here: a delegate is believed for its short life, unless this says no. */
  readonly responderProblem: ResponderProblem
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly startTimer: (ms: number, callback: () => void) => () => void
  /** The store failed; the question is answered all the same. */
  readonly onStoreError: (error: unknown) => void
}

/** ocspResult has 5500 characters of base64 (M06). */
export const maxOcspResultLength = 5500
const skewMs = 5 * 60_000
const limits = { concurrency: 8, maxWaiting: 500 } as const
/**
 * An address that cannot be reached is left alone for a moment: the address as it was named, because a charge
 * point that makes up a path of the responder must not take it away from the others.
 */
const downMs = 10_000
const maxDown = 1_000

interface Kept {
  readonly outcome: StatusOutcome
  /** Half of its life is over: a newer one is better. */
  readonly isOld: boolean
}

interface State {
  readonly options: CertificateStatusOptions
  readonly deps: CertificateStatusDeps
  readonly closing: AbortSignal
  /** Until when an address is not asked; milliseconds since the epoch. */
  readonly down: BoundedMap<string, number>
}

export function createCertificateStatus(
  options: CertificateStatusOptions,
  deps: CertificateStatusDeps,
): CertificateStatus {
  const closing = new AbortController()
  const state: State = { options, deps, closing: closing.signal, down: new BoundedMap(maxDown) }
  const responderBy = createResponders(limits)
  // One for each charge point that waits, at the most.
  const inFlight = new Map<string, Promise<StatusOutcome>>()
  // Without issuers nobody looks at the signature: what another path says is another answer.
  const storeKeyOf = options.issuers.length > 0 ? ocspHostKey : ocspRequestKey
  const start = (data: OcspRequestData): Promise<StatusOutcome> => {
    const question = ocspRequestKey(data)
    const running = inFlight.get(question)
    if (running !== undefined) return running
    const work = find(state, responderBy(data.responderURL), storeKeyOf(data), data)
      .catch((error: unknown) => failed(messageOf(error)))
      .finally(() => inFlight.delete(question))
    inFlight.set(question, work)
    return work
  }
  return {
    async ask(data) {
      if (options.issuers.length > 0 && issuerOf(data, options.issuers) === null)
        return failed('the authority is not one of plugAndCharge.certificateStatus.issuers')
      return withinBudget(start(data), state)
    },
    close: () => closing.abort(),
  }
}

function failed(detail: string): StatusOutcome {
  return { ok: false, detail }
}

async function find(
  state: State,
  responder: ResponderState,
  key: string,
  data: OcspRequestData,
): Promise<StatusOutcome> {
  const kept = await findKept(state, key, data)
  if (kept !== null && !kept.isOld) return kept.outcome
  const asked = responder.slots.run(() => askResponder(state, key, data))
  const outcome = (await asked) ?? failed('too many wait for this responder')
  return outcome.ok || kept === null ? outcome : kept.outcome
}

/** As it was signed, behind the time when it was fetched; judged again, because whoever asks is not who asked. */
async function findKept({ deps, options }: State, key: string, data: OcspRequestData): Promise<Kept | null> {
  try {
    const entry = await deps.store.get(key)
    if (entry === null || entry.length < 8) return null
    const fetchedAt = entry.readDoubleBE(0)
    const response = entry.subarray(8)
    const now = deps.now()
    const judged = await judge(deps, options, response, data)
    if (!judged.ok || judged.nextUpdate === null) return null
    const until = Math.min(judged.nextUpdate, fetchedAt + weekMs)
    if (now >= until) return null
    const outcome = { ok: true, response, status: judged.status } as const
    return { outcome, isOld: now >= (fetchedAt + until) / 2 }
  } catch (error) {
    deps.onStoreError(error)
    return null
  }
}

async function askResponder(state: State, key: string, data: OcspRequestData): Promise<StatusOutcome> {
  const { deps, options, down } = state
  if (deps.now() < (down.get(data.responderURL) ?? 0))
    return failed('the responder could not be reached a moment ago')
  const request = ocspHttpRequest(data.responderURL, ocspRequestFor(certIdOf(data), null), 'post')
  const fetched = await deps.fetch(request, state.closing)
  if (!fetched.ok) {
    // A status may be about the path that one charge point made up.
    const isAway = fetched.code === 'network' || fetched.code === 'timeout'
    if (isAway) down.set(data.responderURL, deps.now() + downMs)
    return failed(`the responder: ${fetched.detail}`)
  }
  const judged = await judge(deps, options, fetched.body, data)
  if (!judged.ok) return judged
  if (Math.ceil(fetched.body.length / 3) * 4 > maxOcspResultLength)
    return failed(`the answer does not fit into ${maxOcspResultLength} characters of base64`)
  // Who is unknown today is issued tomorrow; without an end an answer is newer wherever it is asked for.
  if (judged.status !== 'unknown' && judged.nextUpdate !== null)
    keep(state, key, fetched.body, judged.nextUpdate)
  return { ok: true, response: fetched.body, status: judged.status }
}

/** With the revocation of a delegate. Rejects when that cannot be looked up. */
async function judge(
  { now, responderProblem }: CertificateStatusDeps,
  { issuers }: CertificateStatusOptions,
  response: Buffer,
  data: OcspRequestData,
): Promise<JudgedStatus> {
  const judged = judgeStatus(response, data, { now: now(), skewMs, issuers })
  if (!judged.ok || judged.delegation === null) return judged
  const detail = await responderProblem(judged.delegation.responder, judged.delegation.issuer)
  return detail === null ? judged : { ok: false, detail }
}

function keep({ deps }: State, key: string, response: Buffer, nextUpdate: number): void {
  const now = deps.now()
  const fetchedAt = Buffer.alloc(8)
  fetchedAt.writeDoubleBE(now)
  const entry = Buffer.concat([fetchedAt, response])
  deps.store.put(key, entry, Math.min(nextUpdate, now + weekMs)).catch(deps.onStoreError)
}

/** The work, or what is said in its place when it takes longer; it goes on then, and others find its answer. */
function withinBudget(work: Promise<StatusOutcome>, { deps, options }: State): Promise<StatusOutcome> {
  return new Promise((resolve) => {
    const late = (): void => resolve(failed(`no answer within ${options.budgetMs} ms`))
    const callOff = deps.startTimer(options.budgetMs, late)
    void work.then((outcome) => {
      callOff()
      resolve(outcome)
    })
  })
}
