import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import { type Call, type CallFate, forward, type UseCase, type UseCaseSession } from '../../relay/use-case.ts'
import type { Onboarding } from '../../store/store.ts'
import { createArrivals } from '../operation/arrivals.ts'
import type { OperationOutcome } from '../operation/operation.ts'
import { answerInOnboarding } from './answers.ts'
import type { RunDeps } from './context.ts'
import { bootSeconds, retryDelay } from './plan.ts'
import { runOnboarding } from './run.ts'

export interface OnboardingDeps extends Omit<RunDeps, 'arrivals' | 'stopping'> {
  readonly note: NoteEvent
  readonly log: Logger
  readonly sessionsGauge: { set(value: number): void }
  readonly counted: (result: 'done' | 'failed') => void
  /**
   * Milliseconds after which a charge point that did not boot is begun with: one that is in service already
   * reconnects without (OCPP 1.6 4.2). Left out: 10 s.
   */
  readonly bootPatienceMs?: number
}

export interface OnboardingUseCase {
  /** For the relay; the last one: who reads along has seen what it answers. */
  readonly useCase: UseCase
  /** Fewer charge points are connected for it than `onboarding.sessions`. */
  readonly hasRoom: () => boolean
  /** Ends what waits; the next process begins again with each that comes. */
  stop(): void
}

/**
 * Onboarding (A00.FR.406, A00.FR.805, A00.FR.806): a charge point with the credentials of its manufacturer is
 * held in Pending by the proxy, gets its own, and meets the central system when it comes with them. What
 * fails stays in onboarding, with the reason, and is tried again with a boot after its wait. Everything
 * is in the registry before it is done, so that a proxy that was killed begins again where it was.
 */
export function createOnboarding(deps: OnboardingDeps): OnboardingUseCase {
  const { registry, clock, settings, note, log } = deps
  const stopping = new AbortController()
  const arrivals = createArrivals(clock)
  const run: RunDeps = { ...deps, arrivals, stopping: stopping.signal }
  /** Connected for it; what ends their timers. */
  const live = new Map<UseCaseSession, AbortController>()
  /** Tries under way, one for each charge point: bounded by the sessions, and by the time that a try has. */
  const running = new Set<string>()

  function begin(session: UseCaseSession): void {
    const { identity } = session.facts
    if (running.has(identity) || stopping.signal.aborted) return
    running.add(identity)
    tryOnce(session)
      .catch((error: unknown) => {
        log.error(
          { identity, err: messageOf(error) },
          'an onboarding could not go on; its next boot begins again',
        )
      })
      .finally(() => running.delete(identity))
  }

  async function tryOnce(session: UseCaseSession): Promise<void> {
    const { identity } = session.facts
    const onboarding = (await registry.get(identity))?.onboarding ?? null
    if (onboarding === null || !session.isOpen) return
    if (onboarding.notBefore !== null && clock.now() < onboarding.notBefore) return
    const { via, expectedAt, failures } = onboarding
    log.info({ identity, via, failures }, 'onboarding begins')
    const outcome = await runOnboarding(run, identity, expectedAt)
    // What is done has shown in a connection, which is told of where it begins.
    if (!outcome.ok && outcome.code !== 'draining') await failed(session, onboarding, outcome)
  }

  /** Also of a try that a process before this one has made. */
  function done({ facts }: UseCaseSession): void {
    const { identity, listener, address, profile } = facts
    const detail = `it is on profile ${profile} with credentials of the operator`
    deps.counted('done')
    log.info({ identity, detail }, 'onboarding done')
    const techInfo = `onboarding: ${detail} [A00.FR.805]`
    note({ type: 'OnboardingDone', identity, listener, address, techInfo })
  }

  async function failed(
    { facts }: UseCaseSession,
    { via, expectedAt, failures: before }: Onboarding,
    { code, detail }: OperationOutcome & { readonly ok: false },
  ): Promise<void> {
    const { identity, listener, address } = facts
    const failures = before + 1
    const now = clock.now()
    const notBefore = now + retryDelay(failures, settings().retry)
    const step = { state: 'failed', detail, failures, notBefore } as const
    // It was ended meanwhile, by an operator or by a connection that needs none: nothing has failed then.
    if (!(await registry.stepOnboarding(identity, expectedAt, step, now))) return
    deps.counted('failed')
    const next = new Date(notBefore).toISOString()
    log.warn({ identity, code, detail, failures, next }, 'onboarding failed')
    const techInfo = `onboarding failed (${failures}): ${detail}; next try from ${next} on [A00.FR.806]`
    note({ type: 'OnboardingFailed', identity, listener, address, techInfo })
    const present = deps.sessions.get(identity)
    // It is in service: what it has to say (transactions) it keeps while it is not connected, and loses by
    // asking in vain (OCPP 1.6 3.7).
    if (via === 'expired-certificate' && present?.facts.stage === 'onboarding')
      present.end(1001, 'the certificate could not be renewed; come again later')
  }

  async function onBoot(call: Call, session: UseCaseSession): Promise<CallFate> {
    const { onboarding = null } = (await registry.get(session.facts.identity)) ?? {}
    const now = clock.now()
    // Behind the answer, which is written when this returns.
    setImmediate(() => begin(session))
    return answerInOnboarding(call, now, bootSeconds(onboarding, settings().bootInterval, now))
  }

  async function watchOver(session: UseCaseSession, over: AbortSignal): Promise<void> {
    const { bootPatienceMs = 10_000 } = deps
    const { sessionTimeout } = settings()
    await clock.wait(Math.min(bootPatienceMs, sessionTimeout), over)
    if (over.aborted) return
    begin(session)
    await clock.wait(Math.max(0, sessionTimeout - bootPatienceMs), over)
    if (!over.aborted) session.end(1001, 'the onboarding takes too long; come again')
  }

  return {
    useCase: {
      name: 'onboarding',
      watches: [
        {
          direction: 'to-central-system',
          action: '*',
          only: ({ facts }) => facts.stage === 'onboarding',
        },
      ],
      onCall(call, session) {
        if (session.facts.stage !== 'onboarding') return forward
        return call.action === 'BootNotification'
          ? onBoot(call, session)
          : answerInOnboarding(call, clock.now(), 0)
      },
      started(session) {
        arrivals.arrived(session)
        if (session.facts.isOnboarded === true) done(session)
        if (session.facts.stage !== 'onboarding') return
        const over = new AbortController()
        live.set(session, over)
        deps.sessionsGauge.set(live.size)
        void watchOver(session, over.signal)
      },
      ended(session) {
        live.get(session)?.abort()
        if (live.delete(session)) deps.sessionsGauge.set(live.size)
      },
    },
    hasRoom: () => live.size < settings().sessions,
    stop: () => stopping.abort(),
  }
}
