import { X509Certificate } from 'node:crypto'
import { certificateFacts } from '../pki/certificate.ts'
import { type KeyPair, privateKeyPem } from '../pki/keys.ts'
import { splitPem } from '../pki/pem.ts'
import { messageOf } from '../policy/error.ts'

/** The client certificate of a charge point with its chain, and its key, in PEM. */
export interface OwnCertificate {
  readonly certificate: string
  readonly key: string
}

/** What the charge point holds a signed certificate against (A02.FR.06). */
export interface CertificateExpectation {
  /** PEM of the roots that it trusts; null: the hierarchy is not checked. */
  readonly roots: readonly string[] | null
  readonly serialNumber: string
  readonly organization: string
  readonly now: number
}

/** The certificates of a charge point: the one in use, and the one before it for a fallback (A02.FR.10). */
export interface OwnCertificates {
  /** What is shown at the next connection: the newest (A02.FR.09). null: none. */
  current(): OwnCertificate | null
  /** End of the present one, in milliseconds since the epoch; null: there is none, or it cannot be read. */
  readonly notAfter: number | null
  /** A request with this key is on its way; an earlier one is forgotten. */
  requested(keys: KeyPair): void
  /** What is wrong with the chain of CertificateSigned; null: it can be taken. */
  judge(chain: string, expected: CertificateExpectation): string | null
  /** Takes what was found good: the next connection is made with it (A02.FR.08). */
  take(chain: string): void
  /** A connection was made: the present one works. */
  connected(): void
  /** A connection was refused: the other one is tried, until one of them has worked. */
  refused(): boolean
}

/** `changed`: the next connection needs another TLS context. */
export function createOwnCertificates(
  initial: OwnCertificate | null,
  changed: (present: OwnCertificate) => void,
): OwnCertificates {
  let present = initial
  let before: OwnCertificate | null = null
  let isProven = true
  let pending: KeyPair | null = null
  return {
    current: () => present,
    get notAfter() {
      return endOf(present)
    },
    requested(keys) {
      pending = keys
    },
    judge: (chain, expected) =>
      pending === null ? 'no request is open' : problemOf(chain, pending, expected),
    take(chain) {
      if (pending === null) return
      before = present
      present = { certificate: chain, key: privateKeyPem(pending.privateKey) }
      pending = null
      isProven = false
      changed(present)
    },
    connected() {
      isProven = true
    },
    refused() {
      if (isProven || before === null) return false
      // The newest is tried again after the one before: until one of them works, nobody knows which.
      const next = before
      before = present
      present = next
      changed(next)
      return true
    },
  }
}

function endOf(own: OwnCertificate | null): number | null {
  try {
    return own === null ? null : new X509Certificate(own.certificate).validToDate.getTime()
  } catch {
    return null
  }
}

function problemOf(chain: string, { publicKey }: KeyPair, expected: CertificateExpectation): string | null {
  try {
    const [leaf, ...issuers] = splitPem(chain).map((pem) => new X509Certificate(pem))
    if (leaf === undefined) return 'there is no certificate in it'
    const facts = certificateFacts(leaf)
    if (!leaf.publicKey.equals(publicKey)) return 'it is for another key than the request'
    if (expected.now < facts.notBefore) return 'it is not valid yet'
    if (expected.now > facts.notAfter) return 'it has expired'
    if (!facts.commonNames.includes(expected.serialNumber)) return 'it names another serial number'
    if (!facts.organizationNames.includes(expected.organization)) return 'it names another operator'
    return hierarchyProblem(leaf, issuers, expected.roots)
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`
  }
}

function hierarchyProblem(
  leaf: X509Certificate,
  issuers: readonly X509Certificate[],
  roots: readonly string[] | null,
): string | null {
  if (roots === null) return null
  const trusted = roots.flatMap((text) => splitPem(text)).map((pem) => new X509Certificate(pem))
  let last = leaf
  for (const issuer of issuers) {
    if (!last.checkIssued(issuer) || !last.verify(issuer.publicKey)) return 'its chain is broken'
    last = issuer
  }
  const ends = trusted.some(
    (root) => last.raw.equals(root.raw) || (last.checkIssued(root) && last.verify(root.publicKey)),
  )
  return ends ? null : 'its chain ends in no root that is trusted here'
}
