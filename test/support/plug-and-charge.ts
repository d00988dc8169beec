import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import type { Payload } from '../../src/ocpp/message.ts'
import { type PlugAndChargeMessage, unwrapAnswer, wrapRequest } from '../../src/ocpp/plug-and-charge.ts'
import { certificateHashData, type HashAlgorithm } from '../../src/pki/hash-data.ts'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'

/** GetCertificateStatusRequest about a certificate. */
export function statusRequest(
  certificate: X509Certificate,
  issuer: X509Certificate,
  responderURL: string,
  hashAlgorithm: HashAlgorithm = 'SHA256',
): Payload {
  return { ocspRequestData: { ...certificateHashData(certificate, issuer, hashAlgorithm), responderURL } }
}

/** A message in its DataTransfer, and the answer out of its envelope. */
export async function ask(
  chargePoint: Pick<ChargePoint, 'call'>,
  message: PlugAndChargeMessage,
  data: Payload,
  form: 'text' | 'object' = 'text',
): Promise<Payload> {
  const wrapped = wrapRequest(message, data)
  const outcome = await chargePoint.call('DataTransfer', form === 'text' ? wrapped : { ...wrapped, data })
  assert.ok(outcome.kind === 'result', JSON.stringify(outcome))
  assert.equal(typeof outcome.payload.data, 'string', 'strict in what is written')
  const answer = unwrapAnswer(outcome.payload)
  assert.ok(answer.ok, JSON.stringify(outcome.payload))
  return answer.data
}
