import type { RenewalRecord } from '../../store/store.ts'

/** How a certificate of a charge point goes on (A02, A03). Pure: facts in, a decision out. */

/** CertificateSigned.certificateChain (white paper), whatever the charge point says it can take. */
export const maxChainCharacters = 10_000

/** Sent so often without an answer, a charge point is not asked any more. */
export const maxDeliveries = 5

const firstRetryMs = 5_000
const longestRetryMs = 10 * 60_000

/**
 * Milliseconds until the authority is asked again after so many attempts: each wait is twice the one
 * before, up to ten minutes, spread so that a fleet does not come at once. `random` is from 0 to 1.
 * An authority that said when, is asked no sooner.
 */
export function retryDelayMs(attempts: number, retryAfterMs: number | null, random: number): number {
  const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 20))
  return Math.max(Math.round(wait * (0.8 + 0.4 * random)), retryAfterMs ?? 0)
}

/** What becomes of a request with a key that the charge point has sent before. */
export type Repetition =
  /** It is another one: a new key, or nothing came of the one before. */
  | 'new'
  /** The same answer, and the same certificate: no second one is issued. */
  | 'same'

/** `minimumLifetimeMs`: a certificate that ends sooner is not given once more. */
export function repetitionOf(
  present: RenewalRecord | null,
  keyFingerprint: string,
  minimumLifetimeMs: number,
  now: number,
): Repetition {
  if (present === null || present.keyFingerprint !== keyFingerprint) return 'new'
  switch (present.phase) {
    case 'pending':
      return 'same'
    case 'issued':
    case 'sent':
    case 'accepted':
    case 'seen':
    case 'refused':
      return (present.notAfter ?? 0) - now > minimumLifetimeMs ? 'same' : 'new'
    case 'failed':
      return 'new'
    default:
      return present.phase satisfies never
  }
}

/** Why a chain cannot be sent; null: it can. */
export function chainSizeProblem(chain: string, maxChainSize: number | null): string | null {
  const limit = Math.min(maxChainSize ?? maxChainCharacters, maxChainCharacters)
  if (chain.length <= limit) return null
  const whose = limit === maxChainCharacters ? 'CertificateSigned' : 'the charge point'
  return `the chain has ${chain.length} characters, and ${whose} takes ${limit} (CertificateSignedMaxChainSize)`
}

/** CertificateSignedMaxChainSize as a charge point tells it; null: nothing that could be meant. */
export function chainSizeOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : null
}
