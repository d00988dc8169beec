import { endOf, matchesLocation, type SignedStatus } from '../../policy/firmware.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import { callOptions, failure, type Operation, type OperationDeps, operate } from '../operation/context.ts'
import type {
  ChargePointOperations,
  OperationOutcome,
  UpdateFirmwareOptions,
} from '../operation/operation.ts'
import type { SignedFirmwareContext } from './context.ts'
import type { Wanted } from './request.ts'
import { sendUpdate } from './send.ts'

/** A campaign that begins again finds an update that is not older than this still under way. */
const underWayMs = 24 * 3_600_000

/** L01 by an operator or a campaign: verified, sent, and followed to its end while there is time. */
export function updateFirmwareOperation(
  context: SignedFirmwareContext,
  common: OperationDeps,
): ChargePointOperations['updateFirmware'] {
  return (identity, options) =>
    operate(common, 'update-firmware', identity, options, (operation) =>
      update(context, common, operation, options),
    )
}

async function update(
  context: SignedFirmwareContext,
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
  const before = await goesOn(context, operation, options, location)
  if (before !== null) return follow(context, operation, before)
  const sent = await sendUpdate(context, {
    identity,
    entry,
    wanted: wantedOf(options, location, context.now()),
    origin: options.origin === 'campaign' ? 'campaign' : 'operator',
    options: callOptions(common, operation),
  })
  switch (sent.kind) {
    case 'failed':
      return failure(sent.code, sent.detail)
    case 'plain':
      return { ok: true, detail: 'it has no signed updates, and got the plain UpdateFirmware' }
    case 'signed':
      return follow(context, operation, sent.requestId)
    default:
      return sent satisfies never
  }
}

function problemOfLocation(entry: FirmwareEntry, location: string): string | null {
  if (location.includes('*')) return `the location of ${entry.name} has a *: say which one is meant`
  return matchesLocation(entry.location, location) ? null : `${entry.name} is not for this location`
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
  { origin, name }: UpdateFirmwareOptions,
  location: string,
): Promise<number | null> {
  if (origin !== 'campaign') return null
  const last = await updates.of(identity)
  if (last?.requestId == null || last.status === null || last.origin !== 'campaign') return null
  const isSame = last.name === name && last.location === location
  const isRecent = now() - last.startedAt < underWayMs
  return isSame && isRecent && endOf(last.status) !== 'failed' ? last.requestId : null
}

/** How it ends, as far as there is time: an update may take longer than anybody waits. */
async function follow(
  { updates }: SignedFirmwareContext,
  { identity, deadline, signal }: Operation,
  requestId: number,
): Promise<OperationOutcome> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(Math.min(deadline.left(), 2_147_483_647))])
  const waiting = updates.ended(identity, requestId, over)
  // It may have been reported before anybody waited.
  const now = await updates.of(identity)
  const status =
    now?.requestId === requestId && now.status !== null && endOf(now.status) !== null
      ? now.status
      : await waiting
  return outcomeOf(status ?? (await lastOf(updates, identity, requestId)), requestId)
}

async function lastOf(
  updates: SignedFirmwareContext['updates'],
  identity: string,
  requestId: number,
): Promise<SignedStatus | null> {
  const last = await updates.of(identity)
  return last?.requestId === requestId ? last.status : null
}

function outcomeOf(status: SignedStatus | null, requestId: number): OperationOutcome {
  const end = status === null ? null : endOf(status)
  if (status !== null && end === 'failed')
    return failure('update_failed', `it reported ${status} (request ${requestId})`)
  if (end === 'installed') return { ok: true, detail: `it reported Installed (request ${requestId})` }
  const detail = status === null ? 'it has reported nothing so far' : `its last status is ${status}`
  return { ok: true, detail: `it has accepted the update, which goes on: ${detail} (request ${requestId})` }
}
