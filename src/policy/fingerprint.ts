/**
 * A SHA-256 fingerprint as people write it (`openssl x509 -fingerprint -sha256`: colons, either case), in
 * the form in which it is compared: 64 lower-case hexadecimal digits. Null: it is none.
 */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha256(?: fingerprint)?\s*[=:]/i, '')
    .replaceAll(':', '')
    .trim()
  return /^[0-9a-f]{64}$/i.test(digits) ? digits.toLowerCase() : null
}
