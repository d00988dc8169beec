import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureVersion } from 'node:tls'
import { messageOf, ProxyError } from '../policy/error.ts'

/** The TLS side of a simulated charge point. PEM throughout. */
export interface ClientTlsOptions {
  /** Roots that the server certificate must lead to (A00.FR.307); the public ones when absent. */
  readonly ca?: string | readonly string[]
  /** Shown on profile 3 only. RSA or EC; keys in PKCS#1, SEC 1 or PKCS#8. */
  readonly certificate?: string
  readonly key?: string
  /** Name that is sent and checked; the host of the URL by default. */
  readonly servername?: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  /** OpenSSL's cipher string for TLS 1.2 and below. */
  readonly ciphers?: string
  readonly signatureAlgorithms?: string
  readonly curves?: string
  /** Ticket of an earlier connection to resume. */
  readonly session?: Buffer
}

const old: ReadonlySet<SecureVersion> = new Set(['TLSv1', 'TLSv1.1'])

/**
 * OpenSSL keeps TLS 1.0 and 1.1 shut unless the security level is 0. A charge point that can do nothing
 * newer has AES128-SHA (A00.FR.318), so that is what it offers unless told otherwise.
 */
export function cipherString(options: ClientTlsOptions): string {
  const onlyOld = options.maxVersion !== undefined && old.has(options.maxVersion)
  const alsoOld = onlyOld || (options.minVersion !== undefined && old.has(options.minVersion))
  const ciphers = options.ciphers ?? (onlyOld ? 'AES128-SHA' : DEFAULT_CIPHERS)
  return alsoOld && !ciphers.includes('@SECLEVEL') ? `${ciphers}:@SECLEVEL=0` : ciphers
}

/**
 * The context of one charge point, made once and used for all its connections.
 * @throws ProxyError `tls_options` when OpenSSL does not take a certificate, key, suite or version.
 */
export function createClientContext(options: ClientTlsOptions, showCertificate: boolean): SecureContext {
  const maxVersion = options.maxVersion ?? 'TLSv1.3'
  // A00.FR.312: nothing below TLS 1.2, unless the charge point can do no better.
  const minVersion = options.minVersion ?? (old.has(maxVersion) ? 'TLSv1' : 'TLSv1.2')
  const { ca, certificate, key, signatureAlgorithms, curves } = options
  try {
    return createSecureContext({
      minVersion,
      maxVersion,
      ciphers: cipherString(options),
      ...(ca === undefined
        ? {}
        : // A root that the one before it has signed is a root all the same (M05.FR.10).
          { ca: typeof ca === 'string' ? ca : [...ca], allowPartialTrustChain: true }),
      ...(showCertificate && certificate !== undefined && key !== undefined
        ? { cert: certificate, key }
        : {}),
      ...(signatureAlgorithms === undefined ? {} : { sigalgs: signatureAlgorithms }),
      ...(curves === undefined ? {} : { ecdhCurve: curves }),
    })
  } catch (error) {
    throw new ProxyError('tls_options', 'operator', `TLS options of the charge point: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
