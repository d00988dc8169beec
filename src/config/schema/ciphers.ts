import { additionalSuites, mandatorySuites, tls13Suites } from '../../policy/tls-suites.ts'

/** A suite of the modern lane, by OpenSSL's name. */
export type CipherName =
  | (typeof mandatorySuites)[number]['openssl']
  | (typeof additionalSuites)[number]['openssl']
  | (typeof tls13Suites)[number]['openssl']

/**
 * The suites that a listener may serve (A00.FR.319: nothing else), the preferred ones first.
 * AES128-SHA is not among them: it belongs to the legacy lane alone (A00.FR.324).
 */
export const cipherNames: readonly CipherName[] = [
  ...tls13Suites,
  ...mandatorySuites,
  ...additionalSuites,
].map((suite) => suite.openssl)

export const isTls13Cipher = (name: string): boolean => tls13Suites.some((suite) => suite.openssl === name)
