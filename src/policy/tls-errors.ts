import type { HelloFacts } from './facts.ts'
import type { ReasonCode } from './reasons.ts'
import { checkHello, isOlder, offeredVersions, type TlsPolicy } from './tls-hello.ts'

/** Codes of Node and OpenSSL that say by themselves what went wrong. */
const reasonsByCode: Readonly<Record<string, ReasonCode>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls_version',
  ERR_SSL_VERSION_TOO_LOW: 'tls_version',
  ERR_SSL_UNKNOWN_PROTOCOL: 'tls_version',
  ERR_SSL_UNKNOWN_SSL_VERSION: 'tls_version',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls_version',
  // RFC 7507: a client that was talked down comes back with a lower version than it can.
  ERR_SSL_INAPPROPRIATE_FALLBACK: 'tls_version',
  ERR_SSL_NO_SHARED_CIPHER: 'tls_cipher',
  ERR_SSL_NO_CIPHERS_AVAILABLE: 'tls_cipher',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'tls_signature_algorithm',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'tls_signature_algorithm',
  ERR_SSL_WRONG_SIGNATURE_TYPE: 'tls_signature_algorithm',
  ERR_SSL_MISSING_SIGALGS_EXTENSION: 'tls_signature_algorithm',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'tls_group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'tls_group',
  ERR_SSL_NO_SHARED_GROUPS: 'tls_group',
  ERR_SSL_MISSING_SUPPORTED_GROUPS_EXTENSION: 'tls_group',
  // A client certificate on a curve that was not negotiated, P-192 and P-224 above all.
  ERR_SSL_WRONG_CURVE: 'tls_group',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'client_cert_missing',
  ERR_SSL_HTTP_REQUEST: 'not_tls',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'not_tls',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'handshake_timeout',
  ECONNRESET: 'handshake_aborted',
  EPIPE: 'handshake_aborted',
  ETIMEDOUT: 'handshake_aborted',
  ECONNABORTED: 'handshake_aborted',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'handshake_aborted',
}

/** Alerts that the charge point sent: ERR_SSL_TLSV1_ALERT_UNKNOWN_CA, ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE, … */
const alertOfPeer = /^ERR_SSL_.*ALERT_/

/**
 * The reason behind an error of the TLS handshake. `hello` is null when none could be read. OpenSSL
 * says NO_SHARED_CIPHER also when only groups or signature algorithms do not fit: with the policy
 * the hello itself is asked.
 */
export function reasonOfTlsError(code: string, hello: HelloFacts | null, policy?: TlsPolicy): ReasonCode {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return hello === null ? 'not_tls' : 'handshake_malformed'
  const known = Object.hasOwn(reasonsByCode, code) ? reasonsByCode[code] : undefined
  if (known === 'tls_cipher' && hello !== null && policy !== undefined) {
    const verdict = checkHello(hello, policy)
    return verdict.ok ? known : verdict.reason
  }
  if (known !== undefined) return known
  if (alertOfPeer.test(code)) return peerRefusedVersion(code) ? 'tls_version' : 'handshake_aborted'
  return code.startsWith('ERR_SSL_') ? 'handshake_malformed' : 'handshake_aborted'
}

/** What went wrong in words of ours, where the hello tells it; otherwise those of OpenSSL. */
export function detailOfTlsError(
  { code, message }: { readonly code: string; readonly message: string },
  reason: ReasonCode,
  hello: HelloFacts | null,
  policy?: TlsPolicy,
): string {
  const raw = `${code}: ${message}`.slice(0, 300)
  if (hello === null || policy === undefined) return raw
  const verdict = checkHello(hello, policy)
  if (!verdict.ok && verdict.reason === reason) return verdict.detail
  return reason === 'tls_version' ? `${versionsOf(hello, policy)}; ${whyNone(code)}` : raw
}

/** What was offered, and what there is, where both have a version in common. */
function versionsOf(hello: HelloFacts, { legacy, minVersion, edition }: TlsPolicy): string {
  const lowest = legacy && edition === 3 && isOlder(hello.highestVersion, 'TLSv1.2') ? 'TLSv1' : minVersion
  const offered = offeredVersions(hello).join(', ') || hello.highestVersion
  return `it offers ${offered}, the listener has ${lowest === 'TLSv1' ? 'TLSv1 and TLSv1.1' : `${lowest} and above`}`
}

function whyNone(code: string): string {
  if (peerRefusedVersion(code)) return 'it refused the version that was chosen'
  if (code === 'ERR_SSL_INAPPROPRIATE_FALLBACK')
    return 'it says that it can do more and came back with less: somebody between talks it down (RFC 7507)'
  return 'they have no version in common that its suites are for'
}

/** The client refused what we chose: it needs a version that we do not have. */
function peerRefusedVersion(code: string): boolean {
  return code.endsWith('_ALERT_PROTOCOL_VERSION')
}
