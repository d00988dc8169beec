import type { SecurityEventLog, SecurityEventRecord } from '../../store/store.ts'
import { type Channel, type Delivery, type EventOutbox, readerOf } from './outbox.ts'

const pageSize = 100
/** No charge point's cursor can have this name: theirs begin otherwise. */
const ownReader = 'own-session/central-system'

export interface OwnReaderDeps {
  readonly events: SecurityEventLog
  readonly outbox: EventOutbox
  /** Has this identity a session of its own, over which its events go? */
  readonly isLive: (identity: string) => boolean
}

/** Where the proxy's own session stands; it is new at the end of the log. Rejected when the store fails. */
export function beginOwn({ outbox }: OwnReaderDeps): Promise<number> {
  return outbox.begin(ownReader)
}

/**
 * Brings over the proxy's own session what has no other: strangers, charge points that never got in,
 * and those that are away. Rejected when the store fails.
 */
export async function drainOwn(deps: OwnReaderDeps, channel: Channel): Promise<Delivery> {
  const { events, outbox } = deps
  let cursor = await beginOwn(deps)
  for (;;) {
    const page = await events.list({ afterId: cursor, limit: pageSize })
    let saved = cursor
    for (const record of page) {
      const delivery = await deliverOwn(deps, record, channel)
      if (delivery === 'later') {
        if (cursor > saved) await outbox.move(ownReader, cursor)
        return 'later'
      }
      cursor = record.id
      // What goes another way costs no write of its own.
      if (delivery === 'passed') continue
      await outbox.move(ownReader, cursor)
      saved = cursor
    }
    if (cursor > saved) await outbox.move(ownReader, cursor)
    if (page.length < pageSize) return 'settled'
  }
}

async function deliverOwn(
  { events, outbox, isLive }: OwnReaderDeps,
  record: SecurityEventRecord,
  channel: Channel,
): Promise<Delivery | 'passed'> {
  const { identity } = record
  if (identity === null) return outbox.deliver(record, channel)
  if (isLive(identity)) return 'passed'
  const settled = await events.cursor(readerOf(identity))
  // A claim that nobody ever proved: no cursor is kept for it, or strangers would fill the store (CWE-770).
  if (settled === null) return outbox.deliver(record, channel)
  // One cursor for both ways: what goes here does not go again over the charge point's next session.
  return settled >= record.id ? 'passed' : outbox.drain(identity, channel, record.id)
}
