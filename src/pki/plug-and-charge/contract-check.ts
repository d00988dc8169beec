import { X509Certificate } from 'node:crypto'
import { checkKeys, checkPath, checkSignatures, checkValidity } from '../../policy/certificate.ts'
import {
  type ContractFinding,
  type ContractVerdict,
  judgeContract,
} from '../../policy/contract-certificate.ts'
import { contractIdProblem } from '../../policy/contract-id.ts'
import { messageOf } from '../../policy/error.ts'
import type { CertificateFacts } from '../../policy/facts.ts'
import { buildPath, maxPathLength } from '../chain.ts'
import { certificateHashData } from '../hash-data.ts'
import { splitPem } from '../pem.ts'
import { revocationSources } from '../revocation/sources.ts'
import type { CertificateStatus } from './certificate-status.ts'
import type { OcspRequestData } from './ocsp-request-data.ts'
import { issuerOf } from './status-answer.ts'

/** What Authorize says about the certificates of a contract. */
export interface ContractCertificates {
  /** iso15118CertificateHashData: the charge point has checked the chain itself. */
  readonly hashes: readonly OcspRequestData[]
  /** PEM, the contract certificate first: the charge point has no root for it (CentralContractValidationAllowed). */
  readonly certificate: string | null
  /** The contract that is to be charged on (eMAID); null: the message has none, so it is nobody's. */
  readonly contractId: string | null
}

/** Are the certificates of a contract good? Knows nothing of the message that asks. */
export interface ContractCheck {
  /** Within the budget of the status; never rejected. */
  check(asked: ContractCertificates): Promise<ContractVerdict>
}

export interface ContractCheckOptions {
  /** Authorities of mobility operators and V2G: a chain ends in one of these, and they sign their OCSP. */
  readonly issuers: readonly X509Certificate[]
  readonly unreachable: 'refuse' | 'allow'
}

export interface ContractCheckDeps {
  readonly status: CertificateStatus
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function createContractCheck(options: ContractCheckOptions, deps: ContractCheckDeps): ContractCheck {
  return {
    async check({ hashes, certificate, contractId }) {
      const chain = certificate === null ? nothing : judgeChain(certificate, contractId, options, deps)
      // What is refused already is not asked about: the URLs in it are nobody's word.
      const asked = chain.findings.length > 0 ? [] : [...hashes, ...chain.hashes]
      const findings = await Promise.all(asked.map((data) => statusOf(data, options, deps)))
      return judgeContract([...chain.findings, ...chain.holder, ...findings], options.unreachable)
    },
  }
}

async function statusOf(
  data: OcspRequestData,
  { issuers }: ContractCheckOptions,
  { status }: ContractCheckDeps,
): Promise<ContractFinding> {
  if (issuerOf(data, issuers) === null)
    return { kind: 'untrusted', detail: 'an authority is not one of plugAndCharge.authorize.issuers' }
  if (data.responderURL === '')
    return { kind: 'unreachable', detail: 'a certificate names no OCSP responder' }
  const outcome = await status.ask(data)
  if (!outcome.ok) return { kind: 'unreachable', detail: outcome.detail }
  switch (outcome.status) {
    case 'good':
      return { kind: 'good' }
    case 'revoked':
      return { kind: 'revoked', detail: `its authority has revoked serial number ${data.serialNumber}` }
    case 'unknown':
      return { kind: 'untrusted', detail: `its authority does not know serial number ${data.serialNumber}` }
    default:
      return outcome.status satisfies never
  }
}

interface JudgedChain {
  /** What is wrong with it. */
  readonly findings: readonly ContractFinding[]
  /** It belongs to another contract. That it is revoked as well weighs more, so it is asked about all the same. */
  readonly holder: readonly ContractFinding[]
  /** What is to be asked about, when nothing is wrong. */
  readonly hashes: readonly OcspRequestData[]
}

const nothing: JudgedChain = { findings: [], holder: [], hashes: [] }

/** The path (RFC 5280 6) to one of the authorities, and what their responders are to be asked. Never throws. */
function judgeChain(
  pem: string,
  contractId: string | null,
  { issuers }: ContractCheckOptions,
  { now }: ContractCheckDeps,
): JudgedChain {
  const wrong = (detail: string): JudgedChain => ({ ...nothing, findings: [{ kind: 'untrusted', detail }] })
  try {
    const [leaf, ...others] = splitPem(pem).map((one) => new X509Certificate(one))
    if (leaf === undefined) return wrong('certificate holds none')
    const { chain, certificates } = buildPath(leaf, others, { cpo: issuers, factory: [] }, now())
    for (const verdict of [checkPath(chain), checkKeys(chain), checkSignatures(chain)])
      if (!verdict.ok) return wrong(verdict.detail)
    if (chain.leaf.isCa) return wrong('the contract certificate is that of an authority')
    const dates = checkValidity(chain, now())
    if (!dates.ok)
      return dates.reason === 'client_cert_expired'
        ? { ...nothing, findings: [{ kind: 'expired', detail: dates.detail }] }
        : wrong(dates.detail)
    const holder = holderOf(chain.leaf, contractId)
    return { findings: [], holder, hashes: hashesOf(upToRoot(certificates, issuers)) }
  } catch (error) {
    return wrong(`certificate cannot be read: ${messageOf(error)}`)
  }
}

/** C07.FR.02, ISO 15118-2: the contract id is the commonName of the contract certificate. */
function holderOf(
  { commonNames }: Pick<CertificateFacts, 'commonNames'>,
  contractId: string | null,
): readonly ContractFinding[] {
  const detail =
    contractId === null ? 'idToken is no contract id' : contractIdProblem(contractId, commonNames)
  return detail === null ? [] : [{ kind: 'other_contract', detail }]
}

/** The first authority of the operator's files ends the path: those above it may be revoked as well. */
function upToRoot(
  path: readonly X509Certificate[],
  issuers: readonly X509Certificate[],
): readonly X509Certificate[] {
  const whole = [...path]
  while (whole.length < maxPathLength) {
    const last = whole.at(-1)
    const above = issuers.find(
      (one) => !whole.includes(one) && last?.checkIssued(one) === true && last.verify(one.publicKey),
    )
    if (above === undefined) break
    whole.push(above)
  }
  return whole
}

/** Of all but the last one, whose issuer nobody has. */
function hashesOf(path: readonly X509Certificate[]): readonly OcspRequestData[] {
  return path.slice(0, -1).flatMap((certificate, index) => {
    const issuer = path[index + 1]
    if (issuer === undefined) return []
    const [responderURL = ''] = revocationSources(certificate).ocsp
    return [{ ...certificateHashData(certificate, issuer), responderURL }]
  })
}
