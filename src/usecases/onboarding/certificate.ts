import type { UseCaseSession } from '../../relay/use-case.ts'
import { readChangeAnswer } from '../operation/answer.ts'
import { failure } from '../operation/context.ts'
import type { OperationOutcome } from '../operation/operation.ts'
import { restart } from '../operation/restart.ts'
import { notBack, type OnboardingRun, presentSession, type RunDeps } from './context.ts'

/**
 * A02 in onboarding (A00.FR.406): CpoName, which its request has to name, the certificate, and, where it is
 * connected by one, a connection with the new one.
 */
export async function giveCertificate(
  deps: RunDeps,
  run: OnboardingRun,
  session: UseCaseSession,
): Promise<OperationOutcome> {
  const { operations } = deps
  const { identity, deadline, signal } = run
  const named = await setCpoName(deps, run, session)
  const timeoutMs = deadline.left()
  const renewed = await operations.renewCertificate(identity, { origin: 'onboarding', timeoutMs, signal })
  // A charge point that keeps another name shows it in its request, and nobody would sign that.
  if (!renewed.ok) return named === null ? renewed : { ...renewed, detail: `${renewed.detail} (${named})` }
  return session.facts.profile === 3 ? comeWithIt(deps, run, session) : renewed
}

/** Null: it has taken the name; otherwise what it said. */
async function setCpoName(
  { cpoName, callTimeoutMs }: RunDeps,
  { deadline }: OnboardingRun,
  session: UseCaseSession,
): Promise<string | null> {
  const value = cpoName()
  if (value === null) return 'cpo.names is empty'
  const timeoutMs = Math.max(1, Math.min(callTimeoutMs(), deadline.left()))
  const outcome = await session.callChargePoint(
    'ChangeConfiguration',
    { key: 'CpoName', value },
    { timeoutMs },
  )
  const answer = readChangeAnswer(outcome)
  if (answer.kind === 'accepted') return null
  return `CpoName: ${'detail' in answer ? answer.detail : 'it answered RebootRequired'}`
}

/** Not every charge point reconnects by itself (A02.FR.08 of edition 4): made to, and restarted if that does not do. */
async function comeWithIt(
  deps: RunDeps,
  run: OnboardingRun,
  session: UseCaseSession,
): Promise<OperationOutcome> {
  const before = session.facts.certificate
  for (const act of [hangUp, restart]) {
    const present = await presentSession(deps, run)
    if (present === null) return notBack(run)
    if (present.facts.certificate !== before) return came
    // From here on: what has come before says nothing.
    run.watch.taken()
    const problem = await act(deps, run, present)
    if (problem !== null) return failure('not_back', `it keeps its old certificate, and ${problem}`)
    const back = await run.watch.next(run.deadline.left(), run.signal)
    if (back === null) return notBack(run)
    if (back.facts.certificate !== before) return came
  }
  return failure('fell_back', 'it took the new certificate, and comes with its old one all the same')
}

const came: OperationOutcome = Object.freeze({ ok: true, detail: 'it came with the new certificate' })

async function hangUp(_deps: RunDeps, _run: OnboardingRun, session: UseCaseSession): Promise<null> {
  session.end(1001, 'connect with the new certificate')
  return null
}
