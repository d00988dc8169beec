import type { HelloFacts, TlsLane, TlsVersion } from './facts.ts'
import { allowedGroups, allowedSignatureSchemes, type CipherSuite, suitesOf } from './tls-suites.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

export interface TlsPolicy {
  /** The legacy lane is on. */
  readonly legacy: boolean
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Of the white paper: edition 4 has no TLS 1.0 and 1.1. */
  readonly edition: 3 | 4
  /** OpenSSL names of the suites that are configured; left out: all that are allowed. */
  readonly ciphers?: readonly string[]
  /** A TLS 1.2 hello without signature algorithms is served all the same (`tls.compat`). */
  readonly missingSignatureAlgorithms?: boolean
}

const versionOrder = [
  'SSLv3',
  'TLSv1',
  'TLSv1.1',
  'TLSv1.2',
  'TLSv1.3',
] as const satisfies readonly TlsVersion[]
const versionCode = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
} as const
const allowedGroupCodes: ReadonlySet<number> = new Set(Object.values(allowedGroups))

/** Versions by their names, the newest first; what is no version of TLS is left out. */
export function offeredVersions({ versions }: HelloFacts): readonly TlsVersion[] {
  return versionOrder.filter((version) => versions.includes(versionCode[version])).toReversed()
}

/** Is this version older than that one? */
export function isOlder(version: TlsVersion, than: TlsVersion): boolean {
  return versionOrder.indexOf(version) < versionOrder.indexOf(than)
}

/** TLS 1.0 and 1.1: for charge points that can do no better (A00.FR.314). */
export function isLegacyVersion(version: TlsVersion): boolean {
  return version === 'TLSv1' || version === 'TLSv1.1'
}

/**
 * Which TLS context serves this hello. A client that can do TLS 1.2 always meets the modern one, so
 * that nobody is talked down to AES128-SHA (A00.FR.314, 324).
 */
export function laneOf(hello: HelloFacts, policy: { readonly legacy: boolean }): TlsLane {
  return policy.legacy && isLegacyVersion(hello.highestVersion) ? 'legacy' : 'modern'
}

/**
 * Whether an allowed handshake can come out of this hello: version, then suites, groups and signature
 * algorithms of one version. It explains: OpenSSL negotiates, and also knows our certificates.
 */
export function checkHello(hello: HelloFacts, policy: TlsPolicy): Verdict {
  const highest = hello.highestVersion
  const legacy = laneOf(hello, { legacy: policy.legacy && policy.edition === 3 }) === 'legacy'
  if (!legacy && isOlder(highest, policy.minVersion)) return refused('tls_version', tooOld(hello, policy))
  const verdicts = versionsToTry(hello, policy, legacy).map((version) => checkVersion(hello, version, policy))
  return (
    verdicts.find((verdict) => verdict.ok) ?? verdicts[0] ?? refused('tls_version', tooOld(hello, policy))
  )
}

function tooOld(hello: HelloFacts, policy: TlsPolicy): string {
  const why = isLegacyVersion(hello.highestVersion)
    ? policy.edition === 4
      ? '; edition 4 has no TLS 1.0 and 1.1'
      : '; tls.legacy is off'
    : ''
  return `the highest version offered is ${hello.highestVersion}, the lowest allowed ${policy.minVersion}${why}`
}

/** A client may offer TLS 1.3 and still end at 1.2, when its suites fit only there. */
function versionsToTry(hello: HelloFacts, policy: TlsPolicy, legacy: boolean): TlsVersion[] {
  if (legacy) return [hello.highestVersion]
  return (['TLSv1.3', 'TLSv1.2'] as const).filter(
    (version) =>
      !isOlder(version, policy.minVersion) &&
      (version === hello.highestVersion || hello.versions.includes(versionCode[version])),
  )
}

function checkVersion(hello: HelloFacts, version: TlsVersion, policy: TlsPolicy): Verdict {
  const configured = policy.ciphers
  const allowed = suitesOf(version).filter(
    (one) => isLegacyVersion(version) || configured === undefined || configured.includes(one.openssl),
  )
  const shared = allowed.filter((one) => hello.cipherSuites.includes(one.suite))
  if (shared.length === 0) {
    return refused(
      'tls_cipher',
      `none of the ${hello.cipherSuites.length} suites offered is allowed with ${version}`,
    )
  }
  const reachable = shared.filter((one) => !one.forwardSecret || hasGroup(hello, version))
  if (reachable.length === 0)
    return refused('tls_group', 'no group of the key exchange that is allowed was offered')
  if (reachable.some((one) => canSign(hello, version, one, policy))) return admitted
  const detail =
    hello.signatureAlgorithms === null
      ? `the hello names no signature algorithms, which means SHA-1 with ${version}`
      : 'no signature algorithm that was offered is allowed with the suites offered'
  return refused('tls_signature_algorithm', detail)
}

/** Before TLS 1.3 a client that names no groups leaves the choice to the server (RFC 8422 4). */
function hasGroup(hello: HelloFacts, version: TlsVersion): boolean {
  if (hello.groups.length === 0) return version !== 'TLSv1.3'
  return hello.groups.some((group) => allowedGroupCodes.has(group))
}

/** RFC 5246 7.4.1.4.1: a TLS 1.2 client that is silent means SHA-1; before 1.2 there was no choice. */
function canSign(hello: HelloFacts, version: TlsVersion, suite: CipherSuite, policy: TlsPolicy): boolean {
  if (isLegacyVersion(version)) return true
  const offered = hello.signatureAlgorithms
  if (offered === null) return version === 'TLSv1.2' && policy.missingSignatureAlgorithms === true
  const { rsa, ecdsa } = allowedSignatureSchemes
  const fitting: readonly number[] =
    suite.certificate === null ? [...rsa, ...ecdsa] : allowedSignatureSchemes[suite.certificate]
  return offered.some((scheme) => fitting.includes(scheme))
}
