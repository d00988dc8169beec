/**
 * What is wrong with a serial number, or null: it is compared with a CN (A00.FR.405), at most 64
 * characters (RFC 5280 A.1).
 */
export function serialNumberProblem(text: string): string | null {
  if (text === '') return 'the serial number is empty'
  if ([...text].length > 64) return 'the serial number is over 64 characters, more than a commonName can hold'
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)
    ? 'the serial number holds control or invisible characters'
    : null
}
