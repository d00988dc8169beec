import type { X509Certificate } from 'node:crypto'
import type { IssuedChain } from '../../pki/authority/authority.ts'
import type { IssuedRecord } from '../../pki/authority/issued-index.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import { buildChain } from '../../pki/chain.ts'
import { messageOf } from '../../policy/error.ts'
import type { CertificateFacts, ChainFacts } from '../../policy/facts.ts'
import { checkIssued } from '../../policy/issued-certificate.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { chainSizeProblem } from './rules.ts'

export interface JudgeSettings {
  /** Roots that listeners of profile 3 trust. */
  readonly trust: readonly X509Certificate[]
  readonly minimumLifetimeMs: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type Judgement =
  | { readonly ok: true; readonly leaf: CertificateFacts }
  | { readonly ok: false; readonly problem: string }

/**
 * May this chain go to the charge point? Judged as the gate would judge it at the next connection, over the
 * roots that our listeners trust: a certificate that they refuse would lock its charge point out. Never throws.
 */
export function judgeIssued(chain: IssuedChain, renewal: RenewalRecord, settings: JudgeSettings): Judgement {
  const { trust, minimumLifetimeMs, now } = settings
  const size = chainSizeProblem(chain.pem, renewal.maxChainSize)
  if (size !== null) return { ok: false, problem: size }
  try {
    const facts = pathOf(chain, trust, now)
    const { keyFingerprint, organization, serialNumber } = renewal
    const expected = { keyFingerprint, cpoNames: [organization], serialNumber, now, minimumLifetimeMs }
    const problems = checkIssued(facts, expected)
    if (problems.length === 0) return { ok: true, leaf: facts.leaf }
    const text = problems.map(({ code, detail }) => `${code}: ${detail}`).join('; ')
    return { ok: false, problem: `it is refused here: ${text}` }
  } catch (error) {
    return { ok: false, problem: `it cannot be read: ${messageOf(error)}` }
  }
}

function pathOf({ certificates }: IssuedChain, trust: readonly X509Certificate[], now: number): ChainFacts {
  const [leaf, ...others] = certificates
  if (leaf === undefined) throw new TypeError('the chain is empty')
  return buildChain(leaf, others, { cpo: trust, factory: [] }, now)
}

/**
 * What the index keeps of a certificate. `issuer` names who signed it; a local authority has written down its
 * own already, under the same name.
 */
export function issuedRecord(
  leaf: CertificateFacts,
  { identity }: RenewalRecord,
  { authority, now }: { readonly authority: string; readonly now: number },
): IssuedRecord {
  const { serialNumber, subject, keyFingerprint, fingerprint, notBefore, notAfter } = leaf
  return {
    ...{ authority, serialNumber, identity, subject, keyFingerprint, notBefore, notAfter },
    certificateFingerprint: fingerprint,
    issuedAt: now,
  }
}

/** SHA-256 over the key of whoever issued the leaf, where the chain or the roots hold it; null: they do not. */
export function issuerKeyOf({ certificates }: IssuedChain, roots: readonly X509Certificate[]): string | null {
  const [leaf] = certificates
  const issuer = [...certificates.slice(1), ...roots].find((one) => leaf?.checkIssued(one) === true)
  return issuer === undefined ? null : certificateFacts(issuer).keyFingerprint
}
