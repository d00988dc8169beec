import { readExtensionList } from '../certificate-fields.ts'
import {
  childrenOf,
  contentOf,
  type DerElement,
  derTag,
  encodingOf,
  expectTag,
  readElement,
  unreadable,
} from '../der.ts'
import { readTime } from '../der-time.ts'
import { readSignedData, type SignedData } from '../signed-data.ts'
import { createEntryReader } from './crl-entry.ts'

/** The parts of a CRL (RFC 5280 5.1). */
export interface CrlBody {
  readonly signed: SignedData
  readonly issuer: Buffer
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly number: bigint | null
  /** The first critical extension, of the CRL or of an entry, that is not processed here; null: none. */
  readonly criticalExtension: string | null
  /** Where in the bytes each entry that revokes begins. */
  readonly entries: readonly number[]
}

const crlNumber = '2.5.29.20'
/** RFC 5280 5.2.1, 5.2.3: they change nothing of what the CRL says. */
const processed: ReadonlySet<string> = new Set([crlNumber, '2.5.29.35'])
/**
 * The delta CRL indicator and the issuing distribution point must be critical (RFC 5280 5.2.4, 5.2.5);
 * where somebody forgot, they still mean what they mean.
 */
const alwaysBinding: ReadonlySet<string> = new Set(['2.5.29.27', '2.5.29.28'])

const timeTags: ReadonlySet<number> = new Set([0x17, 0x18])

/** Reads and checks the parts of a CRL, every entry included. Throws ProxyError `certificate_unreadable`. */
export function readCrlBody(der: Buffer): CrlBody {
  const signed = readSignedData(der, 'the CRL')
  const fields = childrenOf(signed.body)
  // The version stands first where it is there: version 1 has none.
  const first = fields[0]?.tag === derTag.integer ? 1 : 0
  const algorithm = expectTag(fields[first], derTag.sequence, 'the signature algorithm')
  if (!encodingOf(algorithm).equals(encodingOf(signed.algorithm)))
    throw unreadable('the CRL names two signature algorithms')
  const [issuer, thisUpdate, nextUpdate, ...more] = fields.slice(first + 1)
  if (nextUpdate === undefined || !timeTags.has(nextUpdate.tag)) throw unreadable('the CRL has no nextUpdate')
  const { list, extensions } = tail(more)
  const { entries, criticalExtension } = readEntries(list)
  return {
    signed,
    issuer: encodingOf(expectTag(issuer, derTag.sequence, 'the issuer of the CRL')),
    thisUpdate: readTime(thisUpdate, 'thisUpdate'),
    nextUpdate: readTime(nextUpdate, 'nextUpdate'),
    ...readCrlExtensions(extensions, criticalExtension),
    entries,
  }
}

/** revokedCertificates and crlExtensions are both optional, and nothing else may follow. */
function tail(more: readonly DerElement[]): {
  list: DerElement | undefined
  extensions: DerElement | undefined
} {
  const list = more[0]?.tag === derTag.sequence ? more[0] : undefined
  const [extensions, ...rest] = list === undefined ? more : more.slice(1)
  if (rest.length > 0 || (extensions !== undefined && extensions.tag !== 0xa0))
    throw unreadable('the CRL has parts that do not belong there')
  return { list, extensions }
}

function readEntries(list: DerElement | undefined): Pick<CrlBody, 'entries' | 'criticalExtension'> {
  const entries: number[] = []
  let criticalExtension: string | null = null
  if (list === undefined) return { entries, criticalExtension }
  const checkEntry = createEntryReader()
  for (let at = list.start; at < list.end; ) {
    const entry = readElement(list.bytes, at, list.end)
    const checked = checkEntry(entry)
    criticalExtension ??= checked.criticalExtension
    if (checked.revokes) entries.push(at)
    at = entry.end
  }
  return { entries, criticalExtension }
}

function readCrlExtensions(
  wrapper: DerElement | undefined,
  ofEntries: string | null,
): Pick<CrlBody, 'number' | 'criticalExtension'> {
  if (wrapper === undefined) return { number: null, criticalExtension: ofEntries }
  const extensions = readExtensionList(childrenOf(wrapper)[0])
  const unknown = [...extensions].find(
    ([oid, { critical }]) => alwaysBinding.has(oid) || (critical && !processed.has(oid)),
  )
  const number = extensions.get(crlNumber)
  return {
    number: number === undefined ? null : readNumber(number.value),
    criticalExtension: unknown?.[0] ?? ofEntries,
  }
}

/** RFC 5280 5.2.3: at most 20 bytes; longer ones exist in nobody's CRL. */
function readNumber(value: Buffer): bigint {
  const content = contentOf(expectTag(readElement(value), derTag.integer, 'the CRL number'))
  if (content.length === 0 || content.length > 64) throw unreadable('the CRL number has a bad length')
  return BigInt(`0x${content.toString('hex')}`)
}
