import { isPayload, type Payload } from '../../ocpp/message.ts'
import type { ContractCertificates, ContractCheck } from '../../pki/plug-and-charge/contract-check.ts'
import { type OcspRequestData, readOcspRequestData } from '../../pki/plug-and-charge/ocsp-request-data.ts'
import { type ContractVerdict, certificateStatusFor, idStatusOf } from '../../policy/contract-certificate.ts'
import type { Answered, AnswerFate, CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import type { ServedAnswer } from './answers.ts'

/**
 * Authorize with the certificates of a contract (OCPP 2.0.1 C07; application note). The proxy judges the
 * certificates, because somebody has to ask OCSP; who may charge is for the central system to say.
 */

/** Lengths of OCPP 2.0.1 and the application note. */
const maxHashes = 4
const maxCertificateLength = 5500
/** CiString20Type of OCPP 1.6. */
const maxIdTagLength = 20

/** null: Authorize says nothing about certificates. 'malformed': nobody can say what it says. */
export function readContract(data: Payload): ContractCertificates | 'malformed' | null {
  const { certificate = null } = data
  // Some peers write null for what they leave out.
  const entries = data.iso15118CertificateHashData ?? []
  if (certificate !== null && !isPem(certificate)) return 'malformed'
  if (!Array.isArray(entries) || entries.length > maxHashes) return 'malformed'
  const hashes = entries.map(readOcspRequestData).filter((one): one is OcspRequestData => one !== null)
  if (hashes.length < entries.length) return 'malformed'
  if (certificate === null && hashes.length === 0) return null
  return { certificate, hashes, contractId: contractIdOf(data.idToken) }
}

function isPem(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxCertificateLength
}

/** What is answered in place of the central system, or null: it is to be asked. */
export interface ContractJudgement {
  readonly answer: ServedAnswer | null
  /** null: there was nothing to check. */
  readonly verdict: ContractVerdict | null
}

export async function judgeAuthorize(data: Payload, check: ContractCheck): Promise<ContractJudgement> {
  const contract = readContract(data)
  if (contract === null) return { answer: null, verdict: null }
  if (contract === 'malformed') {
    const detail = 'the certificates are not as C07 has them'
    return { answer: refused('CertChainError', 'malformed', detail), verdict: null }
  }
  if (contract.certificate !== null && contract.contractId === null) {
    const detail = 'idToken is no text, so the contract certificate is that of nobody'
    return { answer: refused('ContractCancelled', 'malformed', detail), verdict: null }
  }
  const verdict = await check.check(contract)
  const { status, detail } = verdict
  return { answer: status === 'Accepted' ? null : refused(status, 'failed', detail), verdict }
}

function refused(
  certificateStatus: Exclude<ContractVerdict['status'], 'Accepted'>,
  result: 'failed' | 'malformed',
  detail: string | null,
): ServedAnswer {
  const status = idStatusOf(certificateStatus)
  return { payload: { certificateStatus, idTokenInfo: { status } }, result, detail }
}

/** OCPP 2.0.1: the central system's own answer about good certificates, which may leave out what it could not check. */
export function withStatus(answer: Parameters<Answered>[0]): AnswerFate {
  if (answer?.kind !== 'result' || answer.payload.certificateStatus !== undefined) return { kind: 'forward' }
  const { idTokenInfo } = answer.payload
  const certificateStatus = certificateStatusFor(isPayload(idTokenInfo) ? idTokenInfo.status : null)
  return {
    kind: 'replace',
    answer: { kind: 'result', payload: { ...answer.payload, certificateStatus } },
  }
}

/**
 * OCPP 1.6: a central system that does not know the message is asked by the one that it knows. The contract
 * id is the idTag of the transaction later on, so it goes there as it came, and is never cut.
 */
export async function askByIdTag(
  session: UseCaseSession,
  data: Payload,
  verdict: ContractVerdict | null,
): Promise<ServedAnswer | Exclude<CallOutcome, { kind: 'result' }>> {
  const idTag = contractIdOf(data.idToken)
  if (idTag === null || idTag.length > maxIdTagLength) {
    const detail = `idToken is no text of 1 to ${maxIdTagLength} characters, which is what an idTag holds`
    return { payload: { idTokenInfo: { status: 'Invalid' } }, result: 'malformed', detail }
  }
  const outcome = await session.callCentralSystem('Authorize', { idTag })
  if (outcome.kind !== 'result') return outcome
  const idTokenInfo = idTokenInfoOf(outcome.payload.idTagInfo)
  if (idTokenInfo === null)
    return {
      kind: 'error',
      code: 'InternalError',
      description: 'Authorize.conf without a status',
      details: {},
    }
  const certificateStatus =
    verdict === null ? {} : { certificateStatus: certificateStatusFor(idTokenInfo.status) }
  const isAccepted = idTokenInfo.status === 'Accepted'
  return {
    payload: { ...certificateStatus, idTokenInfo },
    result: isAccepted ? 'accepted' : 'failed',
    detail: isAccepted ? (verdict?.detail ?? null) : 'the central system did not accept the contract id',
  }
}

/** The note has an object with `idToken`, and peers add a type; some write the text itself. */
function contractIdOf(idToken: unknown): string | null {
  const text = isPayload(idToken) ? idToken.idToken : idToken
  return typeof text === 'string' && text !== '' ? text : null
}

const statuses = ['Accepted', 'Blocked', 'ConcurrentTx', 'Expired', 'Invalid'] as const

/** IdTagInfo of OCPP 1.6 in the words of 2.0.1; parentIdTag has no place in the note. */
function idTokenInfoOf(idTagInfo: unknown): Payload | null {
  if (!isPayload(idTagInfo)) return null
  const status = statuses.find((one) => one === idTagInfo.status)
  if (status === undefined) return null
  const { expiryDate } = idTagInfo
  return { status, ...(typeof expiryDate === 'string' ? { cacheExpiryDateTime: expiryDate } : {}) }
}
