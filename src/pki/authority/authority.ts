import type { X509Certificate } from 'node:crypto'
import { ProxyError } from '../../policy/error.ts'
import type { Csr } from '../csr.ts'

/** Whoever signs what charge points ask for: in this process (A00.FR.601) or elsewhere (A00.FR.703). */
export interface Authority {
  /** For logs, metrics and the index: the operator's name for it. */
  readonly name: string
  /**
   * Has a request signed that `checkCsr` found in order. Rejects with AuthorityError, and with
   * nothing else. An abort counts as unavailable.
   */
  issue(request: AuthorityRequest, signal: AbortSignal): Promise<IssuedChain>
  /** The roots that its chains end in, for the trust list of the gate and for charge points. */
  roots(): readonly X509Certificate[]
}

export interface AuthorityRequest {
  readonly csr: Csr
  readonly identity: string
  /** What O and CN must be in the answer; the CSR gate has compared them with the request. */
  readonly organization: string
  readonly serialNumber: string
  /** The charge point has a certificate of the CPO already (A02, A03), and no factory one. */
  readonly isRenewal: boolean
}

export interface IssuedChain {
  /** Leaf first, every issuer after what it issued, a self-signed root left out. Never empty. */
  readonly certificates: readonly X509Certificate[]
  /** The same in PEM, as CertificateSigned carries it. Its length is for the caller to judge. */
  readonly pem: string
}

/** unavailable: the same request may succeed later. rejected: this request never will. */
export type AuthorityFailure = 'unavailable' | 'rejected'

/** Why nothing was issued. The message is for operators, and holds nothing secret. */
export class AuthorityError extends ProxyError {
  readonly failure: AuthorityFailure
  /** When the authority asked to be asked again, in milliseconds from now; null: it did not say. */
  readonly retryAfterMs: number | null

  constructor(
    failure: AuthorityFailure,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(`authority_${failure}`, 'operator', message, { cause: options.cause })
    this.name = 'AuthorityError'
    this.failure = failure
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** The chain as it is handed on. */
export function issuedChain(certificates: readonly X509Certificate[]): IssuedChain {
  return { certificates, pem: certificates.map((one) => one.toString()).join('') }
}

/** Root certificates are their own issuers, and are not sent: who has them needs no copy. */
export function withoutRoots(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return certificates.filter((one) => !one.checkIssued(one))
}
