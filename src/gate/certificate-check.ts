import type { X509Certificate } from 'node:crypto'
import { buildPath, type CertificatePath, type FactsOf, type TrustLists } from '../pki/chain.ts'
import type { Verifies } from '../pki/signature.ts'
import { BoundedMap } from '../policy/bounded-map.ts'
import {
  checkCommonNameForm,
  checkKeys,
  checkKeyUsage,
  checkOpenssl,
  checkOrganization,
  checkPath,
  checkSerialNumber,
  checkSignatures,
  checkValidity,
} from '../policy/certificate.ts'
import { messageOf } from '../policy/error.ts'
import type { ChainFacts } from '../policy/facts.ts'
import type { OnboardingEntry } from '../policy/onboarding-stage.ts'
import type { CheckMode, ReasonCode } from '../policy/reasons.ts'
import { admitted, type Verdict } from '../policy/verdict.ts'

/** A hostile peer may send more certificates than any path has. */
const maxPresented = 16

/**
 * What a client presented in its handshake. A resumed session brings the certificate but not what
 * came with it: the intermediate certificates of the full handshake are remembered for that, so that
 * a resumed session is judged over the same path.
 */
export class PresentedCertificates {
  readonly #intermediates: BoundedMap<string, readonly X509Certificate[]>

  constructor(maxEntries: number) {
    this.#intermediates = new BoundedMap(maxEntries)
  }

  /** What came behind `leaf` in this handshake, or in the one that the session was made in. */
  behind(leaf: X509Certificate): readonly X509Certificate[] {
    const others: X509Certificate[] = []
    for (let next = leaf.issuerCertificate; next !== undefined && others.length < maxPresented; ) {
      others.push(next)
      next = next.issuerCertificate === next ? undefined : next.issuerCertificate
    }
    return others.length > 0 ? others : (this.#intermediates.get(leaf.fingerprint256) ?? [])
  }

  /** Only for a path that ended in a trusted root: strangers must not push out honest ones. */
  remember(leaf: X509Certificate, others: readonly X509Certificate[]): void {
    if (others.length > 0) this.#intermediates.set(leaf.fingerprint256, others)
  }
}

export type ChainResult = ({ readonly ok: true } & CertificatePath) | (Verdict & { readonly ok: false })

/** What a handshake said about the client's certificate. */
export interface PeerCertificate {
  readonly certificate: X509Certificate | null
  readonly opensslError: string | null
}

/** The path of the certificate that the client presented; an absent certificate is tested first. */
export function readChain(
  { certificate, opensslError }: PeerCertificate,
  presented: PresentedCertificates,
  trust: TrustLists,
  now: number,
  factsOf: FactsOf,
  verifies: Verifies,
): ChainResult {
  if (certificate === null) {
    return { ok: false, reason: 'client_cert_missing', detail: 'the client sent no certificate' }
  }
  try {
    const others = presented.behind(certificate)
    const { chain, certificates } = buildPath(certificate, others, trust, now, factsOf, verifies)
    if (chain.anchor !== null) presented.remember(certificate, others)
    return { ok: true, chain: { ...chain, opensslError }, certificates }
  } catch (error) {
    return { ok: false, reason: 'client_cert_untrusted', detail: messageOf(error) }
  }
}

/** Something that speaks against a certificate, and what is done about it. */
export interface Finding {
  readonly reason: ReasonCode
  readonly detail: string
  readonly mode: CheckMode
}

/** A certificate that is good for onboarding; null: for everything, or nothing. */
export interface EntryRules {
  readonly entry: OnboardingEntry | null
  /** Edition 4: the leaf may be past its notAfter then. */
  readonly mayBeExpired: boolean
}

/**
 * Every rule that needs nothing but the certificate and the clock, in the order in which an operator
 * would want to hear of them. The first finding to be enforced ends it; those in report mode come
 * before it. OpenSSL has the last word: what it refused and no finding explains stays refused.
 */
export function judgeChain(
  chain: ChainFacts,
  cpoNames: readonly string[],
  now: number,
  modeOf: (reason: ReasonCode) => CheckMode,
  { entry, mayBeExpired }: EntryRules = noEntry,
): readonly Finding[] {
  const { leaf } = chain
  // A00.FR.406: a factory certificate is for onboarding only, and no mode makes it more than that.
  if (chain.anchor === 'factory' && entry === null) {
    const detail = 'the certificate comes from a manufacturer, and onboarding is not configured'
    return [{ reason: 'client_cert_organization', detail, mode: 'enforce' }]
  }
  const findings: Finding[] = []
  const hasExpired = entry !== null && mayBeExpired && now >= leaf.notAfter
  if (hasExpired) {
    const detail = 'the certificate has expired, which is good for onboarding (edition 4)'
    findings.push({ reason: 'client_cert_expired', detail, mode: 'off' })
  }
  const rules: readonly (() => Verdict)[] = [
    () => checkPath(chain),
    () => checkValidity(hasExpired ? withoutEnd(chain) : chain, now),
    () => checkKeys(chain),
    () => checkSignatures(chain),
    () => checkSerialNumber(leaf),
    () => checkKeyUsage(leaf),
    // What a manufacturer signs names the manufacturer.
    () => (entry === 'factory-certificate' ? admitted : checkOrganization(leaf, cpoNames)),
    () => checkCommonNameForm(leaf),
    () =>
      checkOpenssl(
        chain,
        findings.map(({ reason }) => reason),
      ),
  ]
  for (const rule of rules) {
    const verdict = rule()
    if (verdict.ok) continue
    const mode = modeOf(verdict.reason)
    findings.push({ reason: verdict.reason, detail: verdict.detail, mode })
    if (mode === 'enforce') break
  }
  return findings
}

const noEntry: EntryRules = Object.freeze({ entry: null, mayBeExpired: false })

/** The rest of the path has to be valid all the same. */
function withoutEnd(chain: ChainFacts): ChainFacts {
  return { ...chain, leaf: { ...chain.leaf, notAfter: Number.POSITIVE_INFINITY } }
}
