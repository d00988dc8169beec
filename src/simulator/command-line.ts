import { isPayload, type Payload } from '../ocpp/message.ts'

/** A command typed for a central system: `ID Action {json}`. */
export type TypedCommand =
  | { readonly kind: 'call'; readonly identity: string; readonly action: string; readonly payload: Payload }
  | { readonly kind: 'list' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'invalid'; readonly problem: string }

/**
 * Reads one line. The identity is percent-encoded where it has spaces; the payload may be left out. Total.
 */
export function parseCommandLine(line: string): TypedCommand {
  const text = line.trim()
  if (text === '') return { kind: 'empty' }
  if (text === 'list' || text === 'foreign') return { kind: text }
  const match = /^(\S+)\s+([A-Za-z0-9]{1,50})(?:\s+(\{.*\}))?$/s.exec(text)
  if (match === null)
    return { kind: 'invalid', problem: 'expected: ID Action {"json": "payload"}, or: list, foreign' }
  const [, encoded = '', action = '', json = '{}'] = match
  try {
    const identity = decodeURIComponent(encoded)
    const payload: unknown = JSON.parse(json)
    return isPayload(payload)
      ? { kind: 'call', identity, action, payload }
      : { kind: 'invalid', problem: 'the payload must be a JSON object' }
  } catch {
    return { kind: 'invalid', problem: 'the identity or the payload cannot be read' }
  }
}
