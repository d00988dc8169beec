import type { ChainFacts } from './facts.ts'
import type { ReasonCode } from './reasons.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

/**
 * OpenSSL's verdict on a client certificate, as Node names it in `authorizationError`. It keeps only
 * the last thing that it found: an expired certificate of an unknown root may read CERT_HAS_EXPIRED.
 * That is why our own path is built beside it, and both must agree.
 */
const untrusted = ['client_cert_untrusted'] as const
const expired = ['client_cert_expired'] as const
const notYetValid = ['client_cert_not_yet_valid'] as const

const explanations: Readonly<Record<string, readonly ReasonCode[]>> = {
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: untrusted,
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  CERT_CHAIN_TOO_LONG: untrusted,
  PATH_LENGTH_EXCEEDED: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_REJECTED: untrusted,
  // A certificate in the path that is no authority, or may not be used for this.
  INVALID_CA: untrusted,
  INVALID_PURPOSE: ['client_cert_key_usage', 'client_cert_untrusted'],
  CERT_HAS_EXPIRED: expired,
  ERROR_IN_CERT_NOT_AFTER_FIELD: expired,
  CERT_NOT_YET_VALID: notYetValid,
  ERROR_IN_CERT_NOT_BEFORE_FIELD: notYetValid,
  CERT_REVOKED: ['client_cert_revoked'],
  UNABLE_TO_GET_CRL: ['revocation_unknown'],
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: ['revocation_unknown'],
  CRL_SIGNATURE_FAILURE: ['revocation_unknown'],
  CRL_NOT_YET_VALID: ['crl_stale', 'revocation_unknown'],
  CRL_HAS_EXPIRED: ['crl_stale'],
  ERROR_IN_CRL_LAST_UPDATE_FIELD: ['crl_stale', 'revocation_unknown'],
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: ['crl_stale', 'revocation_unknown'],
  // Node has no name for the codes of the security level: key too small, digest too weak.
  UNSPECIFIED: ['client_cert_weak_key', 'client_cert_weak_signature', 'client_cert_untrusted'],
}

/** Which of our reasons explain a code of OpenSSL; none for a code that we do not know. */
export function opensslReasons(code: string): readonly ReasonCode[] {
  return Object.hasOwn(explanations, code) ? (explanations[code] ?? []) : []
}

/**
 * OpenSSL's refusal, unless a rule of ours found the same. `explained` holds the reasons that were
 * found and not enforced (report or off): they are why OpenSSL refused, and the operator admits
 * them. Without one that fits, the refusal stands: OpenSSL saw something that we did not (A00.FR.403).
 */
export function checkOpenssl(chain: ChainFacts, explained: readonly ReasonCode[]): Verdict {
  const code = chain.opensslError
  if (code === null || opensslReasons(code).some((reason) => explained.includes(reason))) return admitted
  return refused('client_cert_untrusted', `OpenSSL refuses it: ${code}`)
}
