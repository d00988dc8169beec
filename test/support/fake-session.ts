import type { Payload } from '../../src/ocpp/message.ts'
import type { CallOptions, CallOutcome, UseCaseSession } from '../../src/relay/use-case.ts'

export interface SentCall {
  readonly to: 'charge-point' | 'central-system'
  readonly action: string
  readonly payload: Payload
}

export interface FakeSession extends UseCaseSession {
  isOpen: boolean
  /** CALLs of our own, in order. */
  readonly calls: readonly SentCall[]
  /** Answers the oldest CALL that has no outcome yet; waits for one where there is none. */
  outcome(outcome: CallOutcome): Promise<SentCall>
  /** The connection is lost: open CALLs get no answer. */
  drop(): void
  readonly ends: readonly { readonly code: number; readonly text: string }[]
}

/** A session for tests of use cases: no sockets, outcomes are given by the test. */
export function fakeSession(facts: Partial<UseCaseSession['facts']> = {}): FakeSession {
  const calls: SentCall[] = []
  const ends: { code: number; text: string }[] = []
  const open: { call: SentCall; settle: (outcome: CallOutcome) => void; sent: (() => void) | undefined }[] =
    []
  const waiting: (() => void)[] = []
  const send = (call: SentCall, options: CallOptions | undefined): Promise<CallOutcome> =>
    new Promise((resolve) => {
      calls.push(call)
      open.push({ call, settle: resolve, sent: options?.sent })
      waiting.shift()?.()
    })
  const session: FakeSession = {
    facts: {
      identity: 'CP1',
      listener: 'test',
      profile: 2,
      protocol: 'ocpp1.6',
      address: '127.0.0.1',
      certificate: null,
      pendingUpgrade: null,
      ...facts,
    } as UseCaseSession['facts'],
    isOpen: true,
    calls,
    ends,
    callChargePoint: (action, payload, options) => send({ to: 'charge-point', action, payload }, options),
    callCentralSystem: (action, payload, options) => send({ to: 'central-system', action, payload }, options),
    end(code, text) {
      session.isOpen = false
      ends.push({ code, text })
    },
    drop() {
      session.isOpen = false
      for (const { settle } of open.splice(0)) settle({ kind: 'no-answer', detail: 'the session ended' })
    },
    async outcome(outcome) {
      if (open.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      const first = open.shift()
      if (first === undefined) throw new Error('no CALL is open')
      if (outcome.kind !== 'not-sent') first.sent?.()
      first.settle(outcome)
      return first.call
    },
  }
  return session
}
