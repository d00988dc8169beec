import type { NewRejection } from './store.ts'

/** A peer decides what a record says: so much of it is kept, however much a caller passes. */
const maxDetailLength = 2000
const maxFactsLength = 32_768

/** The record as every store keeps it. */
export function boundedRejection(record: NewRejection): NewRejection {
  const whole = JSON.stringify(record.facts)
  return {
    ...record,
    detail: record.detail.slice(0, maxDetailLength),
    facts: whole.length > maxFactsLength ? { truncated: true } : record.facts,
  }
}
