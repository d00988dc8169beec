import type { UseCaseSession } from '../../relay/use-case.ts'
import type { ChargePointRecord } from '../../store/store.ts'
import { deadlineOf } from '../operation/clock.ts'
import { failure } from '../operation/context.ts'
import type { OperationFailure, OperationOutcome } from '../operation/operation.ts'
import { giveCertificate } from './certificate.ts'
import { notBack, type OnboardingRun, presentSession, type RunDeps } from './context.ts'
import { nextStep, type OnboardingStep, wordsOf } from './plan.ts'

/** Each step takes a charge point further; one that needs more goes in circles. */
const maxSteps = 6
/** Milliseconds until a charge point that somebody else is busy with is looked at again. */
const busyMs = 1_000

/** From where the charge point stands to the central system, or to the first step that fails. Never rejected but by a store that fails. */
export async function runOnboarding(
  deps: RunDeps,
  identity: string,
  expectedAt: number,
): Promise<OperationOutcome> {
  const { arrivals, clock, settings, stopping } = deps
  const watch = arrivals.watch(identity)
  const deadline = deadlineOf(clock, settings().timeout)
  const run: OnboardingRun = { identity, expectedAt, watch, deadline, signal: stopping }
  try {
    return await walk(deps, run)
  } finally {
    watch.close()
  }
}

async function walk(deps: RunDeps, run: OnboardingRun): Promise<OperationOutcome> {
  let hasNewCertificate = false
  for (let count = 0; count < maxSteps; count += 1) {
    const session = await presentSession(deps, run)
    if (session === null) return notBack(run)
    if (session.facts.stage !== 'onboarding') return done(session)
    const record = await deps.registry.get(run.identity)
    if (!isPresent(record, run)) return failure('draining', 'its onboarding was ended or set anew meanwhile')
    const step = stepFor(deps, session, record, hasNewCertificate)
    await deps.registry.stepOnboarding(
      run.identity,
      run.expectedAt,
      { state: 'running', detail: wordsOf(step) },
      deps.clock.now(),
    )
    const outcome = await perform(deps, run, session, step)
    // The answer of an operation may be worse than what came of it.
    const present = deps.sessions.get(run.identity)
    if (present?.isOpen === true && present.facts.stage !== 'onboarding') return done(present)
    if (!outcome.ok && outcome.code === 'busy' && (await isFreeLater(deps, run))) count -= 1
    else if (!outcome.ok && !isLost(outcome.code, session))
      return { ...outcome, detail: `${wordsOf(step)}: ${outcome.detail}` }
    hasNewCertificate ||= outcome.ok && step.kind === 'certificate'
  }
  return failure('fell_back', `after ${maxSteps} steps it still comes with what it had`)
}

/** It has hung up over the step, as many do after each change: what it has done of it shows when it is back. */
function isLost(code: OperationFailure, { isOpen }: UseCaseSession): boolean {
  return !isOpen && (code === 'no_answer' || code === 'not_sent')
}

/** An operator lists its roots, or installs one: that ends soon. False: the time of the try is over. */
async function isFreeLater({ clock }: RunDeps, { deadline, signal }: OnboardingRun): Promise<boolean> {
  await clock.wait(Math.min(busyMs, deadline.left()), signal)
  return deadline.left() > 0 && !signal.aborted
}

function stepFor(
  { settings, served }: RunDeps,
  { facts }: UseCaseSession,
  { credential, onboarding }: ChargePointRecord,
  hasNewCertificate: boolean,
): OnboardingStep {
  const { profile } = facts
  const hasFactoryPassword =
    facts.credential === 'current' && credential !== null && onboarding?.factorySalt === credential.salt
  const { endOnProfile = null } = settings()
  return nextStep({ profile, hasFactoryPassword, hasNewCertificate, endOnProfile, served: served() })
}

function perform(
  deps: RunDeps,
  run: OnboardingRun,
  session: UseCaseSession,
  step: OnboardingStep,
): Promise<OperationOutcome> {
  const { operations } = deps
  const { identity, deadline, signal } = run
  const options = { origin: 'onboarding', timeoutMs: deadline.left(), signal, reset: true } as const
  switch (step.kind) {
    case 'password':
      return operations.rotatePassword(identity, options)
    case 'certificate':
      return giveCertificate(deps, run, session)
    case 'profile':
      return operations.upgradeProfile(identity, step.to, { ...options, newPassword: step.newPassword })
    case 'impossible':
      return Promise.resolve(failure('prerequisite', step.detail))
    default:
      return step satisfies never
  }
}

function isPresent(record: ChargePointRecord | null, run: OnboardingRun): record is ChargePointRecord {
  return record?.onboarding?.expectedAt === run.expectedAt
}

function done({ facts }: UseCaseSession): OperationOutcome {
  return { ok: true, detail: `it is on profile ${facts.profile} with credentials of the operator` }
}
