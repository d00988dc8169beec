import { messageOf } from '../../policy/error.ts'
import { bestMatch } from '../../policy/firmware.ts'
import {
  type Answer,
  answerError,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import type { SignedFirmwareContext, SignedFirmwareDeps } from './context.ts'
import { createDelivery, type Delivery, withUntold } from './delivery.ts'
import { updateFirmwareOperation } from './operation.ts'
import { readUpdateFirmware, type Wanted, wantsSigned } from './request.ts'
import { sendUpdate } from './send.ts'
import { onStatus, type Triggered } from './status.ts'
import { createUpdates, unknownUpdate } from './updates.ts'

/** Signed firmware (L01) in front of a central system that knows UpdateFirmware only. */
export interface SignedFirmware {
  readonly useCase: UseCase
  operation(common: OperationDeps): ChargePointOperations['updateFirmware']
}

export function createSignedFirmware(deps: SignedFirmwareDeps): SignedFirmware {
  const context: SignedFirmwareContext = { ...deps, updates: createUpdates(deps.firmware) }
  const delivery = createDelivery(context)
  const triggered: Triggered = new WeakSet()
  const held: Held = new WeakSet()
  const translate = translation(context, delivery)
  return {
    operation: (common) => updateFirmwareOperation(context, common),
    useCase: {
      name: 'signed-firmware',
      watches: [
        { direction: 'to-charge-point', action: 'UpdateFirmware' },
        { direction: 'to-charge-point', action: 'TriggerMessage' },
        { direction: 'to-central-system', action: 'SignedFirmwareStatusNotification' },
        // Only while something waits for a charge point that has just connected.
        { direction: 'to-central-system', action: '*', only: (session) => held.has(session) },
      ],
      onCall(call, session) {
        if (session.facts.stage === 'onboarding') return forward
        if (call.direction === 'to-central-system') {
          return call.action === 'SignedFirmwareStatusNotification'
            ? onStatus(context, delivery, triggered, call, session)
            : release(delivery, held, call, session)
        }
        if (deps.mode() === 'forward') return forward
        if (call.action === 'UpdateFirmware') return translate(call, session)
        return call.action === 'TriggerMessage' ? trigger(context, triggered, call, session) : forward
      },
      started: (session) => void hold(context, held, session),
    },
  }
}

/**
 * Sessions whose charge point may still have to boot: a central system may refuse whatever comes before
 * its BootNotification was accepted (OCPP 1.6, 4.2).
 */
type Held = WeakSet<UseCaseSession>

async function hold(
  { updates, log }: SignedFirmwareContext,
  held: Held,
  session: UseCaseSession,
): Promise<void> {
  const { identity, stage } = session.facts
  if (stage === 'onboarding') return
  try {
    const update = await updates.of(identity)
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

/** UpdateFirmware of the central system. */
function translation(context: SignedFirmwareContext, delivery: Delivery) {
  const { firmware, settings, note, log, updates, now } = context
  /** The one that came last counts; an entry goes when it is through. */
  const latest = new Map<string, object>()

  async function run(identity: string, entry: FirmwareEntry, wanted: Wanted): Promise<void> {
    const mine = {}
    latest.set(identity, mine)
    const isObsolete = () => latest.get(identity) !== mine
    try {
      const sent = await sendUpdate(context, {
        ...{ identity, entry, wanted, isObsolete },
        origin: 'central-system',
      })
      if (sent.kind !== 'failed' || isObsolete()) return
      const { code, detail } = sent
      log.warn({ identity, firmware: entry.name, code, detail }, 'a firmware update was not begun')
      await failed(identity)
    } catch (error) {
      log.error({ identity, firmware: entry.name, err: messageOf(error) }, 'a firmware update failed')
      await failed(identity).catch(() => {})
    } finally {
      if (!isObsolete()) latest.delete(identity)
    }
  }

  /** UpdateFirmware.conf cannot carry a refusal: it is heard as a status (facts, 5.4). */
  async function failed(identity: string): Promise<void> {
    await updates.change(identity, (before) =>
      withUntold({ ...(before ?? unknownUpdate(identity, now())), updatedAt: now() }, 'DownloadFailed'),
    )
    await delivery.deliver(identity)
  }

  return async ({ payload }: Call, session: UseCaseSession): Promise<CallFate> => {
    const { identity } = session.facts
    const wanted = readUpdateFirmware(payload)
    // The charge point will say what is wrong with it.
    if (wanted === null) return forward
    const entry = bestMatch(await firmware.list(), wanted.location)
    if (entry !== null) {
      return {
        kind: 'answer',
        answer: { kind: 'result', payload: {} },
        sent: () => void run(identity, entry, wanted),
      }
    }
    if (settings().withoutEntry === 'pass') return passed(context, identity)
    const techInfo = 'UpdateFirmware for a location that is not in the firmware catalogue was refused'
    note({ type: 'FirmwareUpdateRefused', identity, techInfo })
    return answerError('SecurityError', 'the location is not in the firmware catalogue of the proxy')
  }
}

/** The plain message goes on; a charge point that refuses it as L01.FR.20 says is known from then on. */
function passed({ updates, log, now }: SignedFirmwareContext, identity: string): CallFate {
  return {
    kind: 'forward',
    answered(answer) {
      if (answer?.kind !== 'error' || !wantsSigned(answer)) return forward
      log.warn({ identity }, 'it wants signed firmware (L01.FR.20), and the location is not in the catalogue')
      updates
        .change(identity, (before) => ({ ...(before ?? unknownUpdate(identity, now())), isSigned: true }))
        .catch((error: unknown) =>
          log.error({ identity, err: messageOf(error) }, 'that it has L01 was not kept'),
        )
      return forward
    },
  }
}
