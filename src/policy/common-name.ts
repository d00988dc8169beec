/** What a commonName of a charge point may look like (A00.FR.511): a serial number, and no address. */

/** RFC 5280, upper bound of commonName. */
const maxLength = 64

/** Why this text is no serial number of a charge point, or null when it may be one. */
export function commonNameProblem(commonName: string): string | null {
  const length = [...commonName].length
  if (length === 0) return 'is empty'
  if (length > maxLength) return `is longer than ${maxLength} characters`
  if (/[\p{C}\p{Zl}\p{Zp}\ufffd]/u.test(commonName)) return 'holds characters that cannot be printed'
  if (commonName.trim() !== commonName) return 'begins or ends with a space'
  if (looksLikeUrl(commonName)) return 'looks like a URL'
  // What would stand before a port and a path, if it were an address without its scheme.
  const host = commonName.replace(/\/.*$/, '').replace(/:\d{1,5}$/, '')
  if (looksLikeIpAddress(commonName) || looksLikeIpAddress(host)) return 'looks like an IP address'
  if (looksLikeHostName(host)) return 'looks like a host name'
  return null
}

/** A scheme and an authority; "S/N0123" and "AB:12" are serial numbers that exist. */
function looksLikeUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

function looksLikeIpAddress(text: string): boolean {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return isIpv4(bare) || isIpv6(bare)
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

/** RFC 4291 2.2: eight groups, or fewer around one "::"; the last two may be written as IPv4; a zone may follow. */
function isIpv6(text: string): boolean {
  const [address = '', ...zone] = text.split('%')
  if (zone.length > 1) return false
  const halves = address.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const mapped = last !== undefined && isIpv4(last)
  const hex = mapped ? groups.slice(0, -1) : groups
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  const count = hex.length + (mapped ? 2 : 0)
  return halves.length === 2 ? count < 8 : count === 8
}

/**
 * Labels with a dot between them of which the last has letters only, as every top-level domain has
 * ("xn--" ones apart). "SN.123" and "AC.22.V2" are serial numbers. A "*." counts, and so does a
 * dot at the end.
 */
function looksLikeHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').replace(/^\*\./, '').split('.')
  const last = labels.at(-1) ?? ''
  if (labels.length < 2 || !labels.every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(label)))
    return false
  return /^([a-z]{2,}|xn--[a-z0-9-]+)$/i.test(last)
}
