import type { OcppMessage, Payload } from '../ocpp/message.ts'
import { isPayload } from '../ocpp/message.ts'
import type { LoggedMessage } from './event.ts'

const hidden = '(hidden)'

/**
 * A message as it may be logged. The password of a charge point travels in ChangeConfiguration and, from
 * charge points that break OCPP-J, in the answer to GetConfiguration (A01.FR.09, A01.FR.12); URLs of uploads and downloads may
 * hold credentials.
 */
export function redactMessage(message: OcppMessage, action: string): LoggedMessage {
  const { kind, id } = message
  switch (kind) {
    case 'call':
      return { kind, id, action: message.action, payload: redactPayload(message.payload) }
    case 'result':
      return { kind, id, action, payload: redactPayload(message.payload) }
    case 'error':
      return { kind, id, code: message.code, description: message.description }
  }
}

function redactPayload(payload: Payload): Payload {
  const copy: Record<string, unknown> = { ...payload }
  if (isSecretKey(copy.key) && 'value' in copy) copy.value = hidden
  if (Array.isArray(copy.configurationKey)) {
    copy.configurationKey = copy.configurationKey.map((entry: unknown) =>
      isPayload(entry) && isSecretKey(entry.key) && 'value' in entry ? { ...entry, value: hidden } : entry,
    )
  }
  if (Array.isArray(copy.setVariableData)) {
    copy.setVariableData = copy.setVariableData.map((entry: unknown) =>
      JSON.stringify(entry).toLowerCase().includes('basicauthpassword') && isPayload(entry)
        ? { ...entry, attributeValue: hidden }
        : entry,
    )
  }
  for (const name of ['location', 'remoteLocation']) {
    const location = copy[name]
    if (typeof location === 'string') copy[name] = redactLocation(location)
  }
  // GetLog (N01) has it one level deeper.
  if (isPayload(copy.log)) copy.log = redactPayload(copy.log)
  return copy
}

/** A one-time token in the path is as good as a password. */
function redactLocation(location: string): string {
  return location
    .replace(/\/\/[^/?#]*@/, `//${hidden}@`)
    .replaceAll(/\/[A-Za-z0-9_-]{43}(?=\/|$)/g, `/${hidden}`)
}

/** Key names are case-insensitive (OCPP 1.6, CiString50Type). */
function isSecretKey(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'authorizationkey'
}
