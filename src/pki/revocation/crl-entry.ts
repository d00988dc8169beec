import { type Revocation, type RevocationReason, revocationReasons } from '../../policy/revocation.ts'
import { readExtensionList, shortestInteger } from '../certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, expectTag, readElement, unreadable } from '../der.ts'
import { readTime } from '../der-time.ts'
import type { SerialPlace } from './serial-table.ts'

const reasonCode = '2.5.29.21'
/** RFC 5280 5.3: they change nothing of what an entry says. The certificate issuer (5.3.3) does, and is not here. */
const processed: ReadonlySet<string> = new Set([reasonCode, '2.5.29.24'])
const certificateIssuer = '2.5.29.29'
const enumerated = 0x0a

/** What reading an entry once is enough for. */
export interface CheckedEntry {
  /** The first critical extension that is not processed here; null: none. Else the whole CRL is unusable (5.3). */
  readonly criticalExtension: string | null
  /** false: removeFromCRL, which takes a hold back (5.3.1). */
  readonly revokes: boolean
}

/** What one list of entry extensions means. */
type ReadList = (list: DerElement) => CheckedEntry

const withoutExtensions: CheckedEntry = { criticalExtension: null, revokes: true }

/**
 * Checks entries for good; one reader for one CRL. Throws ProxyError `certificate_unreadable`. The
 * extensions of the entries of a CRL are the same few byte for byte, and are read once each.
 */
export function createEntryReader(): (entry: DerElement) => CheckedEntry {
  const readList = remembered(checkExtensions)
  return (entry) => {
    const { bytes, end } = expectTag(entry, derTag.sequence, 'an entry')
    const serial = expectTag(readElement(bytes, entry.start, end), derTag.integer, 'a serial number')
    if (serial.start === serial.end) throw unreadable('a serial number is empty')
    const date = readElement(bytes, serial.end, end)
    readTime(date, 'a revocation date')
    if (date.end === end) return withoutExtensions
    const list = readElement(bytes, date.end, end)
    if (list.end !== end) throw unreadable('an entry has parts that do not belong there')
    return readList(list)
  }
}

const maxRemembered = 64
const maxRememberedBytes = 64

function remembered(read: ReadList): ReadList {
  const known = new Map<string, CheckedEntry>()
  return (list) => {
    if (list.end - list.from > maxRememberedBytes) return read(list)
    const key = list.bytes.toString('latin1', list.from, list.end)
    const value = known.get(key) ?? read(list)
    if (known.size < maxRemembered) known.set(key, value)
    return value
  }
}

function checkExtensions(list: DerElement): CheckedEntry {
  const unknown = [...readExtensionList(list)].find(
    ([oid, { critical }]) => oid === certificateIssuer || (critical && !processed.has(oid)),
  )
  return { criticalExtension: unknown?.[0] ?? null, revokes: readReason(list) !== 'removeFromCRL' }
}

/** Where the serial number of the entry at `place`, a checked one, stands in its shortest form. */
export function serialPlaceOf(bytes: Buffer, place: number): SerialPlace {
  const serial = readElement(bytes, readElement(bytes, place).start)
  return { start: serial.end - shortestInteger(contentOf(serial), 'a serial number').length, end: serial.end }
}

/** What the entry at `place`, a checked one, says. */
export function revocationOf(bytes: Buffer, place: number): Revocation {
  const [, date, list] = childrenOf(readElement(bytes, place))
  return { at: readTime(date, 'a revocation date'), reason: readReason(list) }
}

/** RFC 5280 5.3.1: absent means unspecified. */
function readReason(list: DerElement | undefined): RevocationReason {
  if (list === undefined) return 'unspecified'
  const extension = readExtensionList(list).get(reasonCode)
  return extension === undefined ? 'unspecified' : reasonOf(readElement(extension.value))
}

/** The reason in an ENUMERATED; a number without a name is none that can be told. Throws `certificate_unreadable`. */
export function reasonOf(element: DerElement): RevocationReason {
  const content = contentOf(expectTag(element, enumerated, 'a revocation reason'))
  return (content.length === 1 ? revocationReasons[content[0] ?? 0] : null) ?? 'unspecified'
}
