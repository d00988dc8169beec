import type {
  Answer,
  AnswerFate,
  Call,
  CallFate,
  UseCase,
  UseCaseSession,
  Watch,
} from '../../src/relay/use-case.ts'
import type { OpenSession } from './sockets.ts'

export const call = (id: string, action = 'Heartbeat', payload: object = {}) =>
  JSON.stringify([2, id, action, payload])
export const result = (id: string, payload: object = {}) => JSON.stringify([3, id, payload])

export const fromChargePoint: Watch = { direction: 'to-central-system', action: 'DataTransfer' }
export const fromCentralSystem: Watch = { direction: 'to-charge-point', action: 'DataTransfer' }

/** A use case that does what it is told, and remembers what it saw. */
export function scripted(
  onCall: (call: Call, session: UseCaseSession) => CallFate | Promise<CallFate>,
  watches: readonly Watch[] = [fromChargePoint, fromCentralSystem],
  name = 'scripted',
): UseCase & { readonly seen: Call[] } {
  const seen: Call[] = []
  return {
    name,
    watches,
    seen,
    onCall(one, session) {
      seen.push(one)
      return onCall(one, session)
    },
  }
}

/** Lets a CALL through and remembers what was said of its answer. */
export function hearing(
  heard: (Answer | null)[],
  fate: (answer: Answer | null) => AnswerFate | Promise<AnswerFate>,
): CallFate {
  return {
    kind: 'forward',
    answered(answer) {
      heard.push(answer)
      return fate(answer)
    },
  }
}

/** Lets what was read, and what was promised, have its effect. */
export async function turns(count = 4): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise(setImmediate)
}

/**
 * The session has read everything that both ends have sent, and that has had its effect. A busy kernel takes its
 * time also on the loopback.
 */
export async function arrived({ near, upstream, chargePoint, central }: OpenSession): Promise<void> {
  const isRead = () =>
    near.bytesRead >= chargePoint.socket.bytesWritten && upstream.bytesRead >= central.socket.bytesWritten
  while (!isRead()) await new Promise(setImmediate)
  await turns()
}

/** Time passes, and one sweep. */
export function after({ session, clock }: OpenSession, ms: number): void {
  const now = clock.now() + ms
  clock.now = () => now
  session.sweep({ idle: 0, pingTimeout: 30, refill: 0 })
}

/** The series of ocpp_proxy_messages_intercepted_total, sorted. */
export async function intercepted({ context }: OpenSession): Promise<readonly string[]> {
  const text = await context.metrics.registry.metrics()
  const name = 'ocpp_proxy_messages_intercepted_total'
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.slice(name.length))
    .sort()
}
