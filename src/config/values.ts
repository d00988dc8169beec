import { isIP, isIPv6 } from 'node:net'
import type { Address } from './schema/kinds.ts'

/** The values behind the texts of a configuration. Each returns null for a text that is none. */

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of 500ms, 10s, 2m, 1h, 90d. */
export function parseDuration(text: string): number | null {
  const match = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text)
  if (!match?.[2]) return null
  return Number(match[1]) * units[match[2] as keyof typeof units]
}

/** Bytes of 262144, "262144", 16KiB, 1MiB. */
export function parseSize(value: string | number): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  const match = /^([0-9]{1,9})(KiB|MiB)?$/.exec(value)
  if (!match) return null
  return Number(match[1]) * (match[2] === 'MiB' ? 1_048_576 : match[2] === 'KiB' ? 1024 : 1)
}

/** A host name by RFC 1123: labels of letters, digits and inner hyphens. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(text)
}

/** host:port with an IPv4 address, a host name, or an IPv6 address in brackets. */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text)
  if (!match) return null
  const [, ipv6, name, digits] = match
  const port = Number(digits)
  if (port > 65_535) return null
  if (ipv6 !== undefined) return isIPv6(ipv6) && !ipv6.includes('%') ? { host: ipv6, port } : null
  if (name === undefined || !isHostName(name)) return null
  // 1.2.3 and 999.1.1.1 are names to a pattern, and a surprise to a resolver.
  if (/^[0-9.]+$/.test(name) && isIP(name) !== 4) return null
  return { host: name, port }
}

/** A network as address/prefix; a bare address is a network of one. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0 || address.includes('%')) return false
  if (prefix === undefined) return true
  return /^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}

/** Does the text mean an http(s) URL rather than the path of a file? Whether it is a good one, a rule says. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text)
}
