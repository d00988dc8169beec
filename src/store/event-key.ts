import { createHash } from 'node:crypto'
import { cutText, eventLimits } from '../policy/security-event-types.ts'
import type { NewSecurityEvent } from './security-events.ts'

/** What a store keeps of a security event, for every store the same. */

/**
 * A charge point whose clock was never set dates each of its starts alike: what it says on another day
 * is no repetition. One around midnight is kept twice, which hurts nobody.
 */
const dayMs = 86_400_000

/** Longest identity, and longest name of a listener, in UTF-16 units. */
const maxName = 255
const maxAddress = 50

/**
 * The event with its texts cut to what the tables hold: whatever a charge point wrote, its event is
 * kept (A04.FR.03), and one of a batch never stops the others.
 */
export function boundedEvent(event: NewSecurityEvent): NewSecurityEvent {
  return {
    ...event,
    type: cutText(event.type, eventLimits.type),
    timestamp: cutText(event.timestamp, eventLimits.timestamp),
    techInfo: cut(event.techInfo, eventLimits.techInfo),
    identity: cut(event.identity, maxName),
    listener: cut(event.listener, maxName),
    address: cut(event.address, maxAddress),
  }
}

/**
 * What is the same for an event of a charge point and for its repetition (A04.FR.02: it sends again
 * until it is confirmed): 32 bytes. Null for events of the proxy: each of them happened.
 */
export function repetitionKey({
  at,
  origin,
  identity,
  type,
  timestamp,
  techInfo,
}: NewSecurityEvent): Uint8Array | null {
  if (origin === 'proxy') return null
  // JSON tells null from "null", and keeps the parts apart whatever they hold.
  const whole = JSON.stringify([Math.floor(at / dayMs), identity, type, timestamp, techInfo])
  return createHash('sha256').update(whole).digest()
}

function cut(text: string | null, length: number): string | null {
  return text === null ? null : cutText(text, length)
}
