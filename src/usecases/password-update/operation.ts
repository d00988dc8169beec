import type { Protocol } from '../../policy/protocol.ts'
import type { CallOptions, UseCaseSession } from '../../relay/use-case.ts'
import type { CredentialChange } from '../../store/store.ts'
import { basicAuthPassword, setPassword } from '../ocpp201/password.ts'
import { type ChangeAnswer, readChangeAnswer } from '../operation/answer.ts'
import {
  callOptions,
  endOfWait,
  failure,
  type Operation,
  type OperationDeps,
  operate,
  refusedOver,
} from '../operation/context.ts'
import type {
  ChargePointOperations,
  OperationOutcome,
  RotatePasswordOptions,
} from '../operation/operation.ts'
import { restart } from '../operation/restart.ts'
import type { PasswordChanges } from './changes.ts'
import type { PasswordFlights } from './flights.ts'
import { isUndecided } from './rules.ts'

export interface PasswordRotationDeps extends OperationDeps {
  readonly changes: PasswordChanges
  readonly flights: PasswordFlights
  /** A01.FR.06, A01.FR.07: 20 random bytes, other ones each time. */
  readonly randomKey: () => Buffer
  /**
   * `authorization` of the central system for this version is forward: it checks the password of the charge
   * point itself, and would not know one that the proxy made.
   */
  readonly upstreamChecksPassword: (protocol: Protocol) => boolean
}

type Failure = OperationOutcome & { readonly ok: false }

/** A01 by an operator or a campaign: a new random password, sent, and proven by a login with it. */
export function passwordRotation(deps: PasswordRotationDeps): ChargePointOperations['rotatePassword'] {
  return (identity, options) =>
    operate(deps, 'rotate-password', identity, options, (operation) => rotateWithin(deps, operation, options))
}

const beingChanged = failure('busy', 'the central system is changing its password')

/** The same as a part of an operation that has its turn. */
export async function rotateWithin(
  deps: PasswordRotationDeps,
  operation: Operation,
  options: RotatePasswordOptions,
): Promise<OperationOutcome> {
  if (deps.upstreamChecksPassword(operation.session.facts.protocol)) {
    const detail =
      'centralSystem.authorization is forward: the central system would not know the new password; change it there'
    return failure('prerequisite', detail)
  }
  const refused = refusedOver(deps, 'passwords', operation.session)
  if (refused !== null) return refused
  if (deps.flights.has(operation.identity)) return beingChanged
  const session = await decideEarlier(deps, operation, options)
  if ('code' in session) return session
  const offered = await offer(deps, operation, session, options)
  if ('code' in offered) return offered
  return prove(deps, { ...operation, session }, options, offered)
}

/**
 * An earlier change that nobody has decided: the charge point is made to log in again, which decides
 * it. Returns the session to go on with.
 */
async function decideEarlier(
  deps: PasswordRotationDeps,
  operation: Operation,
  { reset }: RotatePasswordOptions,
): Promise<UseCaseSession | Failure> {
  const { identity, record, session, watch, deadline, signal } = operation
  const change = record.credentialChange
  if (!isUndecided(change, session.facts.credential !== null)) return session
  if (change?.phase === 'reboot-required') {
    if (!reset)
      return failure('prerequisite', 'an earlier new password waits for a restart of the charge point')
    const problem = await restart(deps, operation)
    if (problem !== null)
      return failure('prerequisite', `an earlier new password waits for a restart: ${problem}`)
  } else {
    session.end(1001, 'log in again: a change of the password has no answer')
  }
  const back = await watch.next(deadline.left(), signal)
  if (back === null) {
    const detail =
      'it has to log in, which decides about an earlier new password, and did not come back in time'
    return endOfWait(operation, 'not_connected', detail)
  }
  const now = (await deps.registry.get(identity))?.credentialChange ?? null
  if (!isUndecided(now, back.facts.credential !== null)) return back
  return failure(
    'prerequisite',
    'it came back with its old password, while an earlier new one waits for a restart',
  )
}

interface Offered {
  readonly change: CredentialChange
  readonly answer: Exclude<ChangeAnswer, { readonly kind: 'refused' }>
}

/** On disk, then sent, then on disk what came of it. */
async function offer(
  deps: PasswordRotationDeps,
  operation: Operation,
  session: UseCaseSession,
  { origin }: RotatePasswordOptions,
): Promise<Offered | Failure> {
  const { identity } = operation
  const { changes, flights } = deps
  const flight = flights.begin(identity)
  if (flight === null) return beingChanged
  try {
    const key = deps.randomKey()
    const change = await changes.begin(identity, { key, isText: false }, origin)
    flight.carries(change, false)
    const answer = await send(session, key.toString('hex').toUpperCase(), callOptions(deps, operation))
    await changes.answered(identity, change, answer, true)
    return answer.kind === 'refused' ? failure(answer.code, answer.detail) : { change, answer }
  } finally {
    flight.end()
  }
}

/** In the words of the version that it speaks. 40 digits are a password in either. */
async function send(session: UseCaseSession, value: string, options: CallOptions): Promise<ChangeAnswer> {
  const { protocol } = session.facts
  switch (protocol) {
    case 'ocpp1.6': {
      const change = { key: 'AuthorizationKey', value }
      return readChangeAnswer(await session.callChargePoint('ChangeConfiguration', change, options))
    }
    case 'ocpp2.0.1':
      return basicAuthPassword.answered(
        await session.callChargePoint('SetVariables', setPassword(value), options),
      )
    default:
      return protocol satisfies never
  }
}

/** Waits for the login that proves it. */
async function prove(
  deps: PasswordRotationDeps,
  operation: Operation,
  { reset }: RotatePasswordOptions,
  offered: Offered,
): Promise<OperationOutcome> {
  const { watch, deadline, signal, session } = operation
  const { answer } = offered
  // What came before the old one had ended proves nothing unless it was the new one.
  for (const early of watch.taken()) if (await isProof(deps, offered, early, false)) return proven
  if (answer.kind === 'reboot-required') {
    const problem = reset ? await restart(deps, operation) : 'it takes the new password at its next start'
    if (problem !== null) return failure('not_back', `it answered RebootRequired: ${problem}`)
  } else if (session.facts.credential === null) {
    return withoutLogin(session, answer)
  }
  let cameBack = false
  for (;;) {
    const arrival = await watch.next(deadline.left(), signal)
    if (arrival === null) break
    if (await isProof(deps, offered, arrival, answer.kind === 'accepted')) return proven
    if (arrival.facts.credential === null) return withoutLogin(arrival, answer)
    cameBack = true
    // It was heard of, and the answer is not: nothing better will come.
    if (answer.kind === 'unknown') break
  }
  const detail = detailOf(answer, cameBack, session.isOpen)
  return endOfWait(operation, answer.kind === 'unknown' ? 'no_answer' : 'not_back', detail)
}

const proven: OperationOutcome = Object.freeze({ ok: true, detail: 'it has logged in with the new password' })

/** Profiles 0 and 3: it connects without a password, so a connection proves nothing. */
function withoutLogin({ facts }: UseCaseSession, answer: ChangeAnswer): OperationOutcome {
  if (answer.kind === 'unknown') return failure('no_answer', `${answer.detail}; both passwords are valid`)
  return {
    ok: true,
    detail: `it took the new password; on profile ${facts.profile} it logs in without, so that is not proven yet`,
  }
}

/**
 * `hasEnded`: the old password was ended before this session was seen; then there is no other that it
 * could have logged in with.
 */
async function isProof(
  deps: PasswordRotationDeps,
  { change }: Offered,
  { facts }: UseCaseSession,
  hasEnded: boolean,
): Promise<boolean> {
  if (facts.credential === null) return false
  const present = (await deps.registry.get(facts.identity))?.credentialChange ?? null
  // While our change stands, whatever it has logged in with was not the new one.
  if (present?.startedAt === change.startedAt) return false
  return facts.credential === 'next' || hasEnded
}

function detailOf(answer: ChangeAnswer, cameBack: boolean, isStillThere: boolean): string {
  const happened = cameBack
    ? 'it came back with its old password'
    : isStillThere
      ? 'it has kept its connection'
      : 'it did not come back in time'
  const reason = 'detail' in answer ? `${answer.detail}; ` : ''
  return `${reason}${happened}`
}
