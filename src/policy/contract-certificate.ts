/**
 * Contract certificates of vehicles: what a central system says about them in Authorize (OCPP 2.0.1 C07; application
 * note Plug & Charge 1.0). Pure.
 */

/** AuthorizeCertificateStatusEnumType, as far as it can be told without the vehicle's own message. */
export type ContractStatus =
  | 'Accepted'
  | 'CertificateExpired'
  | 'CertificateRevoked'
  | 'CertChainError'
  | 'ContractCancelled'

/** What is known of one certificate of the chain, or of the chain itself. */
export type ContractFinding =
  | { readonly kind: 'good' }
  /** Its authority has revoked it. */
  | { readonly kind: 'revoked'; readonly detail: string }
  /** A certificate of the chain has ended. */
  | { readonly kind: 'expired'; readonly detail: string }
  /** It leads to nobody who is trusted, or its authority has never heard of it. */
  | { readonly kind: 'untrusted'; readonly detail: string }
  /** It is the certificate of another contract than the one that is to be charged on. */
  | { readonly kind: 'other_contract'; readonly detail: string }
  /** Nobody who knows could be asked. */
  | { readonly kind: 'unreachable'; readonly detail: string }

export interface ContractVerdict {
  readonly status: ContractStatus
  /** Why it is not accepted, or what was overlooked; null: nothing. */
  readonly detail: string | null
}

/** In the order of their weight: of several the first that occurs is told. */
const statuses = [
  ['revoked', 'CertificateRevoked'],
  ['untrusted', 'CertChainError'],
  ['expired', 'CertificateExpired'],
  // C07.FR.13: the certificate is good, and the contract id that is shown with it is not.
  ['other_contract', 'ContractCancelled'],
  // C07.FR.17: it cannot be verified.
  ['unreachable', 'CertChainError'],
] as const

/**
 * C07.FR.05, C07.FR.13 to 17: accepted when all are good. `unreachable` says what becomes of a chain of which a
 * status could not be had.
 */
export function judgeContract(
  findings: readonly ContractFinding[],
  unreachable: 'refuse' | 'allow',
): ContractVerdict {
  for (const [kind, status] of statuses) {
    const found = findings.find((one) => one.kind === kind)
    if (found === undefined || found.kind === 'good') continue
    const isOverlooked = kind === 'unreachable' && unreachable === 'allow'
    return { status: isOverlooked ? 'Accepted' : status, detail: found.detail }
  }
  return { status: 'Accepted', detail: null }
}

/** C07.FR.15 to 17: what becomes of the contract id of a certificate that is refused. */
export function idStatusOf(status: Exclude<ContractStatus, 'Accepted'>): 'Expired' | 'Invalid' {
  return status === 'CertificateExpired' ? 'Expired' : 'Invalid'
}

const cancelled: ReadonlySet<unknown> = new Set(['Blocked', 'Expired', 'Invalid', 'Unknown'])

/** C07.FR.13, 14: what is said of a good certificate, by what the central system says of the contract id. */
export function certificateStatusFor(idStatus: unknown): 'Accepted' | 'ContractCancelled' {
  return cancelled.has(idStatus) ? 'ContractCancelled' : 'Accepted'
}
