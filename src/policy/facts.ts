/**
 * What is known about a connection. Each stage of the gate adds one part; policies read them and
 * nothing else, so that every decision can be tested without a socket.
 */

/** White paper, section 2: 0 is "no security", kept for migration only. */
export type SecurityProfile = 0 | 1 | 2 | 3

export type TlsVersion = 'SSLv3' | 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** Which TLS context served the connection (A00.FR.314, A00.FR.324). */
export type TlsLane = 'modern' | 'legacy'

export interface RemoteFacts {
  /** Textual address; IPv4-mapped IPv6 is written as IPv4. */
  readonly address: string
  readonly port: number
  /** The address came in a PROXY protocol header. */
  readonly proxied: boolean
}

/** What a ClientHello says, before anything is negotiated. Code points as in the IANA registries. */
export interface HelloFacts {
  /** Highest version offered, GREASE left out. */
  readonly highestVersion: TlsVersion
  readonly versions: readonly number[]
  readonly cipherSuites: readonly number[]
  readonly groups: readonly number[]
  /** null: the extension was absent (RFC 5246 7.4.1.4.1, old TLS 1.2 stacks). */
  readonly signatureAlgorithms: readonly number[] | null
  readonly serverName: string | null
  readonly alpn: readonly string[]
  readonly ja4: string
}

export interface TlsFacts {
  readonly version: TlsVersion
  /** OpenSSL's name of the suite. */
  readonly cipher: string
  readonly resumed: boolean
  readonly lane: TlsLane
}

export type KeyFacts =
  | { readonly type: 'rsa' | 'rsa-pss' | 'dsa'; readonly bits: number }
  | { readonly type: 'ec'; readonly curve: string; readonly bits: number }
  | { readonly type: 'ed25519' | 'ed448'; readonly bits: number }
  | { readonly type: 'unknown'; readonly bits: 0 }

export interface CertificateFacts {
  /** Every CN of the subject, in order; an honest certificate has one. */
  readonly commonNames: readonly string[]
  /** Every O of the subject. */
  readonly organizationNames: readonly string[]
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, upper case, no leading zeroes; empty when the certificate has none (A00.FR.508). */
  readonly serialNumber: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  readonly key: KeyFacts
  /** Lower case: sha1, md5, sha256, sha384, sha512; 'none' for EdDSA; 'unknown' otherwise. */
  readonly signatureHash: string
  /** rsa, rsa-pss, ecdsa, dsa, ed25519, ed448, unknown. */
  readonly signatureKind: string
  /** null: the extension is absent. Names as in RFC 5280 4.2.1.3 (digitalSignature, keyCertSign, …). */
  readonly keyUsage: readonly string[] | null
  /** null: the extension is absent. Dotted OIDs. */
  readonly extendedKeyUsage: readonly string[] | null
  readonly isCa: boolean
  readonly pathLength: number | null
  readonly selfIssued: boolean
  /** A critical extension that path validation here does not process (RFC 5280 6.1.5): its OID, or null. */
  readonly unknownCriticalExtension: string | null
  /** SHA-256 over the DER certificate, lower-case hexadecimal. */
  readonly fingerprint: string
  /** SHA-256 over the DER SubjectPublicKeyInfo, lower-case hexadecimal: "one key, one identity". */
  readonly keyFingerprint: string
}

/** Which trust list the path of a client certificate ended in. */
export type TrustAnchor = 'cpo' | 'factory'

export interface ChainFacts {
  readonly leaf: CertificateFacts
  /** The path above the leaf, nearest issuer first, the anchor last when one was reached. */
  readonly issuers: readonly CertificateFacts[]
  /** null: no path to a trusted root (A00.FR.403). */
  readonly anchor: TrustAnchor | null
  /** Why there is no path, in words an operator can act on; null when there is one. */
  readonly pathProblem: string | null
  /** OpenSSL's own verdict on the handshake: its code, or null when it agreed. */
  readonly opensslError: string | null
}

/** The identity of the charge point, parsed once from the connection URL (OCPP-J 3.1.1). */
export interface IdentityFacts {
  /** Percent-decoded once. */
  readonly identity: string
  /** As it stood in the URL; sent upstream byte for byte. */
  readonly encoded: string
}

/** How the bytes of the Basic password relate to the key that was set (A00.FR.205). */
export type PasswordForm = 'raw' | 'hex-lower' | 'hex-upper' | 'text'
