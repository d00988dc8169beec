import { judgeRevocation, type RevocationFacts, type RevocationPolicy } from './revocation.ts'

/**
 * Why a delegated OCSP responder without `ocsp-nocheck` is not believed, in words; null: it is. Whether it was revoked
 * is judged as for every certificate, but that nobody asks OCSP about OCSP: deny list and CRL say no in every mode,
 * and where no CRL vouches for it, soft believes it and hard does not (RFC 6960 4.2.2.2.1 leaves that to us).
 * `now`: milliseconds since the epoch.
 */
export function responderProblem(
  { denied, crl }: Pick<RevocationFacts, 'denied' | 'crl'>,
  policy: RevocationPolicy,
  now: number,
): string | null {
  const { verdict } = judgeRevocation({ denied, crl, ocsp: { kind: 'none' } }, policy, now)
  if (verdict.ok) return null
  return denied === null && crl.kind === 'none'
    ? 'no CRL vouches for the responder, whose certificate does not say ocsp-nocheck'
    : `the responder: ${verdict.detail}`
}
