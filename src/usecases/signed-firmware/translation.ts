import type { Payload } from '../../ocpp/message.ts'
import { messageOf } from '../../policy/error.ts'
import { bestMatch } from '../../policy/firmware.ts'
import { answerError, type Call, type CallFate, forward, type UseCaseSession } from '../../relay/use-case.ts'
import type { FirmwareEntry, FirmwareUpdate } from '../../store/store.ts'
import type { SignedFirmwareContext } from './context.ts'
import type { Delivery } from './delivery.ts'
import { readUpdateFirmware, type Wanted, wantsSigned } from './request.ts'
import { refused, unknownUpdate } from './request-state.ts'
import { beginUpdate, sendUpdate } from './send.ts'
import { withUntold } from './untold.ts'

/** UpdateFirmware of a central system of the core. */
export interface UpdateTranslation {
  onUpdate(call: Call, session: UseCaseSession): Promise<CallFate>
  /**
   * A charge point is back: a request that was answered to the central system, and of which a process that was
   * killed has told nobody, has failed. Returns what is known now. Rejects when the store fails.
   */
  afterwards(identity: string, update: FirmwareUpdate | null): Promise<FirmwareUpdate | null>
}

export function updateTranslation(context: SignedFirmwareContext, delivery: Delivery): UpdateTranslation {
  const { firmware, settings, note, log, updates, now } = context
  /** The one that came last counts; an entry goes when it is through. */
  const latest = new Map<string, number>()

  async function run(
    identity: string,
    requestId: number,
    entry: FirmwareEntry,
    wanted: Wanted,
  ): Promise<void> {
    latest.set(identity, requestId)
    const isObsolete = () => latest.get(identity) !== requestId
    try {
      const sent = await sendUpdate(context, {
        ...{ identity, requestId, entry, wanted, isObsolete },
        origin: 'central-system',
      })
      if (sent.kind !== 'failed' || isObsolete()) return
      const { code, detail } = sent
      // It has not answered, and reports all the same: its statuses tell how it goes.
      if (code === 'no_answer' && (await updates.of(identity))?.accepted === true) return
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

  return {
    async onUpdate({ payload }, session) {
      const { identity } = session.facts
      const { location } = payload
      const entry = typeof location === 'string' ? bestMatch(await firmware.list(), location) : null
      if (entry !== null) {
        const wanted = readUpdateFirmware(payload)
        // Passed on it might be obeyed, and nobody would have verified the image (A00.FR.706).
        if (wanted === null) return malformed(context, payload)
        const request = { origin: 'central-system', name: entry.name, location: wanted.location } as const
        const requestId = await beginUpdate(context, identity, request)
        return {
          kind: 'answer',
          answer: { kind: 'result', payload: {} },
          sent: () => void run(identity, requestId, entry, wanted),
        }
      }
      if (settings().withoutEntry === 'pass') return passed(context, identity)
      const techInfo = 'UpdateFirmware for a location that is not in the firmware catalogue was refused'
      note({ type: 'FirmwareUpdateRefused', identity, techInfo })
      return answerError('SecurityError', 'the location is not in the firmware catalogue of the proxy')
    },

    async afterwards(identity, update) {
      const isOpen = (one: FirmwareUpdate | null) =>
        one !== null &&
        one.origin === 'central-system' &&
        one.requestId !== null &&
        one.accepted === null &&
        one.status === null
      if (!isOpen(update) || latest.has(identity)) return update
      return updates.change(identity, (before) => {
        const after = isOpen(before) && before !== null ? refused(before, before.requestId ?? 0, now()) : null
        return after === null ? null : withUntold(after, 'DownloadFailed')
      })
    },
  }
}

function malformed({ schemas }: SignedFirmwareContext, payload: Payload): CallFate {
  const violation = schemas.check('UpdateFirmware', 'call', payload)
  if (violation === null) return answerError('PropertyConstraintViolation', 'retries or retrieveDate')
  return answerError(violation.code, `${violation.path} ${violation.problem}`.trimStart())
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
