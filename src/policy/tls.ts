import type { TlsFacts, TlsLane } from './facts.ts'
import { isLegacyVersion, isOlder } from './tls-hello.ts'
import { suitesOf } from './tls-suites.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

/** The rules for TLS versions and suites (A00.FR.312 to 324, 416 to 428). */

export { detailOfTlsError, reasonOfTlsError } from './tls-errors.ts'
export { checkHello, laneOf, type TlsPolicy } from './tls-hello.ts'
export * from './tls-suites.ts'

/**
 * A00.FR.312, 313, 319, 324: version and suite of a finished handshake, resumed ones included, go
 * together and belong to the lane. It trusts no configuration of ours.
 */
export function checkNegotiated(tls: TlsFacts, policy: { readonly lane: TlsLane }): Verdict {
  const legacyVersion = isLegacyVersion(tls.version)
  if (tls.version === 'SSLv3' || tls.lane !== policy.lane || legacyVersion !== (policy.lane === 'legacy')) {
    return refused('tls_version', `${tls.version} on the ${policy.lane} lane`)
  }
  if (suitesOf(tls.version).some((one) => one.openssl === tls.cipher || one.iana === tls.cipher))
    return admitted
  return refused('tls_cipher', `${JSON.stringify(tls.cipher)} is not allowed with ${tls.version}`)
}

/**
 * A00.FR.314, 418: TLS 1.0 and 1.1 are for charge points that are known to be incapable of more.
 * `legacyTls` is the mark in the registry; false for a charge point that is not registered.
 */
export function checkLegacyChargePoint(tls: TlsFacts, legacyTls: boolean): Verdict {
  if (legacyTls || !isOlder(tls.version, 'TLSv1.2')) return admitted
  return refused('tls_version', `${tls.version}, and this charge point is not marked legacyTls`)
}
