import {
  checkCommonName,
  checkCommonNameForm,
  checkKeys,
  checkKeyUsage,
  checkOrganization,
  checkPath,
  checkSerialNumber,
  checkSignatures,
  checkValidity,
} from './certificate.ts'
import type { ChainFacts } from './facts.ts'
import type { ReasonCode } from './reasons.ts'

/**
 * What an authority sent back, before a charge point gets it (A02.FR.06 is the charge point's own
 * check). A certificate that the gate would refuse at the next connection locks its charge point out,
 * so it is judged by the rules of the gate, and by those that only the one who asked can know.
 */

/** What was asked for. */
export interface IssueExpectation {
  /** SHA-256 over the SubjectPublicKeyInfo of the request. */
  readonly keyFingerprint: string
  readonly cpoNames: readonly string[]
  readonly serialNumber: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A shorter rest of life is refused: a charge point begins to renew a month before the end (A03). Milliseconds. */
  readonly minimumLifetimeMs: number
}

/** Beside the reasons of the gate: another key than the request's, and a life that is too short. */
export type IssuedProblemCode = ReasonCode | 'issued_key_mismatch' | 'issued_short_lived'

export interface IssuedProblem {
  readonly code: IssuedProblemCode
  readonly detail: string
}

/** The clock of an authority may be ahead of ours by this much; the charge point connects later than now anyway. */
const clockSkewMs = 60_000

/** Everything that is wrong with the chain; empty: the charge point may have it. */
export function checkIssued(chain: ChainFacts, expected: IssueExpectation): readonly IssuedProblem[] {
  const { leaf } = chain
  const verdicts = [
    checkPath(chain),
    checkValidity(chain, expected.now + clockSkewMs),
    checkKeys(chain),
    checkSignatures(chain),
    checkSerialNumber(leaf),
    checkKeyUsage(leaf),
    checkOrganization(leaf, expected.cpoNames),
    checkCommonNameForm(leaf),
    checkCommonName(leaf, expected.serialNumber),
  ]
  const problems: IssuedProblem[] = []
  if (leaf.keyFingerprint !== expected.keyFingerprint) {
    problems.push({
      code: 'issued_key_mismatch',
      detail: 'the certificate is for another key than the request',
    })
  }
  for (const verdict of verdicts) {
    if (!verdict.ok) problems.push({ code: verdict.reason, detail: verdict.detail })
  }
  const left = leaf.notAfter - expected.now
  if (left > 0 && left < expected.minimumLifetimeMs) {
    problems.push({ code: 'issued_short_lived', detail: `it ends in ${Math.floor(left / 60_000)} minutes` })
  }
  return problems
}
