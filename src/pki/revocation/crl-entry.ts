import { type Revocation, type RevocationReason, revocationReasons } from '../../policy/revocation.ts'
import { readExtensionList, shortestInteger } from '../certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, expectTag, readElement, unreadable } from '../der.ts'
import { readTime } from '../der-time.ts'

const reasonCode = '2.5.29.21'
/** RFC 5280 5.3: they change nothing of what an entry says. The certificate issuer (5.3.3) does, and is not here. */
const processed: ReadonlySet<string> = new Set([reasonCode, '2.5.29.24'])
const certificateIssuer = '2.5.29.29'
const enumerated = 0x0a

/** One revoked certificate; its serial number in its shortest form, as places in the bytes. */
export interface CrlEntry {
  readonly serialStart: number
  readonly serialEnd: number
  readonly revocation: Revocation
}

/** Reads the entry at `place`, which `checkEntry` has found to be readable. */
export function readEntry(bytes: Buffer, place: number): CrlEntry {
  const [serialNumber, date, list] = childrenOf(readElement(bytes, place))
  const serial = expectTag(serialNumber, derTag.integer, 'a serial number')
  const length = shortestInteger(contentOf(serial), 'a serial number').length
  return {
    serialStart: serial.end - length,
    serialEnd: serial.end,
    revocation: { at: readTime(date, 'a revocation date'), reason: readReason(list) },
  }
}

/**
 * The first critical extension of an entry that is not processed here (null: none): then the whole CRL
 * is unusable (RFC 5280 5.3). Throws ProxyError `certificate_unreadable`.
 */
export function checkEntry(entry: DerElement): string | null {
  const [serialNumber, date, list, ...rest] = childrenOf(expectTag(entry, derTag.sequence, 'an entry'))
  shortestInteger(contentOf(expectTag(serialNumber, derTag.integer, 'a serial number')), 'a serial number')
  readTime(date, 'a revocation date')
  if (rest.length > 0) throw unreadable('an entry has parts that do not belong there')
  if (list === undefined) return null
  readReason(list)
  const unknown = [...readExtensionList(list)].find(
    ([oid, { critical }]) => oid === certificateIssuer || (critical && !processed.has(oid)),
  )
  return unknown?.[0] ?? null
}

/** removeFromCRL takes a hold back (RFC 5280 5.3.1): it revokes nothing. */
export function isRevokingEntry(bytes: Buffer, place: number): boolean {
  return readEntry(bytes, place).revocation.reason !== 'removeFromCRL'
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
