import { contentOf, type DerElement, unreadable } from './der.ts'

const utcTime = 0x17
const generalizedTime = 0x18

/** YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ: the only forms of DER (RFC 5280 4.1.2.5), fractions of a second aside. */
const form = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.\d{1,9})?Z$/
/** The longest text of that form: four digits of the year and nine of the fraction. */
const maxTimeBytes = 25

/**
 * A UTCTime or GeneralizedTime in milliseconds since the epoch; fractions are left out. Throws
 * ProxyError `certificate_unreadable`, also on dates that no calendar has: a date that nobody can
 * read must not look like one that has not come or gone.
 */
export function readTime(element: DerElement | undefined, what: string): number {
  if (element === undefined || (element.tag !== utcTime && element.tag !== generalizedTime))
    throw unreadable(`${what} is missing or no time`)
  const content = contentOf(element)
  const parts = content.length <= maxTimeBytes ? form.exec(content.toString('latin1')) : null
  if (parts === null || (parts[1]?.length === 4) !== (element.tag === generalizedTime))
    throw unreadable(`${what} cannot be read`)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(element.tag === utcTime ? centuryOf(year) : year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour
  if (!same || minute > 59 || second > 59) throw unreadable(`${what} is no date`)
  return date.getTime()
}

/** RFC 5280 4.1.2.5.1: two digits from 50 on are of the twentieth century. */
function centuryOf(year: number): number {
  return year >= 50 ? 1900 + year : 2000 + year
}
