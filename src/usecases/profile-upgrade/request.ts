import { isPayload, type Payload } from '../../ocpp/message.ts'
import { foldKey } from '../../policy/configuration-key.ts'
import type { Call } from '../../relay/use-case.ts'
import { isKey, readChangeConfiguration } from '../operation/answer.ts'

/**
 * Finds the security profile that a CALL of the central system asks for (A00.FR.005). Pure and total.
 * ChangeConfiguration is the standard's way. For DataTransfer, where vendors have their own, these are
 * recognized, in letters of either case, in `data` as an object or as JSON text, at any depth:
 *
 * - a member `securityProfile`, as in the NetworkProfile of OCPP 2.0.1;
 * - an object that names the key: `{ "key" | "name" | "variable" …: "SecurityProfile", "value": 1 }`,
 *   also where the name is an object with a `name` (SetVariables of OCPP 2.0.1);
 * - a `messageId` that is or ends in SecurityProfile, with nothing but the profile as `data`;
 * - text that is no JSON and assigns it: `SecurityProfile=1`, `securityProfile: 1`.
 */

/** A profile that is asked for; null: one is, and its value is none of 0 to 3. */
export type AskedProfile = 0 | 1 | 2 | 3 | null

/** Every profile that the CALL asks for; empty: it is about something else. */
export function askedProfiles({
  action,
  payload,
}: Pick<Call, 'action' | 'payload'>): readonly AskedProfile[] {
  switch (action) {
    case 'ChangeConfiguration': {
      const change = readChangeConfiguration(payload)
      return change !== null && isKey(change.key, 'SecurityProfile') ? [profileOf(change.value)] : []
    }
    case 'DataTransfer':
      return askedByDataTransfer(payload)
    default:
      return []
  }
}

/** As the charge points of the field read it: a number, or its digits with blanks or zeroes around. */
export function profileOf(value: unknown): AskedProfile {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  switch (/^\+?0*([0-3])(?:\.0+)?$/.exec(text)?.[1]) {
    case '0':
      return 0
    case '1':
      return 1
    case '2':
      return 2
    case '3':
      return 3
    default:
      return null
  }
}

function askedByDataTransfer(payload: Payload): readonly AskedProfile[] {
  const messageIds = members(payload, 'messageid')
  const messageId = messageIds.find(isProfileMessage) ?? messageIds[0]
  return members(payload, 'data').flatMap((data) => askedByData(messageId, data))
}

/** Whatever a charge point may take for this member. */
function members(payload: Payload, folded: string): readonly unknown[] {
  return Object.entries(payload)
    .filter(([name]) => foldKey(name) === folded)
    .map(([, value]) => value)
}

function askedByData(messageId: unknown, data: unknown): readonly AskedProfile[] {
  const value = typeof data === 'string' ? parse(data) : { json: data }
  if (value === null) return askedByText(messageId, String(data))
  const found = askedByTree(value.json)
  if (found.length > 0 || isPayload(value.json) || Array.isArray(value.json)) return found
  return isProfileMessage(messageId) && value.json !== undefined ? [profileOf(value.json)] : []
}

function askedByText(messageId: unknown, text: string): readonly AskedProfile[] {
  const named = [...text.matchAll(/security[\s_-]?profile["'\s]*[=:]["'\s]*([^\s"',;&}]*)/gi)]
  if (named.length > 0) return named.map(([, value]) => profileOf(value))
  return isProfileMessage(messageId) ? [profileOf(text)] : []
}

/** Every node once, without recursion: a message may be nested as deep as it is long. */
function askedByTree(root: unknown): readonly AskedProfile[] {
  const asked: AskedProfile[] = []
  const open: unknown[] = [root]
  for (let node = open.pop(); node !== undefined || open.length > 0; node = open.pop()) {
    if (Array.isArray(node)) for (const child of node) open.push(child)
    else if (isPayload(node)) {
      asked.push(...askedByObject(node))
      open.push(...Object.values(node))
    } else if (typeof node === 'string' && /^\s*[[{]/.test(node)) {
      // JSON in JSON: only of the text that is there, so it gets shorter with each turn.
      const inner = parse(node)
      if (inner !== null) open.push(inner.json)
    }
  }
  return asked
}

function askedByObject(node: Payload): readonly AskedProfile[] {
  const entries = Object.entries(node)
  const direct = entries.filter(([name, value]) => isProfileName(name) && !isPayload(value) && value !== null)
  const isNamed = entries.some(
    ([, value]) => isProfileName(value) || (isPayload(value) && members(value, 'name').some(isProfileName)),
  )
  const values = entries.filter(([name]) => /^(?:attribute|config(?:uration)?)?value$/.test(foldKey(name)))
  return [...direct, ...(isNamed ? values : [])].map(([, value]) => profileOf(value))
}

function isProfileMessage(messageId: unknown): boolean {
  return typeof messageId === 'string' && /security[\s_-]?profile$/.test(foldKey(messageId))
}

function isProfileName(name: unknown): boolean {
  return typeof name === 'string' && /^security[\s_-]?profile$/.test(foldKey(name))
}

function parse(text: string): { readonly json: unknown } | null {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return null
  }
}
