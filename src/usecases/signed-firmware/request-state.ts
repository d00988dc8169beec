import { endOf, type SignedStatus } from '../../policy/firmware.ts'
import type { FirmwareRequest, FirmwareUpdate } from '../../store/store.ts'
import { withUntold } from './untold.ts'

/** How requests of one charge point follow each other (L01.FR.26, FR.27). Pure. */

/** Of a charge point of which nothing is known yet. */
export function unknownUpdate(identity: string, now: number): FirmwareUpdate {
  return {
    identity,
    isSigned: null,
    requestId: null,
    origin: 'operator',
    name: '',
    location: '',
    startedAt: now,
    accepted: null,
    status: null,
    previous: null,
    lastRequestId: null,
    updatedAt: now,
    untold: [],
  }
}

/** Another request begins; the one before stays known until the charge point gives it up. */
export function begun(
  before: FirmwareUpdate,
  request: Pick<FirmwareRequest, 'origin' | 'name' | 'location'>,
  now: number,
): FirmwareUpdate & { readonly requestId: number } {
  const { origin, name, location } = request
  const requestId = nextRequestId(before.lastRequestId, now)
  return {
    ...before,
    ...{ requestId, lastRequestId: requestId, origin, name, location },
    startedAt: now,
    updatedAt: now,
    accepted: null,
    status: null,
    previous: isUnderWay(before) ? requestOf(before) : before.previous,
  }
}

/**
 * The charge point has taken it; `isCanceling`: and says that it gives up the one before (L01.FR.26). null:
 * another one came after it.
 */
export function accepted(
  before: FirmwareUpdate,
  { requestId, isCanceling }: { readonly requestId: number; readonly isCanceling: boolean },
  now: number,
): FirmwareUpdate | null {
  if (before.requestId !== requestId) return null
  const { previous, origin } = before
  const after = { ...before, accepted: true, previous: null, updatedAt: now }
  // A central system that asked again knows; of an operator's request it does not.
  const isMissed = isCanceling && previous?.origin === 'central-system' && origin !== 'central-system'
  return isMissed ? withUntold(after, givenUp(previous.status)) : after
}

/** Nothing came of it, and what was under way before goes on (L01.FR.27). null: another one came after it. */
export function refused(before: FirmwareUpdate, requestId: number, now: number): FirmwareUpdate | null {
  if (before.requestId !== requestId) return null
  const { previous } = before
  return previous === null
    ? { ...before, accepted: false, updatedAt: now }
    : { ...before, ...previous, accepted: true, previous: null, updatedAt: now }
}

/** No answer came: it may do it, or go on with what it did, so both stay known. null: another one came after it. */
export function unanswered(before: FirmwareUpdate, requestId: number, now: number): FirmwareUpdate | null {
  // Whoever asked is told now; a status says otherwise later.
  return before.requestId === requestId && before.accepted === null
    ? { ...before, accepted: false, updatedAt: now }
    : null
}

/**
 * Which request a status is about that names none: it has to unless it is Idle (L01.FR.01), and its schema lets
 * it. The one that is under way, where that is certain; null: nobody can say.
 */
export function meantRequest(before: FirmwareUpdate, status: SignedStatus): number | null {
  const isCertain = isUnderWay(before) && before.previous === null
  return isCertain && status !== 'Idle' ? before.requestId : null
}

/** A status of the charge point. `origin`: of whom the request is; null: it is none that we know. */
export function reported(
  before: FirmwareUpdate,
  status: SignedStatus,
  requestId: number | null,
  now: number,
): { readonly after: FirmwareUpdate; readonly origin: FirmwareRequest['origin'] | null } {
  // Whoever sends it has L01, whatever it answered before.
  const known = { ...before, isSigned: true, updatedAt: now }
  if (requestId !== null && requestId === before.requestId)
    return { after: { ...known, accepted: true, status }, origin: before.origin }
  const { previous } = before
  if (requestId === null || requestId !== previous?.requestId) return { after: known, origin: null }
  const isOver = endOf(status) !== null
  return { after: { ...known, previous: isOver ? null : { ...previous, status } }, origin: previous.origin }
}

/** What a central system of the core can hear of an update that was given up. */
function givenUp(status: SignedStatus | null): SignedStatus {
  const isFetched = status === 'Downloaded' || status === 'SignatureVerified' || status?.startsWith('Install')
  return isFetched === true ? 'InstallationFailed' : 'DownloadFailed'
}

/** Of a plain update nobody reports by its number. */
function isUnderWay({ requestId, isSigned, accepted, status }: FirmwareUpdate): boolean {
  const isTaken = requestId !== null && isSigned === true && accepted === true
  return isTaken && (status === null || endOf(status) === null)
}

function requestOf(update: FirmwareRequest): FirmwareRequest {
  const { requestId, origin, name, location, startedAt, status } = update
  return { requestId, origin, name, location, startedAt, status }
}

const maxRequestId = 2_147_483_647

/** Seconds of the clock, so that even a store that was lost gives none twice; and never less than the last one. */
export function nextRequestId(last: number | null, now: number): number {
  const fresh = Math.floor(now / 1000) % maxRequestId
  return last === null || last < fresh ? Math.max(1, fresh) : last >= maxRequestId ? 1 : last + 1
}
