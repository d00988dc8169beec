import { constants, randomBytes } from 'node:crypto'
import tls from 'node:tls'
import type { ListenerConfig, TlsConfig } from '../config/schema.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { HelloFacts, TlsLane } from '../policy/facts.ts'
import { laneOf } from '../policy/tls.ts'
import type { TlsMaterial } from './tls-material.ts'

/** Groups for key exchange, hybrid post-quantum first (A00.FR.503: at least 224 bits). */
const groups = 'X25519MLKEM768:X25519:P-256:P-384'
/** A session can be resumed for so long; its ticket keys live as long. Seconds. */
export const ticketLifetime = 24 * 3600

/**
 * The 48 bytes that a context seals its tickets with. Every context has its own: no session crosses from one
 * lane or listener to another. Replicas that share a store give the same context the same ones.
 */
export type TicketKeys = (context: string) => Buffer

const randomTicketKeys: TicketKeys = () => randomBytes(48)

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
  ticketKeys: TicketKeys = randomTicketKeys,
): TlsContexts {
  let lanes = createLanes(listener, config, material, ticketKeys)
  return {
    material,
    choose(hello) {
      const { modern, legacy, compat } = lanes
      if (legacy !== null && laneOf(hello, config) === 'legacy') return { context: legacy, lane: 'legacy' }
      const lacksAlgorithms = hello.highestVersion === 'TLSv1.2' && hello.signatureAlgorithms === null
      return { context: compat !== null && lacksAlgorithms ? compat : modern, lane: 'modern' }
    },
    rotateTickets() {
      lanes = createLanes(listener, config, material, ticketKeys)
    },
  }
}

function createLanes(
  listener: ListenerConfig,
  config: TlsConfig,
  material: TlsMaterial,
  ticketKeys: TicketKeys,
): LaneContexts {
  const create = (lane: string, options: tls.SecureContextOptions) => {
    try {
      const keys = { ticketKeys: ticketKeys(`${listener.name}/${lane}`) }
      return tls.createSecureContext({ ...commonOptions(listener, material), ...keys, ...options })
    } catch (error) {
      const detail = `listener ${listener.name}: ${messageOf(error)}`
      throw new ProxyError('tls_context', 'operator', detail, { cause: error })
    }
  }
  const { missingSignatureAlgorithms } = config.compat
  return {
    modern: create('modern', modernOptions(config, 2)),
    legacy: config.legacy ? create('legacy', legacyOptions) : null,
    compat: missingSignatureAlgorithms
      ? create('compat', { ...modernOptions(config, 0), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
      : null,
  }
}

function commonOptions(listener: ListenerConfig, material: TlsMaterial): tls.SecureContextOptions {
  return {
    cert: material.certificates.map(({ certificate }) => certificate),
    key: material.certificates.map(({ key, passphrase }) =>
      passphrase === undefined ? { pem: key } : { pem: key, passphrase },
    ),
    ca: [...material.ca],
    allowPartialTrustChain: true,
    honorCipherOrder: true,
    ecdhCurve: groups,
    // A00.FR.320; client renegotiation would bypass what was judged.
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_NO_COMPRESSION |
      constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
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
