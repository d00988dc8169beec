import type { TlsVersion } from '../../policy/facts.ts'
import type { HelloMessage } from './message.ts'

const tls12 = 0x0303

const names: ReadonlyMap<number, TlsVersion> = new Map([
  [0x0300, 'SSLv3'],
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [tls12, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
])

/** Code points of the versions offered, in their order. */
export function offeredVersions(message: HelloMessage): readonly number[] {
  return message.extensions.versions ?? [message.legacyVersion]
}

/**
 * The highest version offered that exists. supported_versions decides alone when it is there (RFC
 * 8446 4.2.1); without it, everything above TLS 1.2 means TLS 1.2 (RFC 8446 4.2.1, RFC 5246 E.1).
 * null: supported_versions names no version that exists.
 */
export function highestVersion(message: HelloMessage): TlsVersion | null {
  const versions = message.extensions.versions
  if (versions === null) return names.get(Math.min(message.legacyVersion, tls12)) ?? null
  let highest = 0
  for (const version of versions) if (version > highest && names.has(version)) highest = version
  return names.get(highest) ?? null
}
