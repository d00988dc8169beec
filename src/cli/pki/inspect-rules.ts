import {
  checkCommonName,
  checkCommonNameForm,
  checkKeyOwner,
  checkKeys,
  checkKeyUsage,
  checkOrganization,
  checkPath,
  checkSerialNumber,
  checkSignatures,
  checkValidity,
} from '../../policy/certificate.ts'
import {
  type CsrExpectation,
  type CsrFacts,
  type CsrProblemCode,
  checkCsr,
  csrProblems,
} from '../../policy/csr.ts'
import type { ChainFacts } from '../../policy/facts.ts'
import { checkEntry, type OnboardingEntry } from '../../policy/onboarding-stage.ts'
import { checkProfile } from '../../policy/profile.ts'
import { type CheckMode, type ReasonCode, reasons } from '../../policy/reasons.ts'
import { admitted, refused, type Verdict } from '../../policy/verdict.ts'
import type { ChargePointRecord } from '../../store/store.ts'

/** What the gate would say to a certificate, rule by rule: the rules themselves are those of the gate. */

export interface RuleResult {
  readonly rule: string
  readonly requirements: readonly string[]
  /** report, off: it would refuse, and admission.checks does not let it. unknown: nobody here can say. */
  readonly verdict: 'ok' | 'refused' | 'report' | 'off' | 'unknown'
  /** The reason or problem code, where the rule found something. */
  readonly code: string | null
  readonly detail: string | null
}

export interface Inspection {
  readonly rules: readonly RuleResult[]
  /** onboarding: with a manufacturer's certificate it reaches the proxy and no further (A00.FR.406). */
  readonly outcome: 'admitted' | 'onboarding' | 'refused'
  /** The code of the first rule that refuses, which is what the gate would say. */
  readonly reason: string | null
}

/** What is known about the charge point that would come with it. */
export interface Claimant {
  readonly identity: string
  /** null: it is not registered. */
  readonly record: ChargePointRecord | null
  /** Who the key belongs to so far. */
  readonly keyOwner: string | null
  /** Of one that has expired: whether the charge point has come with a newer one since. */
  readonly last: Verdict
}

export interface CertificateCase {
  readonly chain: ChainFacts
  readonly cpoNames: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly modeOf: (reason: ReasonCode) => CheckMode
  /** null: nobody was named. */
  readonly claimant: Claimant | null
  /** What the CN must be, where no registry is asked. */
  readonly serialNumber: string | null
  /** Who has the CN as serial number; null: nobody. undefined: there is no registry here. */
  readonly registeredAs: string | null | undefined
  /** Who is not registered is taken up (admission.unknownChargePoints: learn). */
  readonly learns: boolean
  /** What the certificate is good for beside the usual, as the gate has it. */
  readonly entry: OnboardingEntry | null
  /** The note of the deny list; null: it is not on it. undefined: there is no list here. */
  readonly denied: string | null | undefined
}

/** fixed: no mode of admission.checks weakens it. */
type Rule = readonly [
  rule: string,
  codes: readonly [ReasonCode, ...ReasonCode[]],
  judge: () => Verdict | null,
  how?: 'fixed',
]

/** Every rule, whatever those before it found: an operator wants to know all that is wrong. */
export function inspectCertificate(subject: CertificateCase): Inspection {
  const { chain, cpoNames, now, claimant, denied, entry } = subject
  const { leaf } = chain
  const rules: readonly Rule[] = [
    ['path to a trusted root', ['client_cert_untrusted'], () => checkPath(chain)],
    [
      'dates',
      ['client_cert_expired', 'client_cert_not_yet_valid'],
      () => checkValidity(datedFor(subject), now),
    ],
    ['strength of keys', ['client_cert_weak_key'], () => checkKeys(chain)],
    ['signatures', ['client_cert_weak_signature'], () => checkSignatures(chain)],
    ['serial number of the certificate', ['client_cert_no_serial'], () => checkSerialNumber(leaf)],
    ['key usage', ['client_cert_key_usage'], () => checkKeyUsage(leaf)],
    [
      'organizationName is the CPO',
      ['client_cert_organization'],
      // A00.FR.406: below a factory root it is the manufacturer.
      () => (entry === 'factory-certificate' ? admitted : checkOrganization(leaf, cpoNames)),
    ],
    ['form of the commonName', ['client_cert_common_name_form'], () => checkCommonNameForm(leaf)],
    ['deny list', ['client_cert_revoked'], () => judgeDenied(denied), 'fixed'],
    ['charge point is registered', ['charge_point_unknown'], () => judgeRegistered(subject)],
    ['commonName is its serial number', ['client_cert_common_name'], () => judgeCommonName(subject)],
    ['key belongs to nobody else', ['client_cert_shared'], () => judgeOwner(claimant)],
    ['charge point is not blocked', ['charge_point_blocked'], () => judgeBlocked(claimant)],
    ['onboarding', ['client_cert_organization'], () => judgeEntry(subject), 'fixed'],
    ['security profile', ['profile_mismatch'], () => (entry === null ? judgeProfile(claimant) : admitted)],
  ]
  const results = rules.map((rule) => resultOf(rule, subject.modeOf))
  const refusal = results.find(({ verdict }) => verdict === 'refused')
  if (refusal !== undefined) return { rules: results, outcome: 'refused', reason: refusal.code }
  return { rules: results, outcome: entry === null ? 'admitted' : 'onboarding', reason: null }
}

function resultOf([rule, codes, judge, how]: Rule, modeOf: CertificateCase['modeOf']): RuleResult {
  const requirements = [...new Set(codes.flatMap((code) => reasons[code].requirements))]
  const verdict = judge()
  if (verdict === null) return { rule, requirements, verdict: 'unknown', code: null, detail: null }
  if (verdict.ok) return { rule, requirements, verdict: 'ok', code: null, detail: null }
  const mode = how === 'fixed' ? 'enforce' : modeOf(verdict.reason)
  return {
    rule,
    requirements: reasons[verdict.reason].requirements,
    verdict: mode === 'enforce' ? 'refused' : mode,
    code: verdict.reason,
    detail: verdict.detail,
  }
}

function judgeDenied(denied: string | null | undefined): Verdict | null {
  if (denied === undefined) return null
  return denied === null ? admitted : refused('client_cert_revoked', `it is on the deny list: ${denied}`)
}

/** Edition 4: past its notAfter it is good for onboarding; the rest of the path is not. */
function datedFor({ chain, entry }: CertificateCase): ChainFacts {
  if (entry !== 'expired-certificate') return chain
  return { ...chain, leaf: { ...chain.leaf, notAfter: Number.POSITIVE_INFINITY } }
}

function judgeRegistered({ claimant, learns }: CertificateCase): Verdict | null {
  if (claimant === null) return null
  if (claimant.record !== null || learns) return admitted
  return refused('charge_point_unknown', `${JSON.stringify(claimant.identity)} is not registered`)
}

/** Whoever is named; else, before any HTTP is read, somebody must have the CN as serial number. */
function judgeCommonName({
  chain: { leaf },
  claimant,
  serialNumber,
  registeredAs,
  learns,
}: CertificateCase): Verdict | null {
  if (claimant?.record != null) return checkCommonName(leaf, claimant.record.serialNumber)
  if (serialNumber !== null) return checkCommonName(leaf, serialNumber)
  if (registeredAs === undefined || claimant !== null) return null
  if (registeredAs !== null || learns) return admitted
  const detail = `no charge point with serial number ${JSON.stringify(leaf.commonNames[0] ?? '')} is registered`
  return refused('client_cert_common_name', detail)
}

/** A00.FR.406: what a manufacturer signed is for onboarding, and for those that are expected there. */
function judgeEntry({ chain, entry, claimant, now }: CertificateCase): Verdict | null {
  if (entry === null) {
    if (chain.anchor !== 'factory') return admitted
    const detail = 'the certificate comes from a manufacturer, and onboarding is not configured'
    return refused('client_cert_organization', detail)
  }
  if (claimant?.record == null) return null
  const verdict = checkEntry(entry, claimant.record, chain.leaf.fingerprint, now)
  return verdict.ok && entry === 'expired-certificate' ? claimant.last : verdict
}

function judgeOwner(claimant: Claimant | null): Verdict | null {
  return claimant === null ? null : checkKeyOwner(claimant.keyOwner, claimant.identity)
}

function judgeBlocked(claimant: Claimant | null): Verdict | null {
  if (claimant?.record == null) return null
  return claimant.record.blocked ? refused('charge_point_blocked', 'blocked by the operator') : admitted
}

function judgeProfile(claimant: Claimant | null): Verdict | null {
  return claimant?.record == null ? null : checkProfile(3, claimant.record)
}

const csrRules: Readonly<Record<CsrProblemCode, string>> = {
  csr_too_large: 'size',
  csr_unreadable: 'one PKCS #10 in PEM',
  csr_signature: 'signed by its own key',
  csr_weak_key: 'strength of the key',
  csr_weak_signature: 'hash of the signature',
  csr_organization: 'organizationName is the CPO',
  csr_common_name: 'commonName is the serial number',
  csr_common_name_form: 'form of the commonName',
  csr_shared_key: 'key belongs to nobody else',
  csr_authority: 'asks for no authority',
}

/** The same for a certificate signing request, as SignCertificate would be answered (A02.FR.11, 12). */
export function inspectCsr(csr: CsrFacts, expected: CsrExpectation, isNamed: boolean): Inspection {
  const problems = checkCsr(csr, expected)
  const rules = (Object.keys(csrRules) as CsrProblemCode[]).map((code): RuleResult => {
    const { requirements } = csrProblems[code]
    const rule = csrRules[code]
    // Without a serial number to compare with, that it does not fit says nothing.
    const isOpen =
      !isNamed &&
      (code === 'csr_shared_key' || (code === 'csr_common_name' && expected.serialNumber === null))
    if (isOpen) return { rule, requirements, verdict: 'unknown', code: null, detail: null }
    const problem = problems.find((one) => one.code === code)
    return problem === undefined
      ? { rule, requirements, verdict: 'ok', code: null, detail: null }
      : { rule, requirements, verdict: 'refused', code, detail: problem.detail }
  })
  const refusal = rules.find(({ verdict }) => verdict === 'refused')
  return { rules, outcome: refusal === undefined ? 'admitted' : 'refused', reason: refusal?.code ?? null }
}

/** A request that could not even be read. */
export function unreadableCsr(code: 'csr_too_large' | 'csr_unreadable', detail: string): Inspection {
  const { requirements } = csrProblems[code]
  const rules = [{ rule: csrRules[code], requirements, verdict: 'refused', code, detail } as const]
  return { rules, outcome: 'refused', reason: code }
}
