import type { Payload } from '../../ocpp/message.ts'
import type { CertificateStatus } from '../../pki/plug-and-charge/certificate-status.ts'
import {
  type ContractPool,
  type EvCertificateRequest,
  isBase64,
  maxExiLength,
  maxSchemaVersionLength,
} from '../../pki/plug-and-charge/contract-pool.ts'
import { readOcspRequestData } from '../../pki/plug-and-charge/ocsp-request-data.ts'

/**
 * The answers to what charge points ask about ISO 15118 (M01, M02, M06). They know the messages of
 * OCPP 2.0.1 and no envelope: the same payloads go natively there, and in a DataTransfer of OCPP 1.6.
 */
export interface ServedAnswer {
  readonly payload: Payload
  /** For metric and log. */
  readonly result: 'accepted' | 'failed' | 'malformed'
  /** Why it is not accepted; never a content of the message. null: it is. */
  readonly detail: string | null
}

/** GetCertificateStatusResponse (M06). `Failed` is what schema and application note have for Rejected (M06.FR.04). */
export async function certificateStatusAnswer(
  request: Payload,
  service: CertificateStatus,
): Promise<ServedAnswer> {
  const data = readOcspRequestData(request.ocspRequestData)
  if (data === null) return malformed({ status: 'Failed' }, 'ocspRequestData is not as M06 has it')
  const outcome = await service.ask(data)
  if (!outcome.ok) return { payload: { status: 'Failed' }, result: 'failed', detail: outcome.detail }
  const ocspResult = outcome.response.toString('base64')
  return { payload: { status: 'Accepted', ocspResult }, result: 'accepted', detail: null }
}

const noContract: Payload = Object.freeze({ status: 'Failed', exiResponse: '' })

/** Get15118EVCertificateResponse (M01, M02). The vehicle hears of a failure in time, and is not left to wait. */
export async function evCertificateAnswer(request: Payload, pool: ContractPool): Promise<ServedAnswer> {
  const asked = readEvCertificateRequest(request)
  if (asked === null) return malformed(noContract, 'the request is not as M01 and M02 have it')
  const outcome = await pool.ask(asked)
  if (!outcome.ok) return { payload: noContract, result: 'failed', detail: outcome.detail }
  const { status, exiResponse } = outcome
  const isAccepted = status === 'Accepted'
  return {
    payload: { status, exiResponse },
    result: isAccepted ? 'accepted' : 'failed',
    detail: isAccepted ? null : 'the pool refused it',
  }
}

function malformed(payload: Payload, detail: string): ServedAnswer {
  return { payload, result: 'malformed', detail }
}

/** null: it is none. Total. */
export function readEvCertificateRequest(payload: Payload): EvCertificateRequest | null {
  const { iso15118SchemaVersion, action, exiRequest } = payload
  if (action !== 'Install' && action !== 'Update') return null
  if (!isText(iso15118SchemaVersion, maxSchemaVersionLength)) return null
  if (!isText(exiRequest, maxExiLength) || !isBase64(exiRequest)) return null
  return { iso15118SchemaVersion, action, exiRequest }
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength
}
