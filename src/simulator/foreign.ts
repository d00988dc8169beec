import type { CallMessage } from '../ocpp/message.ts'
import type { SimulatorEvent } from './event.ts'
import { legacyActions } from './legacy-answers.ts'

/** Something that must never reach a central system that knows OCPP 1.6 without its security extension. */
export interface ForeignRecord {
  readonly identity: string
  readonly kind:
    | 'unknown-action'
    | 'late-answer'
    | 'duplicate-answer'
    | 'unexpected-answer'
    | 'invalid-message'
  /** The action, or what the endpoint said. */
  readonly detail: string
}

/** What it got that is not for it; bounded, the oldest are forgotten, the count is not. */
export interface ForeignRecords {
  call(identity: string, call: CallMessage): void
  event(event: SimulatorEvent): void
  list(identity?: string): readonly ForeignRecord[]
  readonly count: number
}

export function createForeignRecords(limit: number): ForeignRecords {
  const records: ForeignRecord[] = []
  let count = 0

  function add(record: ForeignRecord): void {
    count += 1
    records.push(record)
    if (records.length > limit) records.shift()
  }

  return {
    call(identity, { action }) {
      if (!legacyActions.has(action)) add({ identity, kind: 'unknown-action', detail: action })
    },
    event(event) {
      switch (event.kind) {
        case 'late-answer':
        case 'duplicate-answer':
        case 'unexpected-answer':
        case 'invalid-message':
          add({ identity: event.identity, kind: event.kind, detail: event.detail })
          break
        case 'connected':
        case 'disconnected':
        case 'refused':
        case 'sent':
        case 'received':
        case 'security-event':
        case 'note':
          break
        default:
          event satisfies never
      }
    },
    list: (identity) => records.filter((record) => identity === undefined || record.identity === identity),
    get count() {
      return count
    },
  }
}
