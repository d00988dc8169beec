import type { TlsVersion } from './facts.ts'

/** A cipher suite under its three names. `suite` is the code point of the IANA registry. */
export interface CipherSuite {
  readonly suite: number
  readonly iana: string
  readonly openssl: string
  /** What the server certificate must be, null when the suite does not say (TLS 1.3). */
  readonly certificate: 'rsa' | 'ecdsa' | null
  /** Does it agree on a fresh key, so that a group is needed? */
  readonly forwardSecret: boolean
}

/** A00.FR.317, 421: the central system supports all four. */
export const mandatorySuites = [
  {
    suite: 0xc02b,
    iana: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    openssl: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    certificate: 'ecdsa',
    forwardSecret: true,
  },
  {
    suite: 0xc02c,
    iana: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    openssl: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    certificate: 'ecdsa',
    forwardSecret: true,
  },
  {
    suite: 0x009c,
    iana: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
    openssl: 'AES128-GCM-SHA256',
    certificate: 'rsa',
    forwardSecret: false,
  },
  {
    suite: 0x009d,
    iana: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
    openssl: 'AES256-GCM-SHA384',
    certificate: 'rsa',
    forwardSecret: false,
  },
] as const satisfies readonly CipherSuite[]

/** Forward secrecy for RSA certificates: not mandatory, and better than the two RSA ones. */
export const additionalSuites = [
  {
    suite: 0xc02f,
    iana: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    openssl: 'ECDHE-RSA-AES128-GCM-SHA256',
    certificate: 'rsa',
    forwardSecret: true,
  },
  {
    suite: 0xc030,
    iana: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    openssl: 'ECDHE-RSA-AES256-GCM-SHA384',
    certificate: 'rsa',
    forwardSecret: true,
  },
] as const satisfies readonly CipherSuite[]

/** TLS 1.3 (RFC 8446 B.4): above what A00.FR.312 asks for. */
export const tls13Suites = [
  {
    suite: 0x1301,
    iana: 'TLS_AES_128_GCM_SHA256',
    openssl: 'TLS_AES_128_GCM_SHA256',
    certificate: null,
    forwardSecret: true,
  },
  {
    suite: 0x1302,
    iana: 'TLS_AES_256_GCM_SHA384',
    openssl: 'TLS_AES_256_GCM_SHA384',
    certificate: null,
    forwardSecret: true,
  },
  {
    suite: 0x1303,
    iana: 'TLS_CHACHA20_POLY1305_SHA256',
    openssl: 'TLS_CHACHA20_POLY1305_SHA256',
    certificate: null,
    forwardSecret: true,
  },
] as const satisfies readonly CipherSuite[]

/** A00.FR.324, 428: with TLS 1.0 and 1.1 only. */
export const legacySuites = [
  {
    suite: 0x002f,
    iana: 'TLS_RSA_WITH_AES_128_CBC_SHA',
    openssl: 'AES128-SHA',
    certificate: 'rsa',
    forwardSecret: false,
  },
] as const satisfies readonly CipherSuite[]

export const tls12Suites: readonly CipherSuite[] = [...mandatorySuites, ...additionalSuites]

/** Everything that the modern lane may negotiate (A00.FR.319). */
export const modernSuites: readonly CipherSuite[] = [...tls12Suites, ...tls13Suites]

/** The suites that may be used with a version (A00.FR.319, 324). */
export function suitesOf(version: TlsVersion): readonly CipherSuite[] {
  switch (version) {
    case 'SSLv3':
      return []
    case 'TLSv1':
    case 'TLSv1.1':
      return legacySuites
    case 'TLSv1.2':
      return tls12Suites
    case 'TLSv1.3':
      return tls13Suites
  }
}

/**
 * A00.FR.318, 422: does a charge point offer both suites of a mandatory pair (ECDHE-ECDSA or RSA)?
 * One that offers AES128-SHA only is limited to TLS 1.1 and counts as not.
 */
export function offersMandatoryPair(offered: readonly number[]): boolean {
  const pair = (kind: 'rsa' | 'ecdsa'): boolean =>
    mandatorySuites.filter((one) => one.certificate === kind).every((one) => offered.includes(one.suite))
  return pair('ecdsa') || pair('rsa')
}

/**
 * Groups of the key exchange with at least 112 bits (A00.FR.503), by code point (IANA, "TLS
 * Supported Groups").
 */
export const allowedGroups = {
  'P-256': 23,
  'P-384': 24,
  X25519: 29,
  X25519MLKEM768: 4588,
} as const

/** Signature schemes with SHA-256 or better (A00.FR.506), by what the server certificate must be. */
export const allowedSignatureSchemes = {
  rsa: [0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806],
  ecdsa: [0x0403, 0x0503, 0x0603],
} as const
