import { cutText, isCritical } from '../../policy/security-event-types.ts'
import type { SecurityEventRecord } from '../../store/store.ts'

/** RFC 5424, one security event a message. */

export interface SyslogFormat {
  /** RFC 5424 6.2.1; 13 is "log audit". */
  readonly facility: number
  readonly hostname: string
  /** Edition of the white paper: it says which events are critical. */
  readonly edition: 3 | 4
}

/** RFC 5612: the enterprise number for those who have none of their own. */
const structuredId = 'ocppSecurityEvent@32473'

/** RFC 5424 6.2.1: 4 is warning, 5 notice. A restart is "critical" in OCPP, and wakes nobody up. */
const severity = { critical: 4, other: 5 } as const

const byteOrderMark = '\ufeff'

export function syslogMessage(record: SecurityEventRecord, format: SyslogFormat): Buffer {
  const { type, identity, techInfo } = record
  const level = isCritical(type, format.edition) === true ? severity.critical : severity.other
  const head = [
    `<${format.facility * 8 + level}>1`,
    new Date(record.at).toISOString(),
    printableAscii(format.hostname, 255),
    'ocpp-security-proxy',
    '-',
    printableAscii(type, 32),
    structuredData(record),
  ].join(' ')
  const text = `${type}${identity === null ? '' : ` ${identity}`}${techInfo === null ? '' : `: ${techInfo}`}`
  return Buffer.from(`${head} ${byteOrderMark}${oneLine(text)}`)
}

function structuredData({ id, timestamp, ...record }: SecurityEventRecord): string {
  const { origin, type, identity, reason, listener, address } = record
  const values = { id: String(id), origin, type, identity, timestamp, reason, listener, address }
  const parameters = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [` ${name}="${escaped(value)}"`],
  )
  return `[${structuredId}${parameters.join('')}]`
}

/** RFC 5424 6.3.3: these three, and no other, stand behind a backslash. */
function escaped(value: string): string {
  return oneLine(value).replace(/["\\\]]/g, '\\$&')
}

/** Control characters: a receiver that counts lines must not see a second one that a peer wrote. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd').toWellFormed()
}

/** RFC 5424 6: PRINTUSASCII, or the nil value. */
function printableAscii(text: string, length: number): string {
  return cutText(text, length).replace(/[^\x21-\x7e]/g, '?') || '-'
}
