import { endOf, type SignedStatus } from '../../policy/firmware.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import {
  callOptions,
  endOfWait,
  failure,
  type Operation,
  type OperationDeps,
  operate,
} from '../operation/context.ts'
import type {
  ChargePointOperations,
  OperationOutcome,
  UpdateFirmwareOptions,
} from '../operation/operation.ts'
import { problemOfLocation } from './campaign.ts'
import type { SignedFirmwareContext } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { Wanted } from './request.ts'
import { beginUpdate, sendUpdate } from './send.ts'
import { plainRequest } from './updates.ts'

/** A campaign that begins again finds an update that is not older than this still under way. */
const underWayMs = 24 * 3_600_000

/** L01 by an operator or a campaign: verified, sent, and followed to its end while there is time. */
export function updateFirmwareOperation(
  context: SignedFirmwareContext,
  delivery: Delivery,
  common: OperationDeps,
): ChargePointOperations['updateFirmware'] {
  return (identity, options) =>
    operate(common, 'update-firmware', identity, options, (operation) =>
      update(context, delivery, common, operation, options),
    )
}

async function update(
  context: SignedFirmwareContext,
  delivery: Delivery,
  common: OperationDeps,
  operation: Operation,
  options: UpdateFirmwareOptions,
): Promise<OperationOutcome> {
  const { identity } = operation
  const entry = await context.firmware.get(options.name)
  if (entry === null) return failure('prerequisite', `there is no firmware ${options.name} in the catalogue`)
  const location = options.location ?? entry.location
  const problem = problemOfLocation(entry, location)
  if (problem !== null) return failure('prerequisite', problem)
  const { retrieveAt = 0, installAt = Number.POSITIVE_INFINITY } = options
  if (installAt < retrieveAt)
    return failure('prerequisite', 'it is to be installed before it may be fetched (--install-at, --at)')
  const before = await goesOn(context, operation, options, { entry, location })
  if (before !== null) return follow(context, common, operation, options, before)
  const origin = options.origin === 'campaign' ? 'campaign' : 'operator'
  const requestId = await beginUpdate(context, identity, { origin, name: entry.name, location })
  // Before it is sent: the end of a plain update carries no number that could be looked up later.
  const stop = new AbortController()
  const over = overOf(operation, stop.signal)
  const plainEnd = context.updates.ended(identity, plainRequest, over)
  const followed = context.plain.follow(identity, common.clock, over)
  try {
    const sent = await sendUpdate(context, {
      ...{ identity, requestId, entry, origin },
      wanted: wantedOf(options, location, context.now()),
      options: callOptions(common, operation),
    })
    // A central system whose update was given up for this one hears of it.
    void delivery.deliver(identity)
    switch (sent.kind) {
      case 'failed':
        return failure(sent.code, sent.detail)
      case 'plain': {
        const about = 'plain UpdateFirmware'
        const ended = await Promise.race([plainEnd, followed.silent.then((silent) => ({ silent }))])
        // Whether it is installed nobody can say but the charge point: it is no success.
        if (ended !== null && typeof ended === 'object')
          return failure('not_verified', `${ended.silent} (${about})`)
        return outcomeOf(operation, options, ended ?? followed.last, { about, now: context.now() })
      }
      case 'signed':
        return await follow(context, common, operation, options, sent.requestId)
      default:
        return sent satisfies never
    }
  } finally {
    stop.abort()
  }
}

function overOf({ deadline, signal }: Operation, stop?: AbortSignal): AbortSignal {
  const time = AbortSignal.timeout(Math.min(deadline.left(), 2_147_483_647))
  return AbortSignal.any([signal, time, ...(stop === undefined ? [] : [stop])])
}

function wantedOf(
  { retrieveAt, installAt, retries, retryInterval }: UpdateFirmwareOptions,
  location: string,
  now: number,
): Wanted {
  return {
    location,
    retrieveAt: new Date(retrieveAt ?? now).toISOString(),
    ...(installAt === undefined ? {} : { installAt: new Date(installAt).toISOString() }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
  }
}

/** The request of a campaign whose proxy was killed meanwhile: it must not begin again (campaigns repeat). */
async function goesOn(
  { updates, now }: SignedFirmwareContext,
  { identity }: Operation,
  { origin }: UpdateFirmwareOptions,
  { entry, location }: { readonly entry: FirmwareEntry; readonly location: string },
): Promise<number | null> {
  if (origin !== 'campaign') return null
  const last = await updates.of(identity)
  if (last?.requestId == null || last.origin !== 'campaign') return null
  // Of a plain update nothing more would be heard: it is sent again.
  if (last.accepted !== true || last.isSigned !== true) return null
  // One that was added anew meanwhile may be another image.
  const isSame = last.name === entry.name && last.location === location && entry.addedAt <= last.startedAt
  const isRecent = now() - last.startedAt < underWayMs
  const isFailed = last.status !== null && endOf(last.status) === 'failed'
  return isSame && isRecent && !isFailed ? last.requestId : null
}

/** The charge point may have come back at another replica, which only the store tells of. */
const lookMs = 15_000

/** How it ends, as far as there is time: an update may take longer than anybody waits. */
async function follow(
  { updates, now }: SignedFirmwareContext,
  { clock }: Pick<OperationDeps, 'clock'>,
  operation: Operation,
  options: UpdateFirmwareOptions,
  requestId: number,
): Promise<OperationOutcome> {
  const { identity } = operation
  const stop = new AbortController()
  const over = overOf(operation, stop.signal)
  const heard: { end: SignedStatus | 'superseded' | null } = { end: null }
  const waiting = updates.ended(identity, requestId, over).then((end) => {
    heard.end = end
  })
  try {
    // Looked at first: it may have been reported before anybody waited.
    for (;;) {
      const last = await lastOf(updates, identity, requestId)
      const status = heard.end ?? last
      const isEnd = status !== null && (status === 'superseded' || endOf(status) !== null)
      if (isEnd || over.aborted)
        return outcomeOf(operation, options, status, { about: `request ${requestId}`, now: now() })
      await Promise.race([waiting, clock.wait(lookMs, over)])
    }
  } finally {
    stop.abort()
  }
}

async function lastOf(
  updates: SignedFirmwareContext['updates'],
  identity: string,
  requestId: number,
): Promise<SignedStatus | null> {
  const last = await updates.of(identity)
  return last?.requestId === requestId ? last.status : null
}

/** An operator sees how it stands; a campaign must not take a silent charge point for one that is done. */
function outcomeOf(
  operation: Operation,
  { origin, retrieveAt = 0, installAt = 0 }: UpdateFirmwareOptions,
  status: SignedStatus | 'superseded' | null,
  { about, now }: { readonly about: string; readonly now: number },
): OperationOutcome {
  if (status === 'superseded')
    return failure('update_failed', `another update took its place (${about}, L01.FR.26)`)
  const end = status === null ? null : endOf(status)
  if (end === 'failed') return failure('update_failed', `it reported ${status} (${about})`)
  if (end === 'installed') return { ok: true, detail: `it reported Installed (${about})` }
  const stands = status === null ? 'it has reported no end so far' : `its last status is ${status}`
  const detail = `it has accepted the update, which goes on: ${stands} (${about})`
  // What was asked for later has not failed by not being there.
  const isLater = retrieveAt > now || installAt > now
  const isFine = !operation.signal.aborted && (origin !== 'campaign' || isLater)
  return isFine ? { ok: true, detail } : endOfWait(operation, 'update_pending', detail)
}
