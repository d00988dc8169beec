/** Alert descriptions of RFC 8446 section 6, and those of older versions that OpenSSL still sends. */
const alertNames: Readonly<Record<number, string>> = Object.freeze({
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
})

/**
 * The alert that the peer sent, out of the text of an OpenSSL error. Only received alerts carry "SSL alert
 * number" there: an error of our own side has none. null: no alert was received.
 */
export function receivedAlert(message: string): string | null {
  const number = /SSL alert number (\d{1,3})/.exec(message)?.[1]
  if (number === undefined) return null
  return alertNames[Number(number)] ?? `alert_${number}`
}
