import { constants, randomBytes, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import type { ListenerConfig, TlsConfig } from '../config/schema.ts'
import type { TrustLists } from '../pki/chain.ts'
import { splitPem } from '../pki/pem.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { HelloFacts, TlsLane } from '../policy/facts.ts'
import { laneOf } from '../policy/tls.ts'

/** Groups for key exchange, hybrid post-quantum first (A00.FR.503: at least 224 bits). */
const groups = 'X25519MLKEM768:X25519:P-256:P-384'
/** A session can be resumed for so long; its ticket keys live as long. Seconds. */
export const ticketLifetime = 24 * 3600

/** Files of one listener, read; a context is made from it whole, or not at all. */
export interface TlsMaterial {
  readonly certificates: readonly string[]
  readonly keys: readonly { readonly pem: string; readonly passphrase?: string }[]
  readonly trust: TrustLists | null
  /** PEM of all trusted certificates, CPO and factory. */
  readonly ca: readonly string[]
}

/** Reads every file that a listener's TLS needs. Throws ProxyError `tls_material` with all problems. */
export async function loadTlsMaterial(config: TlsConfig): Promise<TlsMaterial> {
  const problems: string[] = []
  const read = async (path: string) => {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      problems.push(messageOf(error))
      return ''
    }
  }
  const certificates = await Promise.all(config.certificates.map(({ certificate }) => read(certificate)))
  const keys = await Promise.all(
    config.certificates.map(async ({ key, passphrase }) => {
      const pem = await read(key)
      return passphrase === undefined ? { pem } : { pem, passphrase }
    }),
  )
  const trusted = async (paths: readonly string[]) => {
    const texts = await Promise.all(paths.map(read))
    return texts.flatMap((text, index) => parseTrust(text, paths[index] ?? '', problems))
  }
  const cpo = await trusted(config.clientCertificates?.trust ?? [])
  const factory = await trusted(config.clientCertificates?.factory ?? [])
  if (problems.length > 0) throw new ProxyError('tls_material', 'operator', problems.join('; '))
  return {
    certificates,
    keys,
    trust: config.clientCertificates === undefined ? null : { cpo, factory },
    ca: [...cpo, ...factory].map((certificate) => certificate.toString()),
  }
}

function parseTrust(text: string, path: string, problems: string[]): X509Certificate[] {
  try {
    const certificates = splitPem(text).map((pem) => new X509Certificate(pem))
    if (text !== '' && certificates.length === 0) problems.push(`${path}: holds no certificate`)
    return certificates
  } catch (error) {
    problems.push(`${path}: ${messageOf(error)}`)
    return []
  }
}

/** What answers handshakes: the contexts of one listener, of which the ClientHello chooses one. */
export interface TlsContexts {
  readonly material: TlsMaterial
  choose(hello: HelloFacts): { readonly context: tls.SecureContext; readonly lane: TlsLane }
  /** New ticket keys: sessions of before cannot be resumed any more. */
  rotateTickets(): void
}

interface LaneContexts {
  readonly modern: tls.SecureContext
  readonly legacy: tls.SecureContext | null
  /** For TLS 1.2 stacks that send no signature_algorithms. */
  readonly compat: tls.SecureContext | null
}

/**
 * Makes the contexts of a listener anew, always whole: a partial setSecureContext would fall back to
 * the public roots. Throws ProxyError `tls_context` when OpenSSL refuses a certificate or key.
 *
 * Two lanes that are never mixed, because OpenSSL cannot tie a suite to a version (A00.FR.324); a
 * third context, for TLS 1.2 stacks without signature_algorithms, differs in its security level only.
 */
export function createTlsContexts(
  listener: ListenerConfig,
  config: TlsConfig,
  material: TlsMaterial,
): TlsContexts {
  let lanes = createLanes(listener, config, material)
  return {
    material,
    choose(hello) {
      const { modern, legacy, compat } = lanes
      if (legacy !== null && laneOf(hello, config) === 'legacy') return { context: legacy, lane: 'legacy' }
      const lacksAlgorithms = hello.highestVersion === 'TLSv1.2' && hello.signatureAlgorithms === null
      return { context: compat !== null && lacksAlgorithms ? compat : modern, lane: 'modern' }
    },
    rotateTickets() {
      lanes = createLanes(listener, config, material)
    },
  }
}

function createLanes(listener: ListenerConfig, config: TlsConfig, material: TlsMaterial): LaneContexts {
  const create = (options: tls.SecureContextOptions) => {
    try {
      return tls.createSecureContext({ ...commonOptions(listener, material), ...options })
    } catch (error) {
      const detail = `listener ${listener.name}: ${messageOf(error)}`
      throw new ProxyError('tls_context', 'operator', detail, { cause: error })
    }
  }
  const { missingSignatureAlgorithms } = config.compat
  return {
    modern: create(modernOptions(config, 2)),
    legacy: config.legacy ? create(legacyOptions) : null,
    compat: missingSignatureAlgorithms
      ? create({ ...modernOptions(config, 0), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
      : null,
  }
}

/** Every context has ticket keys of its own: no session crosses from one lane or listener to another. */
function commonOptions(listener: ListenerConfig, material: TlsMaterial): tls.SecureContextOptions {
  return {
    cert: [...material.certificates],
    key: material.keys.map((key) => ({ ...key })),
    ca: [...material.ca],
    allowPartialTrustChain: true,
    honorCipherOrder: true,
    ecdhCurve: groups,
    // A00.FR.320; client renegotiation would bypass what was judged.
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_NO_COMPRESSION |
      constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
    ticketKeys: randomBytes(48),
    sessionTimeout: ticketLifetime,
    sessionIdContext: listener.name.slice(0, 32),
  }
}

/** A00.FR.312, 319, 501: security level 2 is 112 bits. */
function modernOptions(config: TlsConfig, level: 0 | 2): tls.SecureContextOptions {
  return {
    minVersion: config.minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: `${config.ciphers.join(':')}:@SECLEVEL=${level}`,
  }
}

/** A00.FR.314, 324: TLS 1.0 and 1.1 exist only here, with one suite, at the level that permits their SHA-1. */
const legacyOptions: tls.SecureContextOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1.1',
  ciphers: 'AES128-SHA:@SECLEVEL=0',
}
