import { type DerElement, unreadable } from './der.ts'

const utcTime = 0x17
const generalizedTime = 0x18

/** The longest text of that form: four digits of the year and nine of the fraction. */
const maxTimeBytes = 25
const [point, zulu] = [0x2e, 0x5a]

/**
 * A UTCTime (YYMMDDHHMMSSZ) or GeneralizedTime (YYYYMMDDHHMMSSZ), the only forms of DER (RFC 5280
 * 4.1.2.5) but for fractions of a second, in milliseconds since the epoch; fractions are left out.
 * Throws ProxyError `certificate_unreadable`, also on dates that no calendar has: a date that nobody
 * can read must not look like one that has not come or gone.
 *
 * Digit by digit and without objects, because a CRL has one for each of its 100,000 entries.
 */
export function readTime(element: DerElement | undefined, what: string): number {
  if (element === undefined || (element.tag !== utcTime && element.tag !== generalizedTime))
    throw unreadable(`${what} is missing or no time`)
  const { bytes, start, end, tag } = element
  const yearDigits = tag === utcTime ? 2 : 4
  const at = start + yearDigits
  const number = numberAt(bytes, start, yearDigits)
  const year = tag === utcTime ? centuryOf(number) : number
  const [month, day, hour] = [numberAt(bytes, at, 2), numberAt(bytes, at + 2, 2), numberAt(bytes, at + 4, 2)]
  const [minute, second] = [numberAt(bytes, at + 6, 2), numberAt(bytes, at + 8, 2)]
  const read = number >= 0 && endsWell(bytes, at + 10, end) && end - start <= maxTimeBytes
  const date = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
  const clock = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59
  if (!read || !date || !clock) throw unreadable(`${what} cannot be read`)
  // Date.UTC takes years below 100 for those of the twentieth century; four centuries are always as long.
  return Date.UTC(year + 400, month - 1, day, hour, minute, second) - fourCenturiesMs
}

const fourCenturiesMs = 146_097 * 24 * 60 * 60 * 1000

/** The number of so many decimal digits; -1 when one of them is none. */
function numberAt(bytes: Buffer, from: number, digits: number): number {
  let number = 0
  for (let at = from; at < from + digits; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/** "Z", or a fraction of a second and "Z", up to `end` exactly. */
function endsWell(bytes: Buffer, from: number, end: number): boolean {
  let at = from
  if (at < end && bytes[at] === point) {
    at += 1
    while (at < end && numberAt(bytes, at, 1) >= 0) at += 1
    if (at === from + 1) return false
  }
  return at === end - 1 && bytes[at] === zulu
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** RFC 5280 4.1.2.5.1: two digits from 50 on are of the twentieth century. */
function centuryOf(year: number): number {
  return year >= 50 ? 1900 + year : 2000 + year
}
