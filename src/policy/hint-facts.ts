/**
 * Reads the facts that were stored with a rejection. They come from a file that other versions
 * wrote, so every reader is total: what is not as expected is as if it were not there.
 */
export interface HintFacts {
  /** TLS version as people write it, suites and groups by name; what the ClientHello offered. */
  readonly hello: {
    readonly version: string | null
    readonly cipherSuites: readonly string[]
    readonly groups: readonly string[]
    /** null: not offered at all, or not known. */
    readonly signatureAlgorithms: readonly string[] | null
  } | null
  readonly certificate: {
    readonly subject: string | null
    readonly issuer: string | null
    readonly notBefore: number | null
    readonly notAfter: number | null
    readonly key: string | null
    /** It was signed below a root of a manufacturer (clientCertificates.factory). */
    readonly isFactory: boolean
  } | null
  readonly listener: {
    readonly legacy: boolean | null
    readonly path: string | null
    readonly protocols: readonly string[]
  }
  readonly chargePoint: {
    readonly serialNumber: string | null
    readonly legacyTls: boolean
    readonly securityProfile: number | null
    readonly upgradeTo: number | null
    readonly migrating: boolean
  } | null
}

export function readHintFacts(facts: Readonly<Record<string, unknown>>): HintFacts {
  const hello = objectOf(facts.helloNames)
  const certificate = objectOf(facts.certificate)
  const listener = objectOf(facts.listener) ?? {}
  const chargePoint = objectOf(facts.chargePoint)
  return {
    hello: hello && {
      version: textOf(hello.version),
      cipherSuites: textsOf(hello.cipherSuites) ?? [],
      groups: textsOf(hello.groups) ?? [],
      signatureAlgorithms: textsOf(hello.signatureAlgorithms),
    },
    certificate: certificate && {
      subject: textOf(certificate.subject),
      issuer: textOf(certificate.issuer),
      notBefore: numberOf(certificate.notBefore),
      notAfter: numberOf(certificate.notAfter),
      key: keyOf(certificate.key),
      isFactory: facts.anchor === 'factory',
    },
    listener: {
      legacy: typeof listener.legacy === 'boolean' ? listener.legacy : null,
      path: textOf(listener.path),
      protocols: textsOf(listener.protocols) ?? [],
    },
    chargePoint: chargePoint && {
      serialNumber: textOf(chargePoint.serialNumber),
      legacyTls: chargePoint.legacyTls === true,
      securityProfile: numberOf(chargePoint.securityProfile),
      upgradeTo: numberOf(chargePoint.upgradeTo),
      migrating: chargePoint.migrating === true,
    },
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function textsOf(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null
}

/** "RSA 1024" of key facts. */
function keyOf(value: unknown): string | null {
  const key = objectOf(value)
  if (key === null) return null
  const kind = textOf(key.curve) ?? textOf(key.type)
  const bits = numberOf(key.bits)
  return kind === null ? null : `${kind.toUpperCase()}${bits === null ? '' : ` ${bits} bits`}`
}
