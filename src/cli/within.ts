import { parseDuration } from '../config/values.ts'
import { usageError } from './store-command.ts'

const dayMs = 86_400_000

/**
 * A time ahead, in milliseconds: a number of days, or a number with its unit, such as 30, 30d or 36h. Throws
 * what `usageError` makes.
 */
export function withinMs(text: string, option: string): number {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * dayMs : parseDuration(text)
  if (ms === null) throw usageError(`${option} must be a time such as 30d, or a number of days`)
  return ms
}

/** The same in whole days, rounded up; from 1 to 3650. */
export function withinDays(text: string, option: string): number {
  const days = Math.ceil(withinMs(text, option) / dayMs)
  if (days >= 1 && days <= 3650) return days
  throw usageError(`${option} must be from 1 to 3650 days`)
}
