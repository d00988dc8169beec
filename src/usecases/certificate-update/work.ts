import { messageOf } from '../../policy/error.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { RenewalRecord } from '../../store/store.ts'
import type { CertificateUpdateContext } from './context.ts'
import { deliver } from './deliver.ts'
import { issue } from './issue.ts'

/** Takes renewals from one phase to the next, for charge points that are connected. */
export interface RenewalWork {
  /** Something is to be done for it, or may be. `afterMs`: not before. */
  wake(identity: string, afterMs?: number): void
  /** The authorities are others: what waits for them is tried at once. */
  wakeAll(): void
  /** Fulfilled when nobody works any more; `stopping` must have been aborted. */
  ended(): Promise<void>
}

interface Running {
  /** Woken meanwhile: it looks again before it ends. */
  again: boolean
  /** The authority is another one: what it waited for is tried at once. */
  isUrgent: boolean
  /** Ends the present wait. */
  sleep: AbortController
  done: Promise<void>
}

/** Milliseconds after which what failed on our side is tried again. */
const ownRetryMs = 30_000

/**
 * One worker for each charge point that is connected and has something open: bounded by the connections. It
 * ends with its session, and the next one begins another; all state is in the store.
 */
export function createRenewalWork(context: CertificateUpdateContext): RenewalWork {
  const { sessions, renewals, clock, stopping, log } = context
  const running = new Map<string, Running>()
  /** On which session a chain went out last: it is not sent twice on one. */
  const deliveredOn = new WeakMap<UseCaseSession, number>()

  function wake(identity: string, afterMs = 0): void {
    const present = running.get(identity)
    if (present !== undefined) {
      present.again = true
      present.sleep.abort()
      return
    }
    const own: Running = {
      again: false,
      isUrgent: false,
      sleep: new AbortController(),
      done: Promise.resolve(),
    }
    running.set(identity, own)
    own.done = run(identity, own, afterMs)
  }

  async function sleep(own: Running, ms: number): Promise<void> {
    await clock.wait(ms, AbortSignal.any([own.sleep.signal, stopping]))
    if (own.sleep.signal.aborted) own.sleep = new AbortController()
  }

  async function run(identity: string, own: Running, afterMs: number): Promise<void> {
    if (afterMs > 0) await sleep(own, afterMs)
    while (!stopping.aborted) {
      own.again = false
      try {
        if (!(await step(identity, own)) && !own.again) break
      } catch (error) {
        log.error({ identity, err: messageOf(error) }, 'a renewal cannot go on; it is tried again')
        await sleep(own, ownRetryMs)
      }
    }
    // In the same turn as the last look: whoever wakes it later begins another worker.
    running.delete(identity)
  }

  /** False: there is nothing to do now. */
  async function step(identity: string, own: Running): Promise<boolean> {
    const session = sessions.get(identity)
    if (session === null || !session.isOpen) return false
    const renewal = await renewals.get(identity)
    switch (renewal?.phase) {
      case 'pending':
        return ask(renewal, own)
      case 'issued':
      case 'sent':
        return send(session, renewal, own)
      default:
        return false
    }
  }

  async function ask(renewal: RenewalRecord, own: Running): Promise<boolean> {
    const wait = own.isUrgent ? 0 : (renewal.nextAttemptAt ?? 0) - clock.now()
    own.isUrgent = false
    if (wait > 0) await sleep(own, wait)
    else await issue(context, renewal)
    return true
  }

  async function send(session: UseCaseSession, renewal: RenewalRecord, own: Running): Promise<boolean> {
    const { phase, startedAt } = renewal
    // It is not sent twice on one session: whoever did not answer then needs another one.
    if (phase === 'sent' && deliveredOn.get(session) === startedAt) return false
    deliveredOn.set(session, startedAt)
    const delivery = await deliver(context, session, renewal)
    if (delivery === 'again') await sleep(own, ownRetryMs)
    return delivery === 'again'
  }

  return {
    wake,
    wakeAll() {
      for (const own of running.values()) {
        own.again = true
        own.isUrgent = true
        own.sleep.abort()
      }
    },
    async ended() {
      await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}
