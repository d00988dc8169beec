import type { NoteEvent } from '../../events/proxy-event.ts'
import { messageOf } from '../../policy/error.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import {
  type Answer,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import type { SignedFirmwareContext, SignedFirmwareDeps } from './context.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { updateFirmwareOperation } from './operation.ts'
import { createPlainProgress } from './plain-progress.ts'
import { onBoot, onPlainStatus, onStatus, type Triggered } from './status.ts'
import { type UpdateTranslation, updateTranslation } from './translation.ts'
import { createUpdates } from './updates.ts'

/** Signed firmware (L01) in front of a central system that knows UpdateFirmware only. */
export interface SignedFirmware {
  readonly useCase: UseCase
  operation(common: OperationDeps): ChargePointOperations['updateFirmware']
}

const repeatMs = 60_000
const maxRemembered = 10_000

export function createSignedFirmware(deps: SignedFirmwareDeps): SignedFirmware {
  const context: SignedFirmwareContext = {
    ...deps,
    updates: createUpdates(deps.firmware),
    plain: createPlainProgress(),
    note: seldom(deps),
  }
  const delivery = createDelivery(context)
  const triggered: Triggered = new WeakSet()
  const held: Held = new WeakSet()
  const translation = updateTranslation(context, delivery)
  return {
    operation: (common) => updateFirmwareOperation(context, delivery, common),
    useCase: {
      name: 'signed-firmware',
      watches: [
        { direction: 'to-charge-point', action: 'UpdateFirmware' },
        { direction: 'to-charge-point', action: 'TriggerMessage' },
        { direction: 'to-central-system', action: 'SignedFirmwareStatusNotification' },
        // The plain one is the central system's: it is only read, for an operator's update without L01.
        {
          direction: 'to-central-system',
          action: 'FirmwareStatusNotification',
          only: ({ facts }) => context.plain.isFollowed(facts.identity),
        },
        {
          direction: 'to-central-system',
          action: 'BootNotification',
          only: ({ facts }) => context.plain.isFollowed(facts.identity),
        },
        // Only while something waits for a charge point that has just connected.
        { direction: 'to-central-system', action: '*', only: (session) => held.has(session) },
      ],
      onCall(call, session) {
        if (session.facts.stage === 'onboarding') return forward
        if (call.direction === 'to-central-system') {
          if (call.action === 'SignedFirmwareStatusNotification')
            return onStatus(context, delivery, triggered, call, session)
          if (call.action === 'FirmwareStatusNotification') onPlainStatus(context, call, session)
          if (call.action === 'BootNotification') onBoot(context, call, session)
          return release(delivery, held, call, session)
        }
        if (deps.mode() === 'forward') return forward
        if (call.action === 'UpdateFirmware') return translation.onUpdate(call, session)
        return call.action === 'TriggerMessage' ? trigger(context, triggered, call, session) : forward
      },
      started: (session) => void hold(context, translation, held, session),
    },
  }
}

/** A peer that asks, or reports, the same again and again makes one event of it a minute (CWE-770). */
function seldom({ note, now }: Pick<SignedFirmwareDeps, 'note' | 'now'>): NoteEvent {
  const repeats = new Repeats(repeatMs, maxRemembered)
  return (event) => {
    const { type, identity, techInfo } = event
    // Without its numbers: a request id is the charge point's to choose.
    const unsaid = repeats.say(`${identity}\n${type}\n${techInfo?.replace(/\d+/g, '#')}`, now())
    if (unsaid !== null) note({ ...event, techInfo: `${techInfo ?? ''}${unsaidWords(unsaid)}` })
  }
}

/**
 * Sessions whose charge point may still have to boot: a central system may refuse whatever comes before
 * its BootNotification was accepted (OCPP 1.6, 4.2).
 */
type Held = WeakSet<UseCaseSession>

async function hold(
  { updates, log }: SignedFirmwareContext,
  translation: UpdateTranslation,
  held: Held,
  session: UseCaseSession,
): Promise<void> {
  const { identity, stage } = session.facts
  if (stage === 'onboarding') return
  try {
    const update = await translation.afterwards(identity, await updates.of(identity))
    if (update !== null && update.untold.length > 0) held.add(session)
  } catch (error) {
    log.error({ identity, err: messageOf(error) }, 'firmware statuses that wait cannot be read')
  }
}

/** The charge point works: what waits is told behind this CALL. */
function release(delivery: Delivery, held: Held, call: Call, session: UseCaseSession): CallFate {
  if (!held.has(session)) return forward
  return {
    kind: 'forward',
    answered(answer) {
      const isRefused = call.action === 'BootNotification' && !isAccepted(answer)
      if (!isRefused && held.delete(session)) void delivery.deliver(session.facts.identity)
      return forward
    },
  }
}

function isAccepted(answer: Answer | null): boolean {
  return answer?.kind === 'result' && answer.payload['status'] === 'Accepted'
}

/** L01.FR.20: for charge points that run the signed flow, TriggerMessage becomes ExtendedTriggerMessage. */
async function trigger(
  { updates }: SignedFirmwareContext,
  triggered: Triggered,
  { payload }: Call,
  session: UseCaseSession,
): Promise<CallFate> {
  if (payload['requestedMessage'] !== 'FirmwareStatusNotification') return forward
  const update = await updates.of(session.facts.identity)
  if (update?.isSigned !== true) return forward
  return {
    kind: 'replace',
    action: 'ExtendedTriggerMessage',
    payload: { requestedMessage: 'FirmwareStatusNotification' },
    answered(answer) {
      if (isAccepted(answer)) triggered.add(session)
      const isUnknown =
        answer?.kind === 'error' && (answer.code === 'NotImplemented' || answer.code === 'NotSupported')
      // TriggerMessage.conf can say so, and every central system understands it.
      return isUnknown
        ? { kind: 'replace', answer: { kind: 'result', payload: { status: 'NotImplemented' } } }
        : forward
    },
  }
}
