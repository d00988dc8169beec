import type { X509Certificate } from 'node:crypto'
import { messageOf } from '../../policy/error.ts'
import type { OcspMode, RevocationFacts } from '../../policy/revocation.ts'
import type { RevocationSubject } from './cert-id.ts'
import type { CrlSet } from './crl-set.ts'
import type { OcspChecker } from './ocsp-checker.ts'

export interface RevocationCheckerDependencies {
  /** The local deny list: by serial number or fingerprint. Rejects when it cannot be read. */
  readonly findDenied: (certificate: X509Certificate) => Promise<{ readonly note: string } | null>
  readonly crls: CrlSet
  readonly ocsp: OcspChecker
}

/** Gathers what `judgeRevocation` judges. Ask for every new connection, resumed ones as well. */
export interface RevocationChecker {
  /**
   * Only for a certificate whose path is verified: its addresses may be contacted. The responder is
   * not asked where the answer cannot matter. Rejects only when the deny list cannot be read.
   */
  factsOf(subject: RevocationSubject, mode: OcspMode): Promise<RevocationFacts>
}

export function createRevocationChecker(deps: RevocationCheckerDependencies): RevocationChecker {
  return {
    async factsOf(subject, mode) {
      const denied = await deps.findDenied(subject.certificate)
      const crl = crlOutcome(deps.crls, subject)
      const settled = denied !== null || crl.kind === 'revoked' || mode === 'off'
      const ocsp = settled ? ({ kind: 'none' } as const) : await ocspOutcome(deps.ocsp, subject)
      return { denied, crl, ocsp }
    },
  }
}

function crlOutcome(crls: CrlSet, subject: RevocationSubject): RevocationFacts['crl'] {
  try {
    return crls.outcomeOf(subject)
  } catch (error) {
    return { kind: 'unusable', detail: messageOf(error) }
  }
}

async function ocspOutcome(ocsp: OcspChecker, subject: RevocationSubject): Promise<RevocationFacts['ocsp']> {
  try {
    return await ocsp.check(subject)
  } catch (error) {
    return { kind: 'problem', code: 'internal', detail: messageOf(error), goodUntil: null }
  }
}
