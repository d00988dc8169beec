import type { Payload } from '../../ocpp/message.ts'
import { cutText } from '../../policy/security-event-types.ts'
import type { SecurityEventRecord } from '../../store/store.ts'

/** How security events are told to a central system (`securityEvents.toCentralSystem`). */
export type EventForm = 'SecurityEventNotification' | 'DataTransfer' | 'StatusNotification'

export interface EventMessageSettings {
  readonly form: EventForm
  /** What the central system calls a type; left out: as it is stored. */
  readonly nameOf?: (type: string) => string
  /** Of DataTransfer; StatusNotification has the vendorId too. */
  readonly dataTransfer: { readonly vendorId: string; readonly messageId: string }
}

/** OCPP 1.6 4.9: connector 0 knows only these. */
export const mainStatuses = ['Available', 'Unavailable', 'Faulted'] as const
export type MainStatus = (typeof mainStatuses)[number]

export interface EventMessage {
  readonly action: EventForm
  readonly payload: Payload
}

/**
 * One event as a CALL to the central system. `status`: of connector 0, which the message repeats, because
 * a StatusNotification cannot leave it out. `session`: whose session it goes over; an event of
 * another identity says so itself.
 */
export function eventMessage(
  record: SecurityEventRecord,
  settings: EventMessageSettings,
  status: MainStatus,
  session: string,
): EventMessage {
  const { form, dataTransfer } = settings
  switch (form) {
    case 'SecurityEventNotification':
      return { action: form, payload: notification(record, settings, session) }
    case 'DataTransfer':
      return { action: form, payload: { ...dataTransfer, data: JSON.stringify(transferred(record)) } }
    case 'StatusNotification':
      return {
        action: form,
        payload: {
          connectorId: 0,
          errorCode: 'OtherError',
          info: cutText(words(record, session) ?? record.type, 50),
          status,
          timestamp: dateTime(record),
          vendorId: cutText(dataTransfer.vendorId, 255),
          vendorErrorCode: cutText(record.type, 50),
        },
      }
  }
}

function notification(
  record: SecurityEventRecord,
  { nameOf }: EventMessageSettings,
  session: string,
): Payload {
  const techInfo = words(record, session)
  return {
    type: nameOf?.(record.type) ?? record.type,
    timestamp: dateTime(record),
    ...(techInfo === null ? {} : { techInfo: cutText(techInfo, 255) }),
  }
}

/** `id` lets the central system tell an event that it gets twice. */
function transferred(record: SecurityEventRecord): Payload {
  const { id, origin, type, identity, techInfo, reason, address } = record
  return { id, origin, type, identity, timestamp: dateTime(record), techInfo, reason, address }
}

function words({ identity, techInfo, address }: SecurityEventRecord, session: string): string | null {
  if (identity === session) return techInfo
  const who = identity ?? address ?? 'unknown'
  return techInfo === null ? who : `${who}: ${techInfo}`
}

/** What a charge point calls a time need not be one (RFC 3339); then it is when we stored it. */
function dateTime({ timestamp, at }: SecurityEventRecord): string {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.test(timestamp)
  return isTime && !Number.isNaN(Date.parse(timestamp)) ? timestamp : new Date(at).toISOString()
}
